"""The output folder of a prediction in shards, and its manifest.

`documents/` contains one file per shard. A failure is a document on which the model raised an
error; `errors/` contains one file for each shard with failures. The first line of `manifest.jsonl`
is the origin of the run (`ShardOrigin`); each other line is a finished shard (`ShardEntry`). The
driver and all workers use the same folder.
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
from aloi.corpus.text_files import JSON_ERRORS

SHARD_SUFFIXES = {"native": ".jsonl", "parquet": ".parquet"}
"""The file suffix of shards, by format."""

SCRATCH_PATTERN = ".*.*-*-*.aloi"
"""The names of the scratch files of `atomic_files`; other hidden files belong to the user."""


class ShardEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The manifest's entry for a finished shard.

    name: the name of the shard. input: the SHA-256 of its input. documents: the number of documents
    in the output file. failed: the number of documents on which the model raised an error; they are
    not included in `documents`. entities, relations: numbers of predictions. bytes, sha256: the
    size and the SHA-256 of the output file.
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
        """Return whether `file` exists and has the size and the SHA-256 of the entry."""
        return (
            file.exists() and file.stat().st_size == self.bytes and file_sha256(file) == self.sha256
        )


class DocumentFailure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document on which the model raised an error, and the error message."""

    id: str
    error: str


class ShardOrigin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The origin of a run: the settings and the input that determine its output.

    If model, options, version or format changes, all shards of an earlier run become invalid.
    """

    model: str
    options: str
    version: str
    format: str
    input: str
    documents: int
    shards: int

    def changes(self, earlier: ShardOrigin) -> list[str]:
        """Return the fields that differ from `earlier` and make the shards of that run invalid."""
        decisive = ("model", "options", "version", "format")
        return [name for name in decisive if getattr(self, name) != getattr(earlier, name)]


@dataclass(frozen=True)
class ShardFolder:
    """The output folder of a run, with shards in the format "native" or "parquet"."""

    folder: Path
    format: str

    @property
    def manifest(self) -> Path:
        """The path of the manifest."""
        return self.folder / RUN_MANIFEST

    def documents_file(self, name: str) -> Path:
        """Return the path of the file that contains a shard's documents."""
        return self.folder / "documents" / f"{name}{SHARD_SUFFIXES[self.format]}"

    def errors_file(self, name: str) -> Path:
        """Return the path of the file that contains a shard's failures."""
        return self.folder / "errors" / f"{name}.jsonl"

    def read_manifest(self) -> tuple[ShardOrigin | None, dict[str, ShardEntry]]:
        """Return the origin and a dictionary of the entries by shard name.

        Returns (None, {}) for a new or empty folder. An incomplete last line is ignored. Raises
        `DataError` if the folder is not empty and was not written by a prediction in shards.
        """
        names = {path.name for path in self.folder.iterdir()} if self.folder.exists() else set()
        if not names - {lock_file(self.folder).name}:
            return None, {}
        try:
            first, *lines = self.manifest.read_bytes().split(b"\n")[:-1]
            entries = [msgspec.json.decode(line, type=ShardEntry) for line in lines]
            origin = msgspec.json.decode(first, type=ShardOrigin)
        except (OSError, *JSON_ERRORS) as error:
            what = f"cannot read the manifest of a prediction in shards: {error}"
            fix = "Use a new or empty output folder"
            problem = Problem("bad-output", what, fix, file=str(self.manifest))
            raise DataError([problem]) from error
        return origin, {entry.name: entry for entry in entries}

    def write_manifest(self, origin: ShardOrigin, entries: Iterable[ShardEntry]) -> None:
        """Write the manifest; an existing manifest is replaced atomically."""
        with atomic_text_file(self.manifest) as stream:
            for line in (origin, *entries):
                stream.write(msgspec.json.encode(line).decode() + "\n")

    def remove_shards(self, names: Iterable[str]) -> None:
        """Remove the files of these shards, and the scratch of interrupted writes on any node."""
        for name in names:
            self.documents_file(name).unlink(missing_ok=True)
            self.errors_file(name).unlink(missing_ok=True)
        for file in self.folder.rglob(SCRATCH_PATTERN):
            file.unlink()

    def write_failures(self, name: str, failures: Iterable[DocumentFailure]) -> None:
        """Write a shard's failures to its file in `errors/`; without failures, remove the file."""
        content = b"".join(msgspec.json.encode(failure) + b"\n" for failure in failures)
        if content:
            write_bytes(self.errors_file(name), content)
        else:
            self.errors_file(name).unlink(missing_ok=True)

    def failure_problems(self) -> Iterator[Problem]:
        """Yield a problem for every document on which the model raised an error."""
        fix = (
            "Correct or remove the document (or delete this file to retry), then run the same "
            "command again"
        )
        for name, entry in self.read_manifest()[1].items():
            file = self.errors_file(name)
            for line in file.read_bytes().splitlines() if entry.failed else ():
                failure = msgspec.json.decode(line, type=DocumentFailure)
                yield Problem("model-failed", failure.error, fix, failure.id, file=str(file))


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
