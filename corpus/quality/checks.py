"""The checks of a corpus: validity, schema, and the house rules for texts and splits."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from aloi.corpus import document_files
from aloi.corpus.collection import Corpus, is_corpus
from aloi.corpus.document import Draft, Entity
from aloi.corpus.document_files import DocumentRecord, repeated_id
from aloi.corpus.formats.detection import detect
from aloi.corpus.formats.registry import read
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import rights_problems
from aloi.corpus.schema import Schema, load_schema, schema_problems
from aloi.corpus.streams import on_disk

Check = Callable[[Draft], Iterable[Problem]]

SHINGLE = 13
"""Words in a row that two documents of different splits may not share (see `leak_problems`).

Thirteen, as Brown et al. (2020, appendix C) count overlap: shorter runs are stock phrases and
official names.
"""


def check_records(records: Iterable[DocumentRecord], checks: Iterable[Check]) -> Iterator[Problem]:
    """Every problem of every record: its own, an id met before, and what each check finds."""
    checks = tuple(checks)
    seen: dict[str, str] = {}
    for record in records:
        yield from record.problems
        if record.draft is not None:
            yield from repeated_id(record, seen)
            for check in checks:
                yield from map(record.place, check(record.draft))


def check_path(path: Path, *, schema: Path | None = None) -> Iterator[Problem]:
    """Yield the problems of a corpus folder, or of bare documents, checked against any schema.

    A stream is read too (`aloi.corpus.streams`).
    """
    if is_corpus(path):
        yield from check_corpus(Corpus.open(path))
        return
    checks = (against(load_schema(schema)),) if schema is not None else ()
    with on_disk(path) as given:
        native_ = detect(given.path) == "native"
        found = check_records(document_files.records(given.path), checks) if native_ else None
        for problem in found or _check_documents(given.path, checks):
            yield given.restore_problem(problem)


def _check_documents(path: Path, checks: Iterable[Check]) -> Iterator[Problem]:
    """The same for formats whose documents are valid or not read at all."""
    try:
        for document in read(str(path)):
            for check in checks:
                yield from (problem.at(file=str(path)) for problem in check(document))
    except DataError as error:
        yield from error.problems


def against(schema: Schema) -> Check:
    """The check of labels, relation ends and attributes against a schema."""
    return lambda draft: schema_problems(draft, schema)


def check_corpus(corpus: Corpus) -> Iterator[Problem]:
    """All the checks of a corpus folder, house rules and leaks between splits included."""
    records = list(corpus.records())

    def placed(draft: Draft) -> Iterator[Problem]:
        if draft.id not in corpus.split_of:
            what, fix = "document in no split", f"Name it in {corpus.manifest.splits}"
            yield Problem("no-split", what, fix, draft.id)

    def owned(draft: Draft) -> Iterator[Problem]:
        yield from rights_problems(
            draft.meta,
            corpus.manifest.rights,
            restricted=draft.id in corpus.manifest.restricted,
            document=draft.id,
        )

    checks = (against(corpus.schema), house_problems, placed, owned)
    yield from check_records(records, checks)
    yield from _file_problems(corpus, records)
    drafts = [record.draft for record in records if record.draft is not None]
    yield from _listing_problems(corpus, {draft.id for draft in drafts})
    yield from leak_problems(drafts, corpus.split_of)


def _file_problems(corpus: Corpus, records: Iterable[DocumentRecord]) -> Iterator[Problem]:
    """A corpus without documents, files that nobody reads, names that are not the id's."""
    read = {record.file for record in records}
    if not read:
        what, fix = "no document in gold/", "Put one JSON file a document there"
        yield Problem("no-document", what, fix, file=str(corpus.folder))
    for file in sorted((corpus.folder / "gold").rglob("*.json*")):
        if str(file) not in read:
            fix = "Put one JSON file a document straight into gold/"
            yield Problem("stray-file", "not part of the corpus", fix, file=str(file))
    for record in records:
        if record.draft is not None and Path(record.file).stem != record.draft.id:
            what, fix = (
                "the file has another name than its document",
                f"Name it {record.draft.id}.json",
            )
            yield Problem("file-name", what, fix, file=record.file)
        kept_apart = Path(record.file).parent.name == "restricted"
        if record.draft is not None and kept_apart != (
            record.draft.id in corpus.manifest.restricted
        ):
            what = "restricted/ and `restricted` of corpus.toml differ on it"
            fix = "What may not be given on lies in restricted/ and is named in corpus.toml"
            yield Problem("restricted-or-not", what, fix, record.draft.id, file=record.file)


def house_problems(draft: Draft) -> Iterator[Problem]:
    """What our own corpus forbids: text not NFC, CR, white space at a mention's edge."""
    if not unicodedata.is_normalized("NFC", draft.text):
        fix = "Normalise the text to NFC before annotating it; offsets count code points"
        yield Problem("not-nfc", "the text is not in Unicode NFC", fix, draft.id)
    if "\r" in draft.text:
        position = draft.text.index("\r")
        what, fix = f"CR at character {position}", "End lines with LF alone; mind the offsets"
        yield Problem("carriage-return", what, fix, draft.id)
    for entity in draft.entities:
        yield from _edge_problems(draft, entity)


def _edge_problems(draft: Draft, entity: Entity) -> Iterator[Problem]:
    surface = draft.text[entity.start : entity.end]
    if surface != surface.strip():
        what = f"white space at the edge of {surface[:40]!r}"
        fix = "Move start and end to the first and after the last visible character"
        yield Problem("white-space-edge", what, fix, draft.id, entity.id)


def _listing_problems(corpus: Corpus, present: set[str]) -> Iterator[Problem]:
    """Ids in two splits, or in a split without a document."""
    file = str(corpus.folder / corpus.manifest.splits)
    listed: dict[str, str] = {}
    for split, id_ in ((split, id_) for split, ids in corpus.splits.items() for id_ in ids):
        if id_ in listed:
            what, fix = f"in {listed[id_]} and again in {split}", "Keep it in one split"
            yield Problem("two-splits", what, fix, id_, file=file)
        if id_ not in present and id_ not in corpus.manifest.restricted:
            what, fix = f"{split} names it, but there is no such document", "Remove or add it"
            yield Problem("no-document", what, fix, id_, file=file)
        listed[id_] = split


def leak_problems(drafts: Iterable[Draft], split_of: dict[str, str]) -> Iterator[Problem]:
    """Documents of different splits that share a run of `SHINGLE` words.

    Words are compared without case and punctuation. One problem for each pair of documents.
    """
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for draft in drafts:
        if draft.id in split_of:
            for shingle in shingles(draft.text):
                holders[shingle].append(draft.id)
    reported = set()
    for shingle, ids in holders.items():
        for one, other in ((a, b) for a in ids for b in ids if split_of[a] < split_of[b]):
            if (one, other) not in reported:
                reported.add((one, other))
                what = f"shares «{' '.join(shingle)}» with {other} of split {split_of[other]}"
                fix = "Reword one, or put both into one split"
                yield Problem("leak", what, fix, one)


def shingles(text: str, length: int = SHINGLE) -> set[tuple[str, ...]]:
    """The runs of `length` words of a text, lower case, punctuation aside."""
    spaced = "".join(character if character.isalnum() else " " for character in text.lower())
    words = spaced.split()
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
