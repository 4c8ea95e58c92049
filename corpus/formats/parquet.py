"""parquet: one document per row, in the layout of releases, which `datasets` can load.

Source: https://parquet.apache.org/docs/file-format, and for `load_dataset`
https://huggingface.co/docs/datasets/about_dataset_features. Columns: `id`, `text`, `entities` (a
list of id, start, end, label, ref, attributes, score), `relations` (a list of head, tail, label,
id, attributes, score) and `meta`, JSON in a string. `attributes` is a list of objects with
a key and a value. Labels may be numbers of a `datasets` ClassLabel; the reader replaces these
numbers by the label names in the file metadata.

The format represents everything in a document. The reader leaves out and counts all other columns.
In problems, the line is the number of the row, counted from 1. The reader accepts a file or a
folder of `.parquet` files, and reads rows in batches. The writer writes one file.

The format requires pyarrow (extra `hub`). There are no options.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from aloi.corpus import document_files
from aloi.corpus.atomic_files import atomic_binary_file
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.capabilities import EVERYTHING
from aloi.corpus.formats.shared.files import expansion_limit, expansion_problem, find_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import surrogate_problem

CAPABILITIES = EVERYTHING
ReadOptions = WriteOptions = Options

# pyarrow has no type annotations; these aliases name its types for the reader.
PyArrow: TypeAlias = Any
ParquetFile: TypeAlias = Any
ArrowSchema: TypeAlias = Any

_COLUMNS = {"id": True, "text": True, "entities": True, "relations": False, "meta": False}
"""The columns to read, and whether they are required."""

_ITEM_COLUMNS = ("entities", "relations")
"""The columns that are lists of items with a label and attributes."""

_MAX_GROUP_ROWS, _MAX_GROUP_CHARACTERS = 1000, 1 << 24
"""A row group ends at this number of documents, or at this number of code points of text."""

_BATCH_ROWS = _MAX_GROUP_ROWS // 4
"""The number of rows to read at once."""


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.parquet` files below a folder."""
    files = find_files(path, [".parquet"])
    records = itertools.chain.from_iterable(read_records(file, notes) for file in files)
    return document_files.valid_documents(records)


def read_records(
    file: Path, notes: Notes, groups: range | None = None
) -> Iterator[document_files.DocumentRecord]:
    """Yield one record per row; `groups` are the indices of row groups to read (default: all).

    If reading fails, the last record contains the problems and no document.
    """
    row = 0
    try:
        select = partial(_select_columns, file=file, notes=notes)
        skipped = sum(count for count, _ in row_group_sizes(file)[: groups.start]) if groups else 0
        for row, values in enumerate(read_rows(file, select, groups), start=skipped + 1):
            yield _to_record(values, str(file), row)
    except DataError as error:
        problems = tuple(problem.at(file=str(file)) for problem in error.problems)
        yield document_files.DocumentRecord(b"", str(file), row + 1, None, problems)


def _to_record(values: dict[str, Any], file: str, row: int) -> document_files.DocumentRecord:
    try:
        content = json.dumps(values, ensure_ascii=False).encode()
    except TypeError as error:  # dates, bytes and other types without a JSON equivalent
        what = f"a value has no JSON equivalent: {error}"
        fix = "Change the type of the column to text or numbers"
        problem = Problem("wrong-type", what, fix, file=file, line=row)
        return document_files.DocumentRecord(b"", file, row, None, (problem,))
    return document_files.decode_record(content, file=file, line=row)


def row_group_sizes(file: Path) -> list[tuple[int, int]]:
    """Return the number of rows and the number of bytes of each row group.

    Raises `DataError` if the file cannot be read.
    """
    with _open_file(file) as table:
        groups = [table.metadata.row_group(index) for index in range(table.num_row_groups)]
        return [(group.num_rows, group.total_byte_size) for group in groups]


def row_count(file: Path) -> int:
    """Return the number of rows; raise `DataError` if the file cannot be read."""
    return sum(rows for rows, _ in row_group_sizes(file))


def read_rows(
    file: Path,
    select_columns: Callable[[list[str]], list[str]],
    groups: Iterable[int] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield each row as a JSON object of the native format.

    `select_columns` takes the column names of the file and returns the names of the columns to
    read. `groups` are the indices of the row groups to read (default: all). Raises `DataError` if
    the file cannot be read.
    """
    limit, size = expansion_limit(file), 0
    with _open_file(file) as table:
        label_names = _class_label_names(table.schema_arrow.metadata)
        columns = select_columns(table.schema_arrow.names)
        row_groups = None if groups is None else list(groups)
        for batch in table.iter_batches(_BATCH_ROWS, columns=columns, row_groups=row_groups):
            size += sum(_decoded_bytes(column) for column in batch.columns)
            if size > limit:
                raise DataError([expansion_problem(limit)])
            for row in batch.to_pylist():
                yield decode_row(row, label_names)


def _decoded_bytes(array: Any) -> int:  # noqa: ANN401 - a pyarrow array
    """Return the size of an array whose dictionaries are replaced by their values, in bytes."""
    pyarrow = _import_pyarrow()
    if pyarrow.types.is_dictionary(array.type):
        lengths = pyarrow.compute.binary_length(array.dictionary)
        total = pyarrow.compute.sum(lengths.take(array.indices)).as_py()
        return int(array.nbytes) + (total or 0)
    if pyarrow.types.is_struct(array.type):
        return sum(map(_decoded_bytes, array.flatten()))
    if pyarrow.types.is_list(array.type) or pyarrow.types.is_large_list(array.type):
        return _decoded_bytes(array.flatten())
    return int(array.nbytes)


@contextmanager
def _open_file(file: Path) -> Iterator[ParquetFile]:
    """Open a file; raise `DataError` if it cannot be opened or read, or is too large.

    Texts are read as dictionaries, in which a repeated text takes memory once.
    """
    pyarrow = _import_pyarrow()
    try:
        metadata = pyarrow.parquet.read_metadata(file)
        if _uncompressed_bytes(metadata) > (limit := expansion_limit(file)):
            raise DataError([expansion_problem(limit)])
        texts = _text_columns(metadata)
        with pyarrow.parquet.ParquetFile(file, read_dictionary=texts) as table:
            yield table
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        what = f"pyarrow cannot read this Parquet file: {' '.join(str(error).split())[:200]}"
        problem = Problem("bad-parquet", what, "Create the file again", file=str(file))
        raise DataError([problem]) from error


def _uncompressed_bytes(metadata: Any) -> int:  # noqa: ANN401 - pyarrow's FileMetaData
    return sum(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups))


def _text_columns(metadata: Any) -> list[str]:  # noqa: ANN401 - pyarrow's FileMetaData
    """Return the paths of the columns with texts."""
    columns = (metadata.schema.column(n) for n in range(metadata.num_columns))
    return [column.path for column in columns if column.logical_type.type == "STRING"]


def _select_columns(columns: list[str], file: Path, notes: Notes) -> list[str]:
    """Return the columns to read; raise `DataError` if a required column is missing."""
    missing = [name for name, required in _COLUMNS.items() if required and name not in columns]
    if missing:
        what = f"missing columns: {', '.join(missing)}; the file has {', '.join(columns)}"
        names = ", ".join(_COLUMNS)
        fix = f"Rename the columns of the file to: {names}; relations and meta are optional"
        raise DataError([Problem("missing-column", what, fix)])
    for name in columns:
        notes.add(f"columns {name!r} left out", str(file), name not in _COLUMNS)
    return [name for name in _COLUMNS if name in columns]


def decode_row(row: dict[str, Any], label_names: dict[str, list[str]]) -> dict[str, Any]:
    """Return a row as a JSON object of the native format.

    Removes nulls, and decodes labels, attributes and metadata. `label_names` maps the columns
    `entities` and `relations` to their label names, in the order of the label numbers.
    """
    for column in _ITEM_COLUMNS:
        if isinstance(row.get(column), list):
            names = label_names.get(column, [])
            row[column] = [_decode_item(item, names) for item in row[column]]
    if isinstance(row.get("meta"), str):
        row["meta"] = _decode_meta(row["meta"])
    return _without_nulls(row)


def _decode_item(item: Any, label_names: list[str]) -> Any:  # noqa: ANN401 - dict in a valid file
    """Return an entity or relation with its label as a name and its attributes as an object."""
    if not isinstance(item, dict):
        return item
    label, pairs = item.get("label"), item.get("attributes")
    if isinstance(label, int) and 0 <= label < len(label_names):
        item["label"] = label_names[label]
    if isinstance(pairs, list) and all(map(_is_pair, pairs)):
        item["attributes"] = {pair["key"]: pair["value"] for pair in pairs}
    return _without_nulls(item)


def _is_pair(value: Any) -> bool:  # noqa: ANN401 - dict in a valid file
    return isinstance(value, dict) and isinstance(value.get("key"), str) and "value" in value


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _decode_meta(meta: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the decoded metadata; invalid JSON stays a string, which the native reader reports."""
    try:
        return msgspec.json.decode(meta)
    except (msgspec.MsgspecError, RecursionError):
        return meta


def _class_label_names(metadata: dict[bytes, bytes] | None) -> dict[str, list[str]]:
    """Return the label names of each column, which `datasets` stores in the file metadata."""
    label_names = {}
    for column in _ITEM_COLUMNS:
        try:
            features = msgspec.json.decode((metadata or {})[b"huggingface"])["info"]["features"]
            names = features[column]["feature"]["label"]["names"]
            label_names[column] = msgspec.convert(names, list[str])
        except (KeyError, TypeError, IndexError, msgspec.MsgspecError, RecursionError):
            continue
    return label_names


def write(documents: Iterable[Document], path: Path, options: Options, notes: Notes) -> int:
    """Write one Parquet file; return the number of documents.

    Writing the same documents again produces the same bytes.
    """
    pyarrow = _import_pyarrow()
    schema, count = arrow_schema(pyarrow), 0
    with (
        atomic_binary_file(path) as stream,
        pyarrow.parquet.ParquetWriter(stream, schema) as writer,
    ):
        for batch in _split_batches(documents):
            rows = [encode_row(document) for document in batch]
            try:
                writer.write_batch(pyarrow.RecordBatch.from_pylist(rows, schema=schema))
            except UnicodeEncodeError as error:
                raise DataError(filter(None, map(_find_lone_surrogate, batch))) from error
            count += len(batch)
    return count


def _split_batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) >= _MAX_GROUP_ROWS or characters >= _MAX_GROUP_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def encode_row(document: Document) -> dict[str, Any]:
    """Return a document as a row; labels are names, not numbers."""
    row = {column: getattr(document, column) for column in _COLUMNS}
    for column in _ITEM_COLUMNS:
        row[column] = [
            {**msgspec.structs.asdict(item), "attributes": _to_pairs(item.attributes)}
            for item in row[column]
        ]
    row["meta"] = msgspec.json.encode(document.meta).decode()
    return row


def _to_pairs(attributes: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in attributes.items()]


def _find_lone_surrogate(document: Document) -> Problem | None:
    """Return a problem if the document contains a lone surrogate, otherwise None."""
    try:
        msgspec.json.encode(document)
    except UnicodeEncodeError as error:
        return surrogate_problem(error, document.id)
    return None


def arrow_schema(pyarrow: PyArrow) -> ArrowSchema:
    """Return the Arrow schema of the columns; `pyarrow` is the imported module."""
    string, integer = pyarrow.string(), pyarrow.int64()
    pair = pyarrow.struct({"key": string, "value": string})
    shared = {"attributes": pyarrow.list_(pair), "score": pyarrow.float64()}
    entity = {"id": string, "start": integer, "end": integer, "label": string, "ref": string}
    relation = {"head": string, "tail": string, "label": string, "id": string}
    return pyarrow.schema(
        {
            "id": string,
            "text": string,
            "entities": pyarrow.list_(pyarrow.struct(entity | shared)),
            "relations": pyarrow.list_(pyarrow.struct(relation | shared)),
            "meta": string,
        }
    )


def _import_pyarrow() -> PyArrow:
    """Import `pyarrow.parquet` and `pyarrow.compute`, and return the module `pyarrow`.

    Raises `DataError` if pyarrow is not installed.
    """
    try:
        import_module("pyarrow.parquet")
        import_module("pyarrow.compute")
        return import_module("pyarrow")
    except ImportError as error:
        fix = 'Run: pip install "aloi[hub]"'
        raise DataError([Problem("no-pyarrow", "pyarrow is not installed", fix)]) from error
