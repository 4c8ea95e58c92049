"""hf-tokens: the `tokens` and `ner_tags` of Hugging Face datasets for named entity recognition.

Source: https://huggingface.co/docs/transformers/tasks/token_classification. A row is a sentence
with the columns `tokens` and `ner_tags`, one tag per token. A file is Parquet, JSON Lines or a JSON
array. In Parquet, tags are numbers of a `datasets` ClassLabel, with the tag names in the metadata
of the file; in JSON, tags are strings.

The writer adds the columns `id` (`DOCUMENT-NUMBER`), `document_id`, and `whitespace`, the white
space after each token. Each line of the text is a row. The reader joins successive rows with the
same `document_id`. A row without `document_id` is a document; its id is `id`, or `FILE-NUMBER`.
Without `whitespace`, the tokens are joined by single spaces. All other columns are left out and
counted.

If the text begins with white space, `whitespace` of the first sentence has one more item, at its
start.

The format represents flat mentions with labels, and any text. The writer
writes Parquet, or JSON Lines if the name of the file ends in `.json` or `.jsonl`. Parquet requires
pyarrow (extra `hub`).

The reader keeps the tokens in the metadata (`tokens`); the writer uses them.

Read options:

- `column`: the column with the tags (default: ner_tags)
- `names`: the tag names for numbers, in order and separated by commas (default: the names in the
  metadata of a Parquet file)
- `scheme`: the tag scheme: detect (default), iob1, iob2, or bilou (also for IOBES)
- `repair`: the treatment of tags that break the scheme: error (default), conlleval (mentions begin
  and end at such tags, as in the program conlleval), or discard (mentions that contain such tags
  are left out)

Write options (tags are written in IOB2):

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
- `keep`: which of nested mentions to write: outermost (default) or innermost
- `labels`: the labels in the order of their tag numbers, separated by commas (default: the labels
  of the documents, sorted); set it if several files of a dataset must have the same numbers
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.atomic_files import atomic_binary_file
from aloi.corpus.document import Document, Entity
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.formats import parquet
from aloi.corpus.formats.sentences.joining import join_sentences, read_grouped
from aloi.corpus.formats.sentences.splitting import split_sentences
from aloi.corpus.formats.shared import bio, json_records
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.column_reader import SchemeOption
from aloi.corpus.formats.shared.files import find_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import FlatWriteOptions, TokenWriteOptions, token_layer
from aloi.corpus.optional_dependencies import need
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import JSON_ERRORS

CAPABILITIES = Capabilities(
    overlap="flat",
    same_span=False,
    entity_ids=False,
    refs=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    tokens=True,
    meta=False,
)
_BATCH_ROWS = 1000
"""The number of rows in a row group of a Parquet file."""


class ReadOptions(Options, frozen=True):
    """Read options: the column and names of the tags, their scheme, and what to do with errors."""

    column: str = "ner_tags"
    names: str = ""
    scheme: SchemeOption = "detect"
    repair: bio.TagRepair = "error"


class WriteOptions(FlatWriteOptions, frozen=True):
    """Write options: tokens, which of nested mentions to keep, and the order of the labels."""

    labels: str = ""


class _Row(msgspec.Struct, frozen=True):
    tokens: list[str]
    tags: list[str]
    whitespace: list[str] | None


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the Parquet and JSON files below a folder."""
    files = find_files(path, [".parquet", ".json", ".jsonl"])
    ids = DocumentIds()
    problems: list[Problem] = []
    for file in files:
        try:
            yield from _FileReader(file, options, notes).read(ids)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)


@dataclass(slots=True)
class _FileReader:
    """A reader for the rows of one file; `names` are the tag names for numbers."""

    file: Path
    options: ReadOptions
    notes: Notes
    is_parquet: bool = field(init=False)
    names: list[str] = field(init=False)
    scheme: bio.TagScheme = field(init=False, default="iob2")

    def read(self, ids: DocumentIds) -> Iterator[Document]:
        """Return the documents; `ids` contains the document ids of the files read before."""
        with self.file.open("rb") as stream:
            self.is_parquet = stream.read(4) == b"PAR1"
        self.names = [name.strip() for name in self.options.names.split(",") if name.strip()]
        if self.is_parquet and not self.names:
            self.names = _class_label_names(self.file, self.options.column)
        if self.options.scheme == "detect":
            self.scheme = bio.detect_scheme(self._tag_sequences())
        else:
            self.scheme = self.options.scheme
        records = self._records()
        return read_grouped(records, dict[str, Any], self._document_id, self._build, ids=ids)

    def _records(self) -> Iterator[json_records.JsonRecord | Problem]:
        if not self.is_parquet:
            yield from json_records.read_records(self.file)
            return
        for row, values in enumerate(parquet.read_rows(self.file, _all_columns), start=1):
            content = msgspec.json.encode(values, enc_hook=str)
            yield json_records.JsonRecord(content, self.file, row, row)

    def _tag_sequences(self) -> Iterator[list[str]]:
        """Yield the tags of each valid row; invalid rows are reported when they are read again."""
        for record in self._records():
            if isinstance(record, Problem):
                continue
            try:
                values = json_records.decode_json(record.raw, dict[str, Any])
                yield self._row(values).tags
            except DataError:
                continue

    def _document_id(self, values: dict[str, Any], record: json_records.JsonRecord) -> str:
        return record.document_id(values.get("document_id"), values.get("id"))

    def _build(
        self, id_: str, rows: Sequence[dict[str, Any]], record: json_records.JsonRecord
    ) -> Document:
        sentences = [self._row(values) for values in rows]
        known = {"id", "document_id", "tokens", "whitespace", self.options.column}
        for name in dict.fromkeys(chain.from_iterable(rows)):
            self.notes.add(f"columns {name!r} left out", str(self.file), name not in known)
        words = [sentence.tokens for sentence in sentences]
        text, tokens = join_sentences(words, [row.whitespace for row in sentences], id_)
        entities: list[Entity] = []
        for sentence, sentence_tokens in zip(sentences, tokens, strict=True):
            for first, end, label in self._decode(sentence, record.place):
                entity = Entity(
                    id=f"e{len(entities) + 1}",
                    start=sentence_tokens[first].start,
                    end=sentence_tokens[end - 1].end,
                    label=label,
                )
                entities.append(entity)
        meta: dict[str, Any] = {**token_layer(text, chain.from_iterable(tokens))}
        return Document(id_, text, tuple(entities), (), meta)

    def _row(self, values: dict[str, Any]) -> _Row:
        """Return a row with tag names instead of numbers; raise `DataError` if it is invalid."""
        column = self.options.column
        if "tokens" not in values or column not in values:
            what = f"the row has no column `tokens` or no column {column!r}"
            fix = f"Set column= to one of: {', '.join(map(str, values))}"
            raise DataError([Problem("missing-column", what, fix)])
        tags = values[column]
        if isinstance(tags, list):
            tags = [self._tag_name(tag) for tag in tags]
        shown = {name: values.get(name) for name in ("tokens", "whitespace")}
        try:
            row = msgspec.convert({**shown, "tags": tags}, _Row)
        except msgspec.ValidationError as error:
            fix = "Write `tokens`, tags and `whitespace` as lists with one item per token"
            raise DataError([Problem("bad-row", f"the row is invalid: {error}", fix)]) from error
        if len(row.tags) != len(row.tokens):
            what = f"the row has {len(row.tokens)} tokens and {len(row.tags)} tags"
            raise DataError([Problem("bad-row", what, "Write one tag per token")])
        return row

    def _tag_name(self, tag: Any) -> Any:  # noqa: ANN401 - any JSON value
        if not isinstance(tag, int) or isinstance(tag, bool):
            return tag
        if 0 <= tag < len(self.names):
            return self.names[tag]
        what = f"the tag number {tag} has no name; {len(self.names)} names are known"
        fix = "Set names= to the names of all tags, in order and separated by commas"
        raise DataError([Problem("unknown-tag", what, fix)])

    def _decode(self, sentence: _Row, place: str) -> list[bio.TokenSpan]:
        decoded = bio.decode_with_repair(sentence.tags, self.scheme, self.options.repair)
        if decoded.errors:
            fix = "Correct the tag, set scheme=, or set repair=conlleval or repair=discard"
            raise DataError(
                Problem(
                    "bad-tag",
                    f"the tag {sentence.tags[position][:40]!r} is invalid in the scheme "
                    f"{self.scheme} at token {position} of {sentence.tokens[:5]}",
                    fix,
                )
                for position in decoded.errors
            )
        note = f"tags repaired ({self.options.repair})"
        self.notes.add(note, place, len(decoded.repaired))
        return decoded.spans


def _all_columns(columns: list[str]) -> list[str]:
    return columns


def _class_label_names(file: Path, column: str) -> list[str]:
    """Return the tag names that `datasets` stores in the metadata of a Parquet file."""
    need("pyarrow", extra="hub")
    from pyarrow import ArrowException  # noqa: PLC0415 - an extra
    from pyarrow import parquet as pq  # noqa: PLC0415 - an extra

    try:
        metadata = pq.read_schema(file).metadata or {}
        features = msgspec.json.decode(metadata[b"huggingface"])["info"]["features"]
        feature = features[column]
        items = feature[0] if isinstance(feature, list) else feature["feature"]
        return msgspec.convert(items["names"], list[str])
    except (ArrowException, KeyError, TypeError, IndexError, OSError, *JSON_ERRORS):
        return []  # an unreadable file is reported when its rows are read


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write one file with one row per line of text; return the number of documents."""
    numbers = count()
    numbered = zip(documents, numbers, strict=False)
    rows = (row for document, _ in numbered for row in sentence_rows(document, options, notes))
    if path.suffix in (".json", ".jsonl"):
        json_records.write_lines(rows, path)
    else:
        _write_parquet(rows, path, options)
    return next(numbers)


def sentence_rows(
    document: Document, options: TokenWriteOptions, notes: Notes
) -> Iterator[dict[str, Any]]:
    """Yield one row per line of a document; the tags are strings in IOB2."""
    sentences = split_sentences(document, options, notes, flat=True)
    for number, sentence in enumerate(sentences, start=1):
        spans = [bio.TokenSpan(m.first, m.end, m.entity.label) for m in sentence.mentions]
        yield {
            "id": f"{document.id}-{number}",
            "document_id": document.id,
            "tokens": sentence.words,
            "ner_tags": bio.encode_tags(spans, len(sentence.words)),
            "whitespace": sentence.spaces,
        }


def tag_names(labels: Iterable[str]) -> list[str]:
    """Return the tags of the labels in the order of their numbers; O is 0."""
    return ["O", *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def _write_parquet(rows: Iterable[dict[str, Any]], path: Path, options: WriteOptions) -> None:
    """Write rows to Parquet; they are stored first, because the tags must be known before."""
    need("pyarrow", extra="hub")
    import pyarrow as pa  # noqa: PLC0415 - an extra
    from pyarrow import parquet as pq  # noqa: PLC0415 - an extra

    seen: dict[str, None] = {}
    with tempfile.TemporaryFile() as stored:
        for row in rows:
            seen |= dict.fromkeys(tag[2:] for tag in row["ner_tags"] if tag != "O")
            stored.write(msgspec.json.encode(row) + b"\n")
        names = tag_names(_label_order(options.labels, seen))
        number = {name: position for position, name in enumerate(names)}
        stored.seek(0)
        numbered = (_with_numbers(msgspec.json.decode(line), number) for line in stored)
        with (
            atomic_binary_file(path) as stream,
            pq.ParquetWriter(stream, _arrow_schema(pa, names)) as writer,
        ):
            while batch := list(islice(numbered, _BATCH_ROWS)):
                writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=writer.schema))


def _with_numbers(row: dict[str, Any], number: Mapping[str, int]) -> dict[str, Any]:
    """Return a row with the number of each tag."""
    return row | {"ner_tags": [number[tag] for tag in row["ner_tags"]]}


def _label_order(option: str, seen: Iterable[str]) -> list[str]:
    """Return the labels in the order of the option `labels`; raise `DataError` if one is missing.

    The default order is the alphabetical order.
    """
    if not option:
        return sorted(seen)
    order = [label.strip() for label in option.split(",")]
    missing = sorted(set(seen) - set(order))
    if missing:
        what = f"the option labels lacks labels of the documents: {', '.join(missing)}"
        raise DataError([Problem("missing-label", what, "Add these labels to labels=")])
    return order


def _arrow_schema(pa: Any, names: list[str]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the Arrow schema of the columns, with the features for `datasets` as metadata."""
    string = {"dtype": "string", "_type": "Value"}
    strings = {"feature": string, "_type": "List"}
    features = {
        "id": string,
        "document_id": string,
        "tokens": strings,
        "ner_tags": {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "List"},
        "whitespace": strings,
    }
    types = {
        name: pa.string() if feature is string else pa.list_(pa.string())
        for name, feature in features.items()
    }
    types["ner_tags"] = pa.list_(pa.int64())
    info = msgspec.json.encode({"info": {"features": features}}).decode()
    return pa.schema(types, metadata={"huggingface": info})
