"""A corpus: a folder with `corpus.toml`, documents, a schema and splits."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from aloi.corpus import document_files
from aloi.corpus.document import Document, Draft, hash_documents
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import Rights, resolve_rights
from aloi.corpus.schema import Schema, load_schema
from aloi.corpus.toml_files import load_toml

CORPUS_MANIFEST = "corpus.toml"
"""Name of the file that every corpus folder contains."""

REVIEW_FILE = "review.toml"
"""Name of the file with the settings of the review and the accepted findings."""

STANDOFF_MANIFEST = "standoff.toml"
"""The file that makes a folder a stand-off corpus: annotations without their texts."""

INBOX = "inbox"
"""The folder of a corpus for documents that are to be annotated."""

STAGING_FOLDER = ".migration"
"""The folder with the new files of a running migration or addition (`aloi.corpus.migration`)."""

STAGING_MARKER = f"{STAGING_FOLDER}/complete"
"""The file that exists while a migration moves its new files to their places."""


class DatasheetSections(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Headings of the corpus's README, by the topic of their sections.

    A release repeats the sections in its machine-readable metadata. `annotation` is the annotation
    protocol, `agreement` the analysis of the annotations, `annotators` a description of the
    annotators, and `maintenance` the plan for corrections.
    """

    collection: str | None = None
    preprocessing: str | None = None
    annotation: str | None = None
    annotators: str | None = None
    agreement: str | None = None
    biases: str | None = None
    limitations: str | None = None
    uses: str | None = None
    social_impact: str | None = None
    personal_information: str | None = None
    maintenance: str | None = None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `corpus.toml`.

    `schema`, `splits` and `refs` (optional, see `aloi.corpus.refs`) are file names. `restricted`
    lists documents that may be missing from a copy of the corpus. `rights` are the default rights;
    the metadata of a document can state different rights (`aloi.corpus.rights`). `title`,
    `authors`, `contact` (for take-down requests), `date` (the day on which the version is
    published) and `datasheet` are published with a release.
    """

    name: str
    version: str
    licence: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    contact: str | None = None
    date: datetime.date | None = None
    datasheet: DatasheetSections = DatasheetSections()
    schema: str = "schema.toml"
    splits: str = "splits.toml"
    refs: str | None = None
    restricted: tuple[str, ...] = ()
    rights: Rights = Rights()


@dataclass(frozen=True)
class Corpus:
    """A corpus folder; its documents are read from `gold/` and `restricted/` on first use."""

    folder: Path
    manifest: Manifest
    schema: Schema
    splits: dict[str, tuple[str, ...]]

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Open a corpus folder.

        Raise `DataError` if its manifest, schema or splits are invalid, or if a migration of the
        corpus was interrupted.
        """
        if (folder / STAGING_MARKER).exists():
            what = "a migration of the corpus was interrupted while it replaced files"
            fix = "Repeat the `aloi corpus migrate` command, which completes the migration"
            raise DataError([Problem("interrupted-migration", what, fix, file=str(folder))])
        fix = "Correct or add the file; the corpus/ folder of aloi contains an example"
        manifest = load_toml(folder / CORPUS_MANIFEST, Manifest, fix=fix)
        splits = load_toml(folder / manifest.splits, dict[str, tuple[str, ...]], fix=fix)
        return cls(folder, manifest, load_schema(folder / manifest.schema), splits)

    def records(self) -> Iterator[document_files.DocumentRecord]:
        """Yield every record of the corpus, including invalid records."""
        for folder in ("gold", "restricted"):
            for file in sorted((self.folder / folder).glob("[!.]*.json")):
                yield from document_files.read_records(file)

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """All documents of the corpus; raises `DataError` if a document is invalid."""
        return tuple(document_files.valid_documents(self.records()))

    @cached_property
    def inbox(self) -> tuple[Document, ...]:
        """The documents in `inbox/` that the corpus does not contain yet; they have no mentions."""
        folder, known = self.folder / INBOX, {document.id for document in self.documents}
        waiting = document_files.read(folder) if folder.is_dir() else ()
        return tuple(document for document in waiting if document.id not in known)

    @cached_property
    def split_of(self) -> dict[str, str]:
        """A dictionary from document id to split; the last split if several splits list the id."""
        return {id_: split for split, ids in self.splits.items() for id_ in ids}

    def rights(self, document: Draft) -> Rights:
        """Return the rights in a document's text, from the document's metadata and the manifest."""
        restricted = document.id in self.manifest.restricted
        return resolve_rights(document.meta, self.manifest.rights, restricted=restricted)

    @cached_property
    def restricted_ids(self) -> frozenset[str]:
        """The ids of all documents that must not be redistributed, including missing documents."""
        found = (each.id for each in self.documents if not self.rights(each).redistributable)
        return frozenset((*self.manifest.restricted, *found))

    def split(self, name: str) -> tuple[Document, ...]:
        """Return the documents of a split that exist in this copy of the corpus."""
        ids = set(self.splits.get(name, ()))
        return tuple(document for document in self.documents if document.id in ids)

    def origin(self) -> dict[str, str]:
        """Return the corpus's name, version, licence and hash, which derived artefacts record."""
        manifest = self.manifest
        named = {"name": manifest.name, "version": manifest.version, "licence": manifest.licence}
        return {**named, "sha256": hash_documents(self.documents)}

    def __str__(self) -> str:
        digest = hash_documents(self.documents)
        return f"{self.manifest.name} {self.manifest.version} {digest[:12]}"


def is_corpus(path: Path) -> bool:
    """Return whether a path is a corpus folder, that is, contains `corpus.toml`."""
    return (path / CORPUS_MANIFEST).is_file()


def is_standoff(path: Path) -> bool:
    """Return whether a path is a stand-off corpus, i.e. contains `standoff.toml`."""
    return (path / STANDOFF_MANIFEST).is_file()
