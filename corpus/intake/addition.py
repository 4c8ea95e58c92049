"""Addition of new texts to a corpus: texts that are not duplicates become documents in `inbox/`.

Documents in the inbox are not annotated yet and belong to no split.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import INBOX, Corpus
from aloi.corpus.document import Document, hash_text
from aloi.corpus.duplicate_ids import fold_case, same_file_problem
from aloi.corpus.intake.texts import SourceText, normalize
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.removal.removed_documents import removed_problems
from aloi.corpus.rights import UNKNOWN
from aloi.corpus.scale.file_replacement import finish_replacement, replace_files
from aloi.corpus.segmentation import word_ngrams

NEAR_DUPLICATE_SHARE = 0.5
"""Two texts are near duplicates if at least this proportion of word n-grams is common.

The proportion is relative to the text with fewer n-grams.
"""


@dataclass(frozen=True, slots=True)
class TextDetails:
    """The id and metadata given by the user; these metadata override the metadata in the file."""

    id: str | None = None
    title: str | None = None
    date: str | None = None
    source: str | None = None
    rights: str | None = None
    holder: str | None = None
    lang: str | None = None
    retrieved: str | None = None
    redistributable: bool = False


def add_texts(texts: Sequence[SourceText], corpus: Corpus, details: TextDetails) -> list[Document]:
    """Write texts as documents to the inbox of a corpus; return the documents.

    All documents are written, or none. If an earlier call was interrupted while it moved its files,
    its documents count as documents of the same call repeated. Lock the corpus.

    Raises `DataError`, and writes nothing, in these cases:

    - an id exists already, was removed from the corpus, or cannot be used as a file name;
    - a text is a duplicate or near duplicate of a text in the corpus, in the inbox or in `texts`.
    """
    inbox = corpus.folder / INBOX
    interrupted = finish_replacement(inbox)
    documents = [build_document(text, details) for text in texts]
    repeated = {
        document.id
        for document in documents
        if Path(f"{document.id}.json") in interrupted and document in corpus.inbox
    }
    known = [
        document for document in (*corpus.documents, *corpus.inbox) if document.id not in repeated
    ]
    ids = {*corpus.split_of, *corpus.manifest.restricted, *(document.id for document in known)}
    problems = [
        *_id_problems(documents, ids),
        *_removal_problems(documents, corpus.folder),
        *_duplicate_problems(documents, known),
    ]
    if problems:
        raise DataError(problem.at(file=texts[position].file) for position, problem in problems)
    contents = {
        Path(document_files.file_name(document)): document_files.pretty_json(document).encode()
        for document in documents
        if document.id not in repeated
    }
    replace_files(inbox, contents)
    return documents


def build_document(text: SourceText, details: TextDetails) -> Document:
    """Return a document without mentions, made from a text and its details.

    The metadata in `details` override the metadata in `text`. The default id is a slug of the file
    name. The metadata of the document include the SHA-256 of the text (`sha256`) and always state
    whether the text may be redistributed.
    """
    meta = {
        "title": details.title or text.title,
        "date": details.date or text.date,
        "lang": details.lang,
        "source": details.source or text.source or UNKNOWN,
        "rights": details.rights or UNKNOWN,
        "holder": details.holder,
        "redistributable": details.redistributable,
        "retrieved": details.retrieved,
        "sha256": hash_text(text.text),
    }
    known = {key: value for key, value in meta.items() if value is not None}
    return Document(details.id or slugify(Path(text.file).stem), text.text, (), (), known)


def slugify(name: str) -> str:
    """Return a name in lower case and without accents; only letters, digits and `-` remain."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", plain.lower()).strip("-")


def _id_problems(
    documents: Sequence[Document], known_ids: Iterable[str]
) -> Iterator[tuple[int, Problem]]:
    """Yield a problem for each id that exists already or cannot be used as a file name.

    Each problem is yielded with the position of its document in `documents`.
    """
    seen = set(known_ids)
    ids = {fold_case(id_): id_ for id_ in seen}
    for position, document in enumerate(documents):
        try:
            document_files.file_name(document)
        except DataError as error:
            yield from ((position, problem) for problem in error.problems)
        if (other := ids.setdefault(fold_case(document.id), document.id)) != document.id:
            yield position, same_file_problem(document.id, other)
        elif document.id in seen:
            what = "another document has this id"
            fix = "Choose another id with --id, or rename the file"
            yield position, Problem("document-id-twice", what, fix, document.id)
        seen.add(document.id)


def _removal_problems(documents: Sequence[Document], folder: Path) -> Iterator[tuple[int, Problem]]:
    """Yield the position and a problem of each document that was removed from the corpus."""
    position = {document.id: number for number, document in enumerate(documents)}
    for problem in removed_problems(folder, position):
        yield position[problem.document or ""], problem


def _duplicate_problems(
    documents: Sequence[Document], known: Iterable[Document]
) -> Iterator[tuple[int, Problem]]:
    """Yield a problem for each document with the same or nearly the same text as another document.

    A document is compared with all `known` documents and all earlier items of `documents`.

    Each problem is yielded with the position of its document in `documents`.
    """
    ngrams = [word_ngrams(document.text) for document in documents]
    positions: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, own in enumerate(ngrams):
        for ngram in own:
            positions[ngram].append(position)
    earlier = [(document, 0) for document in known]
    for other, first in earlier + [(new, n) for n, new in enumerate(documents, start=1)]:
        text, others = normalize(other.text), word_ngrams(other.text)
        shared = Counter(position for ngram in others for position in positions.get(ngram, ()))
        for position in range(first, len(documents)):
            smaller = min(len(ngrams[position]), len(others))
            share = shared[position] / smaller if smaller else 0.0
            if problem := _duplicate_problem(documents[position], other.id, text, share):
                yield position, problem


def _duplicate_problem(new: Document, other: str, text: str, share: float) -> Problem | None:
    if new.text == text:
        what = f"document {other} has the same text"
        return Problem("same-text", what, "Do not add this text", new.id)
    if share >= NEAR_DUPLICATE_SHARE:
        what = f"the text has {share:.0%} of its word n-grams in common with document {other}"
        fix = "Add only one of the two texts to the corpus"
        return Problem("near-same-text", what, fix, new.id)
    return None
