"""Shards: parts of a large collection that can be read independently, without copying files.

JSON Lines files are split into byte ranges; a shard contains the lines that begin in its range.
Parquet files are split by row groups. Any other input, such as a corpus, a folder with one file per
document, or a file in a different format, is one shard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import is_corpus
from aloi.corpus.document import Document, Draft
from aloi.corpus.duplicate_ids import DocumentIds
from aloi.corpus.formats import parquet, registry
from aloi.corpus.formats.detection import detect_format, documents_path
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.scale.input_summary import InputSummary

MAX_SHARD_BYTES = 8 << 20
"""Maximum size of a shard.

Prediction takes some minutes per shard. A run that resumes repeats the shards that are incomplete.
"""

MIN_SHARDS = 64
"""Approximate minimum number of shards in a collection, so that all workers have work."""

IdHashes = npt.NDArray[np.int64]
"""Array of hashes of document ids, as returned by `hash_id`."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a file, or a complete file or folder.

    `start` and `stop` (exclusive) are byte offsets in a JSON Lines file or row group numbers in a
    Parquet file; if `stop` is None, the shard is the whole of `path`. `name` is unique in the
    collection and stays the same as long as the files are unchanged.
    """

    name: str
    path: str
    start: int = 0
    stop: int | None = None

    def records(self) -> Iterator[document_files.DocumentRecord]:
        """Yield the records; line numbers in JSON Lines are relative to the start of the shard."""
        if self.stop is None:
            encoder = msgspec.json.Encoder()
            for document in registry.read(self.path):
                raw = encoder.encode(document)
                yield document_files.DocumentRecord(raw, self.path, 1, document)
        elif self.path.endswith(".parquet"):
            groups = range(self.start, self.stop)
            yield from parquet.read_records(Path(self.path), Notes(), groups)
        else:
            yield from document_files.read_lines(self._read_lines(self.stop), file=self.path)

    def documents(self) -> Iterator[Document]:
        """Yield the valid documents of the shard."""
        return (record.document for record in self.records() if record.document is not None)

    def drafts(self) -> Iterator[Draft]:
        """Yield the documents without checks of JSON Lines files: faster than `documents`."""
        if self.stop is None or self.path.endswith(".parquet"):
            return self.documents()
        return document_files.read_drafts(self._read_lines(self.stop))

    def ids(self) -> Iterator[str]:
        """Yield the ids of the documents; the documents of JSON Lines files are not checked."""
        if self.stop is None or self.path.endswith(".parquet"):
            return (document.id for document in self.documents())
        return document_files.read_ids(self._read_lines(self.stop))

    def _read_lines(self, stop: int) -> Iterator[bytes]:
        with open(self.path, "rb") as stream:
            stream.seek(self._first_line_offset())
            while stream.tell() < stop and (line := stream.readline()):
                yield line

    def _first_line_offset(self) -> int:
        """Return the byte offset of the first line that begins at or after `start`."""
        if not self.start:
            return 0
        with open(self.path, "rb") as stream:
            stream.seek(self.start - 1)
            stream.readline()
            return stream.tell()

    def lines_before(self) -> int:
        """Return the number of lines before the shard in a JSON Lines file; 0 for other formats."""
        if self.stop is None or self.path.endswith(".parquet"):
            return 0
        remaining, count = self._first_line_offset(), 0
        with open(self.path, "rb") as stream:
            while remaining and (chunk := stream.read(min(remaining, MAX_SHARD_BYTES))):
                count += chunk.count(b"\n")
                remaining -= len(chunk)
        return count


def plan_shards(path: str) -> list[Shard]:
    """Return the shards of an input in the order of its documents.

    The input is a file, a folder, a release, or the output of a run over shards. The paths of the
    shards are absolute, so that other processes can open the files. Raises `DataError` if a Parquet
    file is invalid.
    """
    root = documents_path(Path(path).absolute())
    files = _divisible_files(root)
    if not files:
        return [Shard(root.stem, str(root))]
    size = sum(file.stat().st_size for file in files) // MIN_SHARDS
    base = root if root.is_dir() else root.parent
    return [
        Shard(f"{file.relative_to(base).with_suffix('').as_posix()}-{number:05}", str(file), *part)
        for file in files
        for number, part in enumerate(split_file(file, min(size + 1, MAX_SHARD_BYTES)))
    ]


def _divisible_files(root: Path) -> list[Path]:
    """Return the JSON Lines or Parquet files of an input, which can be split into shards.

    The list is empty if the input is a corpus or contains documents in `.json` files.
    """
    if is_corpus(root):
        return []
    suffixes = {"native": (".jsonl",), "parquet": (".parquet",)}.get(detect_format(root), ())
    files = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
    if any(file.suffix == ".json" for file in files) and ".jsonl" in suffixes:
        return []
    return [file for file in files if file.suffix in suffixes]


def split_file(file: Path, size: int) -> Iterator[tuple[int, int]]:
    """Yield the start and stop of each part of a file; a part has about `size` bytes.

    The unit of start and stop is bytes for JSON Lines and row groups for Parquet.
    """
    if file.suffix == ".jsonl":
        total = file.stat().st_size
        yield from ((start, min(start + size, total)) for start in range(0, max(total, 1), size))
        return
    start = accumulated = 0
    groups = parquet.row_group_sizes(file) or [(0, 0)]
    for number, (_, group_bytes) in enumerate(groups, start=1):
        accumulated += group_bytes
        if accumulated >= size or number == len(groups):
            yield start, number
            start, accumulated = number, 0


@dataclass(frozen=True, slots=True)
class ShardSummary:
    """The number of documents in a shard, the hashes of their JSON and ids, and their problems."""

    shard: Shard
    documents: int
    sha256: str
    ids: IdHashes = field(repr=False)
    problems: tuple[Problem, ...] = ()


def summarize_shard(shard: Shard) -> ShardSummary:
    """Read a shard and return its summary, which includes the problems of its documents."""
    problems: list[Problem] = []
    ids: list[int] = []
    content = hashlib.sha256()
    for record in shard.records():
        content.update(record.raw + b"\n")
        problems += record.problems
        if record.draft is not None:
            ids.append(hash_id(record.draft.id))
    if problems and (before := shard.lines_before()):
        problems = [replace(p, line=p.line and p.line + before) for p in problems]
    hashes = np.array(ids, dtype=np.int64)
    return ShardSummary(shard, len(ids), content.hexdigest(), hashes, tuple(problems))


def scan_shard(shard: Shard) -> ShardSummary:
    """Return a summary of the ids alone: without hash of the JSON, and without checks."""
    ids = np.array([hash_id(id_) for id_ in shard.ids()], dtype=np.int64)
    return ShardSummary(shard, len(ids), "", ids)


def hash_id(id_: str) -> int:
    """Return the 64-bit BLAKE2b hash of an id as a signed integer, equal in all processes."""
    encoded = id_.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), signed=True)


def merge_summaries(path: str, summaries: Sequence[ShardSummary]) -> InputSummary:
    """Merge the summaries of all shards of an input; raise `DataError` with all problems."""
    problems = [problem for summary in summaries for problem in summary.problems]
    problems += _duplicate_id_problems(summaries)
    if problems:
        raise DataError(problems)
    content = hashlib.sha256("".join(summary.sha256 for summary in summaries).encode()).hexdigest()
    return InputSummary(path, sum(summary.documents for summary in summaries), content)


def _duplicate_id_problems(summaries: Sequence[ShardSummary]) -> Iterator[Problem]:
    """Yield a problem for each duplicate id.

    Only the shards that contain a repeated id hash are read again.
    """
    hashes = np.sort(np.concatenate([summary.ids for summary in summaries]))
    repeated = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    ids = DocumentIds()
    for summary in summaries:
        if len(repeated) and np.isin(summary.ids, repeated).any():
            yield from _duplicates_in_shard(summary.shard, set(repeated.tolist()), ids)


def _duplicates_in_shard(shard: Shard, repeated: set[int], ids: DocumentIds) -> Iterator[Problem]:
    before = shard.lines_before()
    for record in shard.records():
        if record.draft is not None and hash_id(record.draft.id) in repeated:
            record_in_file = replace(record, line=record.line + before)
            yield from document_files.duplicate_id_problems(record_in_file, ids)
