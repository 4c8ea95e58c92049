"""The output folder of a prediction in shards, and its manifest.

`documents/` has a file per shard, `errors/` a file for each shard with documents that made the
model fail. The first line of `manifest.jsonl` is the origin of the run (`ShardOrigin`), every
further line a finished shard (`ShardEntry`). Driver and workers share the folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from aloi.corpus.atomic_files import atomic_text_file, write_bytes
from aloi.corpus.formats.detection import RUN_MANIFEST
from aloi.corpus.locks import lock_file
from aloi.corpus.problems import DataError, Problem

SHARD_SUFFIXES = {"native": ".jsonl", "parquet": ".parquet"}
"""File suffix of the shards by format."""


class ShardEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finished shard: name, SHA-256 of the input shard, counts, and the output file.

    `bytes` and `sha256` are those of the output file. `documents` does not include `failed` ones.
    """

    name: str
    input: str
    documents: int
    failed: int
    entities: int
    relations: int
    bytes: int
    sha256: str

    def matches(self, file: Path) -> bool:
        """Return whether a file exists and has the size and SHA-256 of the entry."""
        return (
            file.exists() and file.stat().st_size == self.bytes and file_sha256(file) == self.sha256
        )


class DocumentFailure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document that made the model fail, and the error."""

    id: str
    error: str


class ShardOrigin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The origin of a run; a change of the first four fields invalidates all its shards."""

    model: str
    options: str
    version: str
    format: str
    input: str
    documents: int
    shards: int

    def changes(self, earlier: ShardOrigin) -> list[str]:
        """Return the names of the fields that differ and invalidate the shards of `earlier`."""
        decisive = ("model", "options", "version", "format")
        return [name for name in decisive if getattr(self, name) != getattr(earlier, name)]


@dataclass(frozen=True)
class ShardFolder:
    """The output folder of a run; `format` is that of the shards, "native" or "parquet"."""

    folder: Path
    format: str

    @property
    def manifest(self) -> Path:
        """The path of the manifest."""
        return self.folder / RUN_MANIFEST

    def documents_file(self, name: str) -> Path:
        """Return the path of a shard's documents."""
        return self.folder / "documents" / f"{name}{SHARD_SUFFIXES[self.format]}"

    def errors_file(self, name: str) -> Path:
        """Return the path of a shard's failures."""
        return self.folder / "errors" / f"{name}.jsonl"

    def read_manifest(self) -> tuple[ShardOrigin | None, dict[str, ShardEntry]]:
        """Return origin and entries by shard name; (None, {}) for a new or empty folder.

        An incomplete last line is ignored. Raises `DataError` if the folder is not the output of
        a run.
        """
        names = {path.name for path in self.folder.iterdir()} if self.folder.exists() else set()
        if not names - {lock_file(self.folder).name}:
            return None, {}
        try:
            first, *lines = self.manifest.read_bytes().split(b"\n")[:-1]
            entries = [msgspec.json.decode(line, type=ShardEntry) for line in lines]
            origin = msgspec.json.decode(first, type=ShardOrigin)
        except (OSError, ValueError) as error:
            what = f"not the output folder of a prediction in shards: {error}"
            problem = Problem("bad-output", what, "Choose a new folder", file=str(self.manifest))
            raise DataError([problem]) from error
        return origin, {entry.name: entry for entry in entries}

    def write_manifest(self, origin: ShardOrigin, entries: Iterable[ShardEntry]) -> None:
        """Write the manifest, replacing the existing one at once."""
        with atomic_text_file(self.manifest) as stream:
            for line in (origin, *entries):
                stream.write(msgspec.json.encode(line).decode() + "\n")

    def remove_shards(self, names: Iterable[str]) -> None:
        """Remove the files of shards, and the temporary files of interrupted writes."""
        for name in names:
            self.documents_file(name).unlink(missing_ok=True)
            self.errors_file(name).unlink(missing_ok=True)
        lock = lock_file(self.folder).name
        for file in self.folder.rglob(".*"):
            if file.is_file() and file.suffix not in SHARD_SUFFIXES.values() and file.name != lock:
                file.unlink()

    def write_failures(self, name: str, failures: Iterable[DocumentFailure]) -> None:
        """Write the failures of a shard, or remove its file if there are none."""
        content = b"".join(msgspec.json.encode(failure) + b"\n" for failure in failures)
        if content:
            write_bytes(self.errors_file(name), content)
        else:
            self.errors_file(name).unlink(missing_ok=True)

    def failure_problems(self) -> Iterator[Problem]:
        """Yield a problem for every document that made the model fail."""
        fix = "Correct or remove the document, or remove this file, then run the same command again"
        for name, entry in self.read_manifest()[1].items():
            file = self.errors_file(name)
            for line in file.read_bytes().splitlines() if entry.failed else ():
                failure = msgspec.json.decode(line, type=DocumentFailure)
                yield Problem("model-failed", failure.error, fix, failure.id, file=str(file))


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
