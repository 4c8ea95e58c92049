"""The folder of a release: what stands where, and how it is read again.

README.md DATASHEET.md LICENSE.md CITATION.cff CHANGELOG.md croissant.json schema.toml
release.json                  what the release is, and which documents are in it
SHA256SUMS                    of every file but itself, as sha256sum writes them
documents/<split>.parquet     text, mentions, relations, rights: what may be given on
tokens/<split>.parquet        the same documents as tokens with BIO tags
relations/<split>.parquet     their relations, a row an instance
standoff/<split>.parquet      every document without its text: offsets, labels, hashes
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import parquet
from aloi.corpus.formats.detection import RELEASE_MANIFEST
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import Rights

MANIFEST = RELEASE_MANIFEST
SUMS = "SHA256SUMS"
CARD = "README.md"
CROISSANT = "croissant.json"
SCHEMA = "schema.toml"
CONFIGS = ("documents", "tokens", "relations", "standoff")
"""The first is the default; the last alone has what may not be given on."""

MENTION_BYTES, DOCUMENT_BYTES = 8, 16
"""How much is kept of the hash of a mention, and of a document."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document of the release; `hash` is that of its text."""

    id: str
    hash: str
    redistributable: bool


class ReleaseManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `release.json` says.

    `documents` and `counts` are by split; `lacking` are documents of the corpus that were not at
    hand; `refs` tells whether restricted mentions keep what they refer to.
    """

    corpus: str
    version: str
    schema: str
    schema_version: str
    aloi: str
    canary: str
    salt: str
    refs: bool
    lacking: tuple[str, ...]
    documents: dict[str, tuple[Entry, ...]]
    counts: dict[str, dict[str, int]]


class Mark(Entity, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A mention without its text: its place, its label and the hash of its characters."""

    hash: str


class Standoff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document without its text, which has `length` code points and this hash."""

    id: str
    length: int
    hash: str
    entities: tuple[Mark, ...]
    relations: tuple[Relation, ...]
    meta: dict[str, Any]
    rights: Rights


@dataclass(frozen=True)
class Release:
    """A release folder, read on demand."""

    folder: Path
    manifest: ReleaseManifest

    @classmethod
    def open(cls, folder: Path) -> Release:
        """Read the manifest; raises `DataError` if it is missing or broken."""
        file = folder / MANIFEST
        try:
            return cls(folder, msgspec.json.decode(file.read_bytes(), type=ReleaseManifest))
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
        except msgspec.MsgspecError as error:
            what = str(error)
        fix = "Give a folder that aloi release build made"
        raise DataError([Problem("bad-release", what, fix, file=str(file))])

    def table(self, config: str, split: str) -> Path:
        """The file of a config's split."""
        return self.folder / config / f"{split}.parquet"

    def documents(self) -> dict[str, list[Document]]:
        """The documents whose text is in the release, by split; raises `DataError`."""
        return {
            split: list(
                parquet.read(self.table("documents", split), parquet.ReadOptions(), Notes())
            )
            for split in self.manifest.documents
        }

    def standoff(self) -> dict[str, list[Standoff]]:
        """All documents without their text, by split; raises `DataError`."""
        return {
            split: list(_standoff(self.table("standoff", split)))
            for split in self.manifest.documents
        }


def salt_of(name: str, version: str) -> str:
    """What is hashed with every text: one for each version, the same for whoever builds it."""
    return hashlib.sha256(f"{name} {version}".encode()).hexdigest()[:32]


def hash_of(text: str, salt: str, size: int) -> str:
    """The first `size` bytes of the salted hash (BLAKE2b) of a text, in hexadecimal."""
    return hashlib.blake2b(text.encode(), key=salt.encode(), digest_size=size).hexdigest()


def canary_of(name: str) -> str:
    """A line that no other text has: whoever finds it in training data has found the corpus."""
    return f"{name} canary GUID {uuid.uuid5(uuid.NAMESPACE_URL, f'aloi:{name}')}"


def _standoff(file: Path) -> Iterator[Standoff]:
    try:
        for row in parquet.read_rows(file, list):
            yield msgspec.convert(row, Standoff)
    except msgspec.ValidationError as error:
        fix = "Build the release again"
        raise DataError([Problem("bad-release", str(error), fix, file=str(file))]) from error
