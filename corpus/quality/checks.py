"""Checks of a corpus: documents, schema, refs, rights, texts, files and splits."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from aloi.corpus import document_files
from aloi.corpus.atomic_files import visible_files
from aloi.corpus.corpus_folder import Corpus, is_corpus, is_standoff
from aloi.corpus.document import Draft, Entity
from aloi.corpus.document_files import DocumentRecord
from aloi.corpus.duplicate_ids import DocumentIds, FileNames
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.registry import read
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.refs.authority import load_named_refs
from aloi.corpus.refs.ref_checks import ref_problems
from aloi.corpus.removal.removed_documents import removed_problems
from aloi.corpus.rights import rights_problems
from aloi.corpus.schema import load_schema, schema_problems
from aloi.corpus.segmentation import word_ngrams
from aloi.corpus.standoff.standoff_checks import check_standoff
from aloi.corpus.standoff.standoff_folder import StandoffCorpus
from aloi.corpus.streams import on_disk

DraftCheck = Callable[[Draft], Iterable[Problem]]
"""A function that returns the problems of a draft."""


def check_records(
    records: Iterable[DocumentRecord], checks: Iterable[DraftCheck]
) -> Iterator[Problem]:
    """Yield all problems of the records: invalid JSON, duplicate ids, and failed checks."""
    checks = tuple(checks)
    ids = DocumentIds()
    for record in records:
        yield from record.problems
        yield from document_files.duplicate_id_problems(record, ids)
        if record.draft is not None:
            for check in checks:
                yield from map(record.place, check(record.draft))


def check_path(path: Path, *, schema: Path | None = None) -> Iterator[Problem]:
    """Yield the problems of a corpus, or of a file, folder or stream of documents.

    A corpus is checked against its own schema. Any other input is checked against `schema`, unless
    `schema` is None. A stand-off corpus is checked without its texts.
    """
    if is_standoff(path):
        yield from check_standoff(StandoffCorpus.open(path))
        return
    if is_corpus(path):
        yield from check_corpus(Corpus.open(path))
        return
    checks = [_schema_check(schema)] if schema is not None else []
    with on_disk(path) as source:
        native = detect_format(source.path) == "native"
        check = _check_native if native else _check_documents
        for problem in check(source.path, checks):
            yield source.restore_problem(problem)


def _schema_check(path: Path) -> DraftCheck:
    return partial(schema_problems, schema=load_schema(path))


def _check_native(path: Path, checks: Iterable[DraftCheck]) -> Iterator[Problem]:
    return check_records(document_files.read_records(path), checks)


def _check_documents(path: Path, checks: Iterable[DraftCheck]) -> Iterator[Problem]:
    """Yield the problems of documents in a format other than the native format.

    The readers of these formats return valid documents and raise `DataError` for invalid documents.
    """
    try:
        for document in read(str(path)):
            for check in checks:
                yield from (problem.at(file=str(path)) for problem in check(document))
    except DataError as error:
        yield from error.problems


def check_corpus(corpus: Corpus) -> Iterator[Problem]:
    """Yield all problems of a corpus, including word n-grams that occur in several splits."""
    records = list(corpus.records())
    checks: list[DraftCheck] = [
        partial(schema_problems, schema=corpus.schema),
        house_problems,
        partial(_split_problems, corpus=corpus),
        partial(_rights_problems, corpus=corpus),
    ]
    try:
        refs = load_named_refs(corpus.folder, corpus.manifest.refs, corpus.schema)
        checks += [partial(ref_problems, authority=refs)] if refs is not None else []
    except DataError as error:
        yield from error.problems
    yield from check_records(records, checks)
    yield from _folder_problems(corpus, {record.file for record in records})
    for record in records:
        if record.draft is not None:
            yield from _placement_problems(corpus, Path(record.file), record.draft.id)
    drafts = [record.draft for record in records if record.draft is not None]
    yield from _case_problems(draft.id for draft in drafts)
    yield from _listing_problems(corpus, {draft.id for draft in drafts})
    yield from removed_problems(corpus.folder, (*corpus.split_of, *(draft.id for draft in drafts)))
    yield from leak_problems(drafts, corpus.split_of)


def _case_problems(ids: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each document whose id differs from another one in case alone."""
    names = FileNames({})
    for id_ in ids:
        yield from names.add(id_, id_)


def _split_problems(draft: Draft, corpus: Corpus) -> Iterator[Problem]:
    if draft.id not in corpus.split_of:
        what = "no split contains the document"
        fix = f"Add the document id to a split in {corpus.manifest.splits}"
        yield Problem("no-split", what, fix, draft.id)


def _rights_problems(draft: Draft, corpus: Corpus) -> Iterator[Problem]:
    restricted = draft.id in corpus.manifest.restricted
    default = corpus.manifest.rights
    return rights_problems(draft.meta, default, restricted=restricted, document=draft.id)


def _folder_problems(corpus: Corpus, files_read: set[str]) -> Iterator[Problem]:
    """Yield a problem if the corpus is empty, and a problem for each unread file in `gold/`."""
    fix = "Put one JSON file per document into gold/, without subfolders"
    if not files_read:
        yield Problem("no-document", "there is no document in gold/", fix, file=str(corpus.folder))
    for file in visible_files(corpus.folder / "gold", ".json", ".jsonl"):
        if str(file) not in files_read:
            what = "the file is not read: it is in a subfolder, or its name does not end in .json"
            yield Problem("stray-file", what, fix, file=str(file))


def _placement_problems(corpus: Corpus, file: Path, id_: str) -> Iterator[Problem]:
    """Yield a problem if a document has the wrong file name or is in the wrong folder."""
    if file.stem != id_:
        what, fix = "the file name differs from the document id", f"Rename the file to {id_}.json"
        yield Problem("file-name", what, fix, file=str(file))
    if (file.parent.name == "restricted") != (id_ in corpus.manifest.restricted):
        what = (
            "the document is either in the folder restricted/ or in the list `restricted` of "
            "corpus.toml, but not in both"
        )
        fix = (
            "If the text must not be redistributed, move the file to restricted/ and add the id "
            "to the list; otherwise, move the file to gold/ and remove the id from the list"
        )
        yield Problem("restricted-mismatch", what, fix, id_, file=str(file))


def house_problems(draft: Draft) -> Iterator[Problem]:
    """Yield a problem for each violation of the rules that apply only to documents of a corpus.

    The text must be in Unicode NFC, with LF as line end. Mentions must not begin or end with white
    space.
    """
    if not unicodedata.is_normalized("NFC", draft.text):
        fix = "Normalise the text to NFC, and adjust the offsets"
        yield Problem("not-nfc", "the text is not in Unicode NFC", fix, draft.id)
    if "\r" in draft.text:
        position = draft.text.index("\r")
        what = f"the text contains a carriage return (CR) at offset {position}"
        fix = "End all lines with LF, and adjust the offsets"
        yield Problem("carriage-return", what, fix, draft.id)
    for entity in draft.entities:
        yield from _edge_problems(draft, entity)


def _edge_problems(draft: Draft, entity: Entity) -> Iterator[Problem]:
    surface = draft.text[entity.start : entity.end]
    if surface != surface.strip():
        what = f"the mention {surface[:40]!r} begins or ends with white space"
        fix = "Move the start or end so that the white space is outside the mention"
        yield Problem("white-space-edge", what, fix, draft.id, entity.id)


def _listing_problems(corpus: Corpus, present: set[str]) -> Iterator[Problem]:
    """Yield a problem for each id in the splits that is listed twice or has no document."""
    file = str(corpus.folder / corpus.manifest.splits)
    split_of: dict[str, str] = {}
    for split, id_ in ((split, id_) for split, ids in corpus.splits.items() for id_ in ids):
        if id_ in split_of:
            what = f"the id is listed in split {split_of[id_]} and in split {split}"
            fix = "Remove the id from one of the two splits"
            yield Problem("two-splits", what, fix, id_, file=file)
        if id_ not in present and id_ not in corpus.manifest.restricted:
            what = f"the id is listed in split {split}, but the document does not exist"
            fix = "Remove the id from the split, or add the document"
            yield Problem("no-document", what, fix, id_, file=file)
        split_of[id_] = split


def leak_problems(drafts: Iterable[Draft], split_of: dict[str, str]) -> Iterator[Problem]:
    """Yield a problem for each pair of documents in different splits that share a word n-gram.

    `word_ngrams` returns the n-grams of a document.
    """
    ids_of: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for draft in drafts:
        if draft.id in split_of:
            for ngram in word_ngrams(draft.text):
                ids_of[ngram].append(draft.id)
    reported = set()
    for ngram, ids in ids_of.items():
        for one, other in ((a, b) for a in ids for b in ids if split_of[a] < split_of[b]):
            if (one, other) not in reported:
                reported.add((one, other))
                what = (
                    f"the text «{' '.join(ngram)}» also occurs in document {other} "
                    f"of split {split_of[other]}"
                )
                fix = "Reword one of the two documents, or move them to the same split"
                yield Problem("leak", what, fix, one)
