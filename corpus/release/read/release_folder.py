"""Read a release folder: manifest, tables and documents. The folder contains these files:

README.md DATASHEET.md LICENSE.md CITATION.cff CHANGELOG.md croissant.json schema.toml
release.json                  the manifest: corpus, version, and the ids and hashes of all documents
SHA256SUMS                    checksums of all other files, in the format of sha256sum
hf-tokens/<split>.parquet     redistributable documents as tokens with IOB2 tags, one line per row
documents/<split>.parquet     the same documents: text, mentions, relations, rights
relations/<split>.parquet     the relations of these documents, one relation per row
standoff/<split>.parquet      all documents without their text: offsets, labels, hashes
"""

from __future__ import annotations

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
from aloi.corpus.release.read.hashes import MAX_SALT_BYTES
from aloi.corpus.rights import Rights
from aloi.corpus.text_files import JSON_ERRORS

CARD_FILE = "README.md"
CHECKSUM_FILE = "SHA256SUMS"
CROISSANT_FILE = "croissant.json"
SCHEMA_FILE = "schema.toml"

CONFIGS = ("hf-tokens", "documents", "relations", "standoff")
"""Configs, the default config first; only `standoff` contains restricted documents."""


class DocumentEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document in the manifest of a release; `hash` is the salted hash of its text."""

    id: str
    hash: str
    redistributable: bool


class ReleaseManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `release.json`.

    `documents`, `counts`: documents, and numbers of documents and annotations, by split. `lacking`:
    ids of documents that a split lists, but that the corpus folder did not contain at build time.
    `refs`: whether the release contains the refs of mentions in restricted documents.
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
    documents: dict[str, tuple[DocumentEntry, ...]]
    counts: dict[str, dict[str, int]]


class StandoffMention(Entity, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A mention without its text; `hash` is the salted hash of the text."""

    hash: str


class StandoffDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document without its text.

    `length`: length of the text, in code points. `hash`: salted hash of the text.
    """

    id: str
    length: int
    hash: str
    entities: tuple[StandoffMention, ...]
    relations: tuple[Relation, ...]
    meta: dict[str, Any]
    rights: Rights


@dataclass(frozen=True)
class Release:
    """A release folder; the tables are read only when they are needed."""

    folder: Path
    manifest: ReleaseManifest

    @classmethod
    def open(cls, folder: Path) -> Release:
        """Return the release in a folder; raise `DataError` if its manifest cannot be read."""
        file = folder / RELEASE_MANIFEST
        try:
            manifest = msgspec.json.decode(file.read_bytes(), type=ReleaseManifest)
        except OSError as error:
            what = f"the manifest cannot be read: {error.strerror}"
        except JSON_ERRORS as error:
            what = str(error)
        else:
            if (defect := _manifest_defect(manifest)) is None:
                return cls(folder, manifest)
            what = defect
        fix = "Give a folder written by `aloi release build`"
        raise DataError([Problem("bad-release", what, fix, file=str(file))])

    def table(self, config: str, split: str) -> Path:
        """Return the Parquet file of one split of a config."""
        return self.folder / config / f"{split}.parquet"

    def documents(self) -> dict[str, list[Document]]:
        """Return the documents with text, by split; raise `DataError` on an unreadable table."""
        return {
            split: list(
                parquet.read(self.table("documents", split), parquet.ReadOptions(), Notes())
            )
            for split in self.manifest.documents
        }

    def standoff(self) -> dict[str, list[StandoffDocument]]:
        """Return all documents without text, by split; raise `DataError` on an unreadable table."""
        return {
            split: list(_read_standoff(self.table("standoff", split)))
            for split in self.manifest.documents
        }


def _manifest_defect(manifest: ReleaseManifest) -> str | None:
    """Return what is wrong with a manifest; split names become file names, so none is a path."""
    if not 1 <= len(manifest.salt.encode()) <= MAX_SALT_BYTES:
        return f"the salt must contain 1 to {MAX_SALT_BYTES} bytes"
    for split in manifest.documents:
        if split in ("", ".", "..") or {"/", "\\", "\0"} & set(split):
            return f"the name of a split must not be {split!r:.80}"
    return None


def _read_standoff(file: Path) -> Iterator[StandoffDocument]:
    try:
        for row in parquet.read_rows(file, list):
            yield msgspec.convert(row, StandoffDocument)
    except msgspec.ValidationError as error:
        fix = "Build the release again"
        raise DataError([Problem("bad-release", str(error), fix, file=str(file))]) from error
