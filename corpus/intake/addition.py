"""Addition of new texts to a corpus: they are checked for duplicates and written to `inbox/`.

Documents in the inbox have no mentions and belong to no split; they are ready for annotation.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from aloi.corpus import document_files
from aloi.corpus.atomic_files import atomic_folder
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, hash_text
from aloi.corpus.intake.texts import SourceText, normalize
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import UNKNOWN
from aloi.corpus.segmentation import word_ngrams

INBOX = "inbox"
"""Folder of a corpus for new documents."""

NEAR_DUPLICATE_SHARE = 0.5
"""Share of the shorter text's word n-grams from which two texts are near duplicates."""


@dataclass(frozen=True, slots=True)
class TextDetails:
    """Id and metadata given by the user; they take precedence over the metadata in the file."""

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
    """Write texts as documents to the inbox of a corpus, all or none; return the documents.

    Raises `DataError` with every id that exists or cannot be used as a file name, and every text
    that is a duplicate or near duplicate of a text in the corpus, in its inbox, or earlier in
    `texts`.
    """
    documents = [build_document(text, details) for text in texts]
    inbox = corpus.folder / INBOX
    known = (*corpus.documents, *(document_files.read(inbox) if inbox.is_dir() else ()))
    ids = {*corpus.split_of, *corpus.manifest.restricted, *(document.id for document in known)}
    problems = [*_id_problems(documents, ids), *_duplicate_problems(documents, known)]
    if problems:
        raise DataError(problem.at(file=texts[position].file) for position, problem in problems)
    with atomic_folder(inbox) as folder:
        for document in documents:
            content = document_files.pretty_json(document).encode()
            (folder / document_files.file_name(document)).write_bytes(content)
    return documents


def build_document(text: SourceText, details: TextDetails) -> Document:
    """Return the document of a text, with its metadata and without mentions.

    The default id is the file name as a slug. Metadata include the SHA-256 of the text
    (`sha256`) and always state whether it may be redistributed.
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
    """Return a name in lower case without accents; `-` replaces all but letters and digits."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", plain.lower()).strip("-")


def _id_problems(
    documents: Sequence[Document], known_ids: Iterable[str]
) -> Iterator[tuple[int, Problem]]:
    """Yield ids that exist or cannot be used as file names, with the position of the document."""
    ids = set(known_ids)
    for position, document in enumerate(documents):
        try:
            document_files.file_name(document)
        except DataError as error:
            yield from ((position, problem) for problem in error.problems)
        if document.id in ids:
            what = "the corpus already has this id"
            fix = "Choose another id with --id, or rename the file"
            yield position, Problem("document-id-twice", what, fix, document.id)
        ids.add(document.id)


def _duplicate_problems(
    documents: Sequence[Document], known: Iterable[Document]
) -> Iterator[tuple[int, Problem]]:
    """Yield (near) duplicates of known or earlier documents, with the position of the document."""
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
        what = f"same text as document {other}"
        return Problem("same-text", what, "Leave it out", new.id)
    if share >= NEAR_DUPLICATE_SHARE:
        what = f"nearly the same text as document {other}: {share:.0%} of the word n-grams"
        return Problem("near-same-text", what, "Keep one of the two", new.id)
    return None
