"""parquet: documents as rows of columns, the layout of the release that `datasets` loads.

Source: https://parquet.apache.org/docs/file-format and, for what `load_dataset` makes of it,
https://huggingface.co/docs/datasets/about_dataset_features. Columns: `id`, `text`, `entities` (a
list of id, start, end, label, ref, attributes, score), `relations` (a list of head, tail, label,
id, attributes, score) and `meta`, JSON in a string. Attributes are lists of key and value. Labels
may be numbers of a ClassLabel whose names the file has; they are read as those names.

Holds everything a document has. Other columns are left out in reading and counted. What is wrong
is told with the number of the row for a line. A file, or a folder of `.parquet` files, is read in
batches; one file is written.

Needs pyarrow, which the extra `hub` brings. No options.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.files import atomic_binary_file
from aloi.corpus.formats.shared.capabilities import EVERYTHING
from aloi.corpus.formats.shared.names import surrogate_problem
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem

CAPABILITIES = EVERYTHING
ReadOptions = WriteOptions = Options

_COLUMNS = {"id": True, "text": True, "entities": True, "relations": False, "meta": False}
"""The columns that are read, and whether a file must have them."""

_LABELLED = ("entities", "relations")
_ROWS, _CHARACTERS = 1000, 1 << 24
"""A row group is full with so many documents, or so much text."""


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.parquet` files below a folder."""
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    return document_files.valid_documents(
        itertools.chain.from_iterable(records(f, notes) for f in files)
    )


def records(
    file: Path, notes: Notes, groups: range | None = None
) -> Iterator[document_files.DocumentRecord]:
    """A record a row, of these row groups or of all.

    The last is one without a document if the file cannot be read, or no further.
    """
    row = 0
    try:
        known = partial(_known, file=file, notes=notes)
        before = sum(count for count, _ in row_groups(file)[: groups.start]) if groups else 0
        for row, values in enumerate(rows(file, known, groups), start=before + 1):
            yield _record(values, str(file), row)
    except DataError as error:
        problems = tuple(problem.at(file=str(file)) for problem in error.problems)
        yield document_files.DocumentRecord(b"", str(file), row + 1, None, problems)


def _record(values: dict[str, Any], file: str, row: int) -> document_files.DocumentRecord:
    try:
        return document_files.decode_record(
            json.dumps(values, ensure_ascii=False).encode(), file=file, line=row
        )
    except TypeError as error:  # dates, bytes and the like
        fix = "Give each column the type it is to have"
        problem = Problem("wrong-type", f"{error}", fix, file=file, line=row)
        return document_files.DocumentRecord(b"", file, row, None, (problem,))


def row_groups(file: Path) -> list[tuple[int, int]]:
    """How many rows and how many bytes each row group has; raises `DataError`."""
    with _opened(file) as table:
        groups = [table.metadata.row_group(i) for i in range(table.num_row_groups)]
        return [(group.num_rows, group.total_byte_size) for group in groups]


def rows(
    file: Path, choose: Callable[[list[str]], list[str]], groups: Iterable[int] | None = None
) -> Iterator[dict[str, Any]]:
    """What stands in each row, as native JSON has it, of the columns chosen from the file's.

    `groups`: of these row groups alone. Raises `DataError` if the file cannot be read.
    """
    with _opened(file) as table:
        names = _class_names(table.schema_arrow.metadata)
        columns = choose(table.schema_arrow.names)
        some = None if groups is None else list(groups)
        for batch in table.iter_batches(_ROWS // 4, columns=columns, row_groups=some):
            for row in batch.to_pylist():
                yield plain(row, names)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """A file as pyarrow's `ParquetFile`; raises `DataError` where it cannot be read."""
    library = _library()
    try:
        with library.parquet.ParquetFile(file) as table:
            yield table
    except (library.ArrowException, OSError, ValueError) as error:
        what = f"no Parquet that pyarrow can read: {' '.join(str(error).split())[:200]}"
        raise DataError([Problem("bad-parquet", what, "Write the file again")]) from error


def _known(columns: list[str], file: Path, notes: Notes) -> list[str]:
    """The columns that a document has; raises `DataError` if some are missing."""
    missing = [name for name, needed in _COLUMNS.items() if needed and name not in columns]
    if missing:
        what = f"no column {' or '.join(missing)}; there are: {', '.join(columns)}"
        fix = f"Name the columns {', '.join(_COLUMNS)}"
        raise DataError([Problem("missing-column", what, fix)])
    for name in columns:
        notes.add(f"columns {name!r} left out", str(file), name not in _COLUMNS)
    return [name for name in _COLUMNS if name in columns]


def plain(row: dict[str, Any], names: dict[str, list[str]]) -> dict[str, Any]:
    """A row as native JSON: what is null is not there, attributes and metadata are objects.

    `names` are those of the labels that are numbers, of entities and of relations.
    """
    for part in _LABELLED:
        if isinstance(row.get(part), list):
            row[part] = [_item(item, names.get(part, [])) for item in row[part]]
    if isinstance(row.get("meta"), str):
        row["meta"] = _decoded(row["meta"])
    return _present(row)


def _item(item: Any, names: list[str]) -> Any:  # noqa: ANN401 - a struct, if the file is right
    """An entity or relation, its label by name."""
    if not isinstance(item, dict):
        return item
    label, pairs = item.get("label"), item.get("attributes")
    if isinstance(label, int) and 0 <= label < len(names):
        item["label"] = names[label]
    if isinstance(pairs, list) and all(map(_is_pair, pairs)):
        item["attributes"] = {pair["key"]: pair["value"] for pair in pairs}
    return _present(item)


def _is_pair(value: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(value, dict) and isinstance(value.get("key"), str) and "value" in value


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _decoded(meta: str) -> Any:  # noqa: ANN401 - any JSON value
    """Metadata from JSON; what is none stays a string, which native's reader refuses."""
    try:
        return msgspec.json.decode(meta)
    except (msgspec.MsgspecError, RecursionError):
        return meta


def _class_names(metadata: dict[bytes, bytes] | None) -> dict[str, list[str]]:
    """The names of the labels of entities and of relations, where `datasets` noted them."""
    found = {}
    for part in _LABELLED:
        try:
            features = msgspec.json.decode((metadata or {})[b"huggingface"])["info"]["features"]
            names = features[part]["feature"]["label"]["names"]
            found[part] = msgspec.convert(names, list[str])
        except (KeyError, TypeError, IndexError, msgspec.MsgspecError, RecursionError):
            continue
    return found


def write(documents: Iterable[Document], path: Path, options: Options, notes: Notes) -> int:
    """Write one file, a batch a row group; the same documents give the same bytes."""
    library = _library()
    schema, count = arrow_schema(library), 0
    with (
        atomic_binary_file(path) as stream,
        library.parquet.ParquetWriter(stream, schema) as writer,
    ):
        for batch in _batches(documents):
            values = list(map(row, batch))
            try:
                writer.write_batch(library.RecordBatch.from_pylist(values, schema=schema))
            except UnicodeEncodeError as error:
                raise DataError(filter(None, map(_surrogate, batch))) from error
            count += len(batch)
    return count


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) >= _ROWS or characters >= _CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def row(document: Document) -> dict[str, Any]:
    """A document as the columns have it, labels by name."""
    values = {field: getattr(document, field) for field in _COLUMNS}
    for part in _LABELLED:
        values[part] = [
            {**msgspec.structs.asdict(item), "attributes": _pairs(item.attributes)}
            for item in values[part]
        ]
    values["meta"] = msgspec.json.encode(document.meta).decode()
    return values


def _pairs(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in attributes.items()]


def _surrogate(document: Document) -> Problem | None:
    try:
        msgspec.json.encode(document)
    except UnicodeEncodeError as error:
        return surrogate_problem(error, document.id)
    return None


def arrow_schema(library: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """The columns with their types, `library` being pyarrow."""
    string, integer = library.string(), library.int64()
    pair = library.struct({"key": string, "value": string})
    shared = {"attributes": library.list_(pair), "score": library.float64()}
    entity = {"id": string, "start": integer, "end": integer, "label": string, "ref": string}
    relation = {"head": string, "tail": string, "label": string, "id": string}
    return library.schema(
        {
            "id": string,
            "text": string,
            "entities": library.list_(library.struct(entity | shared)),
            "relations": library.list_(library.struct(relation | shared)),
            "meta": string,
        }
    )


def _library() -> Any:  # noqa: ANN401 - pyarrow has no types
    """The module pyarrow, with its `parquet`."""
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError as error:
        fix = 'Install it: pip install "aloi[hub]"'
        raise DataError([Problem("no-pyarrow", "Parquet needs pyarrow", fix)]) from error
