"""Checks of a stand-off corpus that need no texts.

Checked are the form of the records, labels, attributes, relations, offsets (inside the length of
the text), the refs of gold records, the agreement of records and draw, and the splits: their dates
and shares of themes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from aloi.corpus.document import validity_problems
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.refs.authority import RefAuthority, load_named_refs
from aloi.corpus.refs.ref_checks import ref_problems
from aloi.corpus.removal.removed_documents import removed_problems
from aloi.corpus.schema import schema_problems
from aloi.corpus.standoff.accepted_places import accepted_problems, attached_review
from aloi.corpus.standoff.collection import date_of
from aloi.corpus.standoff.draw import DRAW_FILE
from aloi.corpus.standoff.record import Record, decode_record
from aloi.corpus.standoff.standoff_folder import GOLD, PASSES, StandoffCorpus


def check_standoff(corpus: StandoffCorpus) -> Iterator[Problem]:
    """Yield all problems of a stand-off corpus."""
    texts: dict[str, Record] = {}
    refs, problems = _refs(corpus)
    yield from problems
    for file in corpus.files():
        try:
            record = decode_record(file)
        except DataError as error:
            yield from error.problems
            continue
        for problem in (*record_problems(record, corpus), *_draw_differences(record, corpus)):
            yield problem.at(file=str(file))
        if refs is not None and file.parent.name == GOLD:
            yield from (each.at(file=str(file)) for each in ref_problems(record.draft(), refs))
        yield from _file_problems(file, record, corpus, texts.setdefault(record.id, record))
    yield from _stray_files(corpus)
    yield from _review_problems(corpus)
    yield from removed_problems(corpus.folder, (*texts, *corpus.draw.documents))
    yield from draw_problems(corpus)


def _refs(corpus: StandoffCorpus) -> tuple[RefAuthority | None, tuple[Problem, ...]]:
    """Return the authority of refs, or None and its problems."""
    try:
        return load_named_refs(corpus.folder, corpus.manifest.refs, corpus.schema), ()
    except DataError as error:
        return None, error.problems


def _review_problems(corpus: StandoffCorpus) -> Iterator[Problem]:
    """Yield the problems of the accepted findings and of the rules of the review."""
    try:
        attached_review(corpus)
        yield from accepted_problems(corpus)
    except DataError as error:
        yield from error.problems


def record_problems(record: Record, corpus: StandoffCorpus) -> Iterator[Problem]:
    """Yield the problems of one record: annotations, schema, and a missing draw."""
    draft = record.draft()
    yield from validity_problems(draft)
    yield from schema_problems(draft, corpus.schema)
    if record.id not in corpus.draw.documents:
        what, fix = f"{DRAW_FILE} does not contain the document", "Remove the record"
        yield Problem("not-drawn", what, fix, record.id)


def _draw_differences(record: Record, corpus: StandoffCorpus) -> Iterator[Problem]:
    """Yield a problem if theme and draw, or date and document id, differ."""
    drawn = corpus.draw.documents.get(record.id)
    if drawn is not None and drawn.theme != record.theme:
        what = f"the theme is {record.theme}, but {DRAW_FILE} has {drawn.theme}"
        yield Problem("theme-differs", what, "Use the same theme in both files", record.id)
    if record.date != date_of(record.id):
        what = f"the date {record.date} differs from the date in the document id"
        yield Problem("date-differs", what, f"Write {date_of(record.id)}", record.id)


def _file_problems(
    file: Path, record: Record, corpus: StandoffCorpus, first: Record
) -> Iterator[Problem]:
    """Yield a problem for a wrong file name, a wrong pass, or two texts with the same id."""
    if file.stem != record.id:
        what, fix = "the file name differs from the document id", f"Rename it to {record.id}.json"
        yield Problem("file-name", what, fix, record.id, file=str(file))
    if file.parent.name not in (GOLD, record.annotator):
        what = f"the annotator of the record is {record.annotator}"
        fix = f"Move the file to {PASSES}/{record.annotator}, or correct the annotator"
        yield Problem("wrong-pass", what, fix, record.id, file=str(file))
    if (record.hash, record.length) != (first.hash, first.length):
        what = "another record of the document has a different text hash or length"
        fix = "Annotate the same text in all passes"
        yield Problem("text-changed", what, fix, record.id, file=str(file))


def _stray_files(corpus: StandoffCorpus) -> Iterator[Problem]:
    known = set(corpus.files())
    for folder in (GOLD, PASSES):
        for file in sorted((corpus.folder / folder).rglob("*")):
            if file.is_file() and file not in known:
                what = "the file is not read as part of the stand-off corpus"
                fix = f"Write records to {GOLD}/ID.json or {PASSES}/ANNOTATOR/ID.json"
                yield Problem("stray-file", what, fix, file=str(file))


def draw_problems(corpus: StandoffCorpus) -> Iterator[Problem]:
    """Yield the problems of the draw: dates outside a split, and themes that are too frequent."""
    file = str(corpus.folder / DRAW_FILE)
    for id_, drawn in corpus.draw.documents.items():
        if drawn.split not in corpus.rule.splits:
            what, fix = f"unknown split {drawn.split}", "Use a split of draw_rule.toml"
            yield Problem("unknown-split", what, fix, id_, file=file)
        elif corpus.rule.split(date_of(id_)) != drawn.split:
            what = f"the date {date_of(id_)} is outside the dates of split {drawn.split}"
            fix = "Move the document to the split of its date"
            yield Problem("split-date", what, fix, id_, file=file)
    for name, rule in corpus.rule.splits.items():
        themes = Counter(d.theme for d in corpus.draw.documents.values() if d.split == name)
        for theme, count in themes.items():
            if count > rule.size * corpus.rule.max_theme_share:
                what = f"{count} of {rule.size} documents of split {name} have the theme {theme}"
                fix = f"At most {corpus.rule.max_theme_share:.0%} are allowed; draw again"
                yield Problem("theme-share", what, fix, file=file)
