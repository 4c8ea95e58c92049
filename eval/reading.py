"""Readers of annotations from a file, folder or stream in any supported format."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from aloi.corpus import document_files
from aloi.corpus.document import Draft
from aloi.eval.columns import Annotations, ColumnBuilder


class InvalidDraftsError(ValueError):
    """The error raised if any of several documents is invalid."""


FAST_READING_ERRORS = (
    msgspec.MsgspecError,
    UnicodeDecodeError,
    KeyError,
    OverflowError,
    RecursionError,
    InvalidDraftsError,
)
"""The errors of reading without full checks; reading with full checks describes the problem."""


def read_annotations(
    path: str | Path, *, known_texts: Mapping[str, str] | None = None
) -> Annotations:
    """Return the annotations of a file, folder or stream (`-`).

    `known_texts`: texts by document id that are in memory, to save memory for equal texts.
    Raises `DataError` that lists every problem of the input.
    """
    if Path(path).suffix == ".jsonl" and Path(path).is_file():
        return read_json_lines(Path(path), known_texts=known_texts)
    from aloi.corpus.formats import registry  # noqa: PLC0415 - slow to import

    return Annotations.of(registry.read(str(path)))


def read_predictions(
    path: str | Path, *, gold: str | Path, known_texts: Mapping[str, str] | None = None
) -> Annotations:
    """Return the annotations of predictions for the documents of `gold`.

    If both are HIPE files, text and documents are taken from gold, because submissions to HIPE may
    contain no document ids and no spacing flags. Raises `DataError` that lists every problem.
    """
    if not (_is_hipe_file(Path(path)) and _is_hipe_file(Path(gold))):
        return read_annotations(path, known_texts=known_texts)
    from aloi.corpus.formats import hipe  # noqa: PLC0415 - rarely needed
    from aloi.corpus.formats.shared.notes import Notes  # noqa: PLC0415

    return Annotations.of(hipe.read(Path(path), hipe.ReadOptions(gold=str(gold)), Notes()))


def _is_hipe_file(path: Path) -> bool:
    if path.suffix != ".tsv" or not path.is_file():
        return False
    from aloi.corpus.formats.detection import detect_format  # noqa: PLC0415 - slow to import

    return detect_format(path) == "hipe"


def read_json_lines(path: Path, *, known_texts: Mapping[str, str] | None = None) -> Annotations:
    """Return the annotations of a JSON Lines file.

    Raises `DataError` that lists every problem of the file.
    """
    decoder = msgspec.json.Decoder(Draft)
    try:
        with path.open("rb") as stream:
            return check_drafts(map(decoder.decode, stream), known_texts=known_texts)
    except FAST_READING_ERRORS:  # read again, slowly, with full checks and messages
        return Annotations.of(document_files.valid_documents(document_files.read_records(path)))


def check_drafts(
    drafts: Iterable[Draft], *, known_texts: Mapping[str, str] | None = None
) -> Annotations:
    """Return the annotations of documents that have not been checked.

    Raises one of `FAST_READING_ERRORS` if a document is invalid, without saying which.
    """
    builder = ColumnBuilder(known_texts=known_texts or {})
    for draft in drafts:
        builder.add(draft)
    annotations = builder.finish()
    if not (builder.ids_are_unique and annotations.looks_valid()):
        raise InvalidDraftsError
    return annotations
