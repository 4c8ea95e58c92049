"""A corpus: a folder with `corpus.toml`, its documents, schema and splits."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import msgspec

from aloi.corpus import document_files
from aloi.corpus.document import Document, Draft
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import Rights, rights_of
from aloi.corpus.schema import Schema, load_schema

MANIFEST = "corpus.toml"
T = TypeVar("T")


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `corpus.toml` says; `restricted` names documents that a copy may lack.

    `rights` are those of every document that does not say otherwise (`aloi.corpus.rights`);
    `title`, `authors` and `contact` (whom to ask for a take-down) go into a release.
    """

    name: str
    version: str
    licence: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    contact: str | None = None
    schema: str = "schema.toml"
    splits: str = "splits.toml"
    restricted: tuple[str, ...] = ()
    rights: Rights = Rights()


@dataclass(frozen=True)
class Corpus:
    """A corpus folder, read on demand: `gold/` and `restricted/`, never the passes."""

    folder: Path
    manifest: Manifest
    schema: Schema
    splits: dict[str, tuple[str, ...]]

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Read the manifest, schema and splits; raises `DataError` if one is broken."""
        manifest = _toml(folder / MANIFEST, Manifest)
        splits = _toml(folder / manifest.splits, dict[str, tuple[str, ...]])
        return cls(folder, manifest, load_schema(folder / manifest.schema), splits)

    def records(self) -> Iterator[document_files.DocumentRecord]:
        """Every record of the corpus, valid or not."""
        for file in (
            *sorted((self.folder / "gold").glob("*.json")),
            *sorted((self.folder / "restricted").glob("*.json")),
        ):
            yield from document_files.records(file)

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """All documents; raises `DataError` if one is not valid."""
        return tuple(document_files.documents(self.records()))

    @cached_property
    def split_of(self) -> dict[str, str]:
        """The split of each document id that is in one; of several, the last."""
        return {id_: split for split, ids in self.splits.items() for id_ in ids}

    def rights(self, document: Draft) -> Rights:
        """The rights in a document's text, by its metadata and the manifest."""
        restricted = document.id in self.manifest.restricted
        return rights_of(document.meta, self.manifest.rights, restricted=restricted)

    @cached_property
    def restricted_ids(self) -> frozenset[str]:
        """The ids of the documents whose text must not be redistributed, at hand or not."""
        found = (each.id for each in self.documents if not self.rights(each).redistributable)
        return frozenset((*self.manifest.restricted, *found))

    def split(self, name: str) -> tuple[Document, ...]:
        """The documents of one split that are at hand."""
        wanted = set(self.splits.get(name, ()))
        return tuple(document for document in self.documents if document.id in wanted)

    def origin(self) -> dict[str, str]:
        """What to say of the corpus where something is made from it."""
        said = self.manifest
        whose = {"name": said.name, "version": said.version, "licence": said.licence}
        return {**whose, "sha256": digest(self.documents)}

    def __str__(self) -> str:
        return f"{self.manifest.name} {self.manifest.version} {digest(self.documents)[:12]}"


def is_corpus(path: Path) -> bool:
    """Whether a path is a corpus folder."""
    return (path / MANIFEST).is_file()


def digest(documents: Iterable[Document]) -> str:
    """SHA-256 of the documents, whatever their order, in hexadecimal."""
    encoder = msgspec.json.Encoder(order="sorted")
    each = sorted(hashlib.sha256(encoder.encode(document)).digest() for document in documents)
    return hashlib.sha256(b"".join(each)).hexdigest()


def _toml(path: Path, type_: type[T]) -> T:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), type_)
    except OSError as error:
        what, fix = f"cannot be read: {error.strerror}", "A corpus folder needs this file"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        what, fix = str(error), "Correct the file; aloi's own corpus/ is an example"
    raise DataError([Problem("bad-manifest", what, fix, file=str(path))])
