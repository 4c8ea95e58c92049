"""A large collection in shards: parts of its files, each read by itself and where it lies.

JSON Lines are cut by bytes, a shard having the lines that begin within it; Parquet is cut by row
groups. What is neither (a corpus, a folder of one file a document, another format) is one shard.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from aloi.corpus import document_files
from aloi.corpus.collection import is_corpus
from aloi.corpus.document import Document
from aloi.corpus.formats import parquet, registry
from aloi.corpus.formats.detection import detect, documents_of
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.scale.survey import Survey

MAX_SHARD_BYTES = 8 << 20
"""Bytes at which a shard is full: some minutes of prediction, which is what a stop can cost."""

MIN_SHARDS = 64
"""Into how many shards a small collection is cut, so that there is work for all."""

Hashes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a file: `start` to `stop`, exclusive, in bytes or row groups; or all of a path.

    `name` is its own within the collection, and the same as long as the files are.
    """

    name: str
    path: str
    start: int = 0
    stop: int | None = None

    def records(self) -> Iterator[document_files.DocumentRecord]:
        """The records; the lines of JSON Lines are numbered from the shard's start."""
        if self.stop is None:
            encoder = msgspec.json.Encoder()
            for document in registry.read(self.path):
                yield document_files.DocumentRecord(
                    encoder.encode(document), self.path, 1, document
                )
        elif self.path.endswith(".parquet"):
            groups = range(self.start, self.stop)
            yield from parquet.read_records(Path(self.path), Notes(), groups)
        else:
            yield from document_files.line_records(self._lines(self.stop), file=self.path)

    def documents(self) -> Iterator[Document]:
        """The valid documents."""
        return (record.document for record in self.records() if record.document is not None)

    def _lines(self, stop: int) -> Iterator[bytes]:
        with open(self.path, "rb") as stream:
            stream.seek(self._first())
            while stream.tell() < stop and (line := stream.readline()):
                yield line

    def _first(self) -> int:
        """Where the first line begins that begins at `start` or after it."""
        if not self.start:
            return 0
        with open(self.path, "rb") as stream:
            stream.seek(self.start - 1)
            stream.readline()
            return stream.tell()

    def lines_before(self) -> int:
        """How many lines of the file stand before those of the shard; 0 where it has no lines."""
        if self.stop is None or self.path.endswith(".parquet"):
            return 0
        left, count = self._first(), 0
        with open(self.path, "rb") as stream:
            while left and (chunk := stream.read(min(left, MAX_SHARD_BYTES))):
                count += chunk.count(b"\n")
                left -= len(chunk)
        return count


def plan(path: str) -> list[Shard]:
    """The shards of a file, folder, release or output of a run, in the order of its documents.

    Paths are absolute, for whoever reads them elsewhere. Raises `DataError` for broken Parquet.
    """
    root = documents_of(Path(path).absolute())
    files = _files(root)
    if not files:
        return [Shard(root.stem, str(root))]
    size = sum(file.stat().st_size for file in files) // MIN_SHARDS
    base = root if root.is_dir() else root.parent
    return [
        Shard(f"{file.relative_to(base).with_suffix('').as_posix()}-{number:05}", str(file), *part)
        for file in files
        for number, part in enumerate(parts(file, min(size + 1, MAX_SHARD_BYTES)))
    ]


def _files(root: Path) -> list[Path]:
    """The files that can be cut; none unless all of the collection is in them."""
    kinds = {"native": (".jsonl",), "parquet": (".parquet",)}.get(detect(root), ())
    if is_corpus(root):
        return []
    found = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
    if any(file.suffix == ".json" for file in found) and ".jsonl" in kinds:
        return []
    return [file for file in found if file.suffix in kinds]


def parts(file: Path, size: int) -> Iterator[tuple[int, int]]:
    """Where to cut a file: each so many bytes, or the row groups that have them."""
    if file.suffix == ".jsonl":
        total = file.stat().st_size
        yield from ((start, min(start + size, total)) for start in range(0, max(total, 1), size))
        return
    start = held = 0
    groups = parquet.row_group_sizes(file) or [(0, 0)]
    for number, (_, width) in enumerate(groups, start=1):
        held += width
        if held >= size or number == len(groups):
            yield start, number
            start, held = number, 0


@dataclass(frozen=True, slots=True)
class ShardSummary:
    """What a look at a shard found: how many documents, the SHA-256 of their JSON, their ids.

    `ids` are 64-bit hashes, the same in every process.
    """

    shard: Shard
    documents: int
    sha256: str
    ids: Hashes = field(repr=False)
    problems: tuple[Problem, ...] = ()


def summarize(shard: Shard) -> ShardSummary:
    """Read a shard once; what is wrong with it stands in the result."""
    problems: list[Problem] = []
    ids: list[int] = []
    content = hashlib.sha256()
    for record in shard.records():
        content.update(record.raw + b"\n")
        problems += record.problems
        if record.draft is not None:
            ids.append(hash_of(record.draft.id))
    if problems and (before := shard.lines_before()):
        problems = [replace(p, line=p.line and p.line + before) for p in problems]
    hashes = np.array(ids, dtype=np.int64)
    return ShardSummary(shard, len(ids), content.hexdigest(), hashes, tuple(problems))


def hash_of(id_: str) -> int:
    """64 bits of an id's BLAKE2b as a signed integer; Python's own hash differs by process."""
    encoded = id_.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), signed=True)


def merge(path: str, looks: Sequence[ShardSummary]) -> Survey:
    """What all looks found together; raises `DataError` with everything wrong."""
    problems = [problem for found in looks for problem in found.problems]
    problems += _repeated(looks)
    if problems:
        raise DataError(problems)
    content = hashlib.sha256("".join(found.sha256 for found in looks).encode()).hexdigest()
    return Survey(path, sum(found.documents for found in looks), content)


def _repeated(looks: Sequence[ShardSummary]) -> Iterator[Problem]:
    """The ids given twice; only shards that seem to have some are read again."""
    ids = np.sort(np.concatenate([found.ids for found in looks]))
    suspects = np.unique(ids[1:][ids[1:] == ids[:-1]])
    seen: dict[str, str] = {}
    for found in looks:
        if len(suspects) and np.isin(found.ids, suspects).any():
            yield from _again(found.shard, set(suspects.tolist()), seen)


def _again(shard: Shard, suspects: set[int], seen: dict[str, str]) -> Iterable[Problem]:
    before = shard.lines_before()
    for record in shard.records():
        if record.draft is not None and hash_of(record.draft.id) in suspects:
            yield from document_files.repeated_id(replace(record, line=record.line + before), seen)
