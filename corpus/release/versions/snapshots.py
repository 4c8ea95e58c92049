"""A snapshot of one corpus version, read from a corpus folder, a release or document files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aloi.corpus.corpus_folder import Corpus, is_corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.detection import is_release
from aloi.corpus.formats.registry import read
from aloi.corpus.release.read.hashes import DOCUMENT_HASH_BYTES, salted_hash
from aloi.corpus.release.read.release_folder import SCHEMA_FILE, Release, StandoffDocument
from aloi.corpus.rights import Rights, resolve_rights
from aloi.corpus.schema import Schema, load_schema
from aloi.corpus.statistics.readme_tables import missing_documents


@dataclass(frozen=True)
class TextHash:
    """The salted hash of a withheld text, and the salt."""

    salt: str
    hash: str

    def matches(self, text: str) -> bool:
        """Return whether a text has this hash."""
        return salted_hash(text, self.salt, DOCUMENT_HASH_BYTES) == self.hash


@dataclass(frozen=True)
class CorpusSnapshot:
    """The documents of one corpus version, with their splits and rights, by document id.

    `text_hashes`: hashes of the texts that a release withholds; the text of such a document is
    replaced by spaces. `missing`: ids of documents that belong to the version, but are not in the
    snapshot.
    """

    documents: Mapping[str, Document]
    split_of: Mapping[str, str] = field(default_factory=dict)
    rights: Mapping[str, Rights] = field(default_factory=dict)
    name: str = ""
    version: str | None = None
    schema: Schema | None = None
    text_hashes: Mapping[str, TextHash] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()

    def split(self, id_: str) -> str:
        """Return the split of a document, or an empty string if the document is in no split."""
        return self.split_of.get(id_, "")

    def __str__(self) -> str:
        return f"{self.name} {self.version or 'without a version'}".strip()


def open_snapshot(path: Path) -> CorpusSnapshot:
    """Read the snapshot of a release, a corpus folder, or document files in any format.

    A snapshot of document files has no version, splits or schema. Raises `DataError` if the
    files are invalid.
    """
    if is_release(path):
        return _release_snapshot(Release.open(path))
    if is_corpus(path):
        return corpus_snapshot(Corpus.open(path))
    documents = {document.id: document for document in read(str(path))}
    rights = {
        id_: resolve_rights(document.meta, Rights(), restricted=False)
        for id_, document in documents.items()
    }
    return CorpusSnapshot(documents, rights=rights, name=path.name)


def corpus_snapshot(corpus: Corpus) -> CorpusSnapshot:
    """Return the snapshot of a corpus folder."""
    return CorpusSnapshot(
        documents={document.id: document for document in corpus.documents},
        split_of=corpus.split_of,
        rights={document.id: corpus.rights(document) for document in corpus.documents},
        name=corpus.manifest.name,
        version=corpus.manifest.version,
        schema=corpus.schema,
        missing=frozenset(missing_documents(corpus)),
    )


def _release_snapshot(release: Release) -> CorpusSnapshot:
    manifest = release.manifest
    with_text = {
        document.id: document for split in release.documents().values() for document in split
    }
    standoff = {each.id: each for split in release.standoff().values() for each in split}
    return CorpusSnapshot(
        documents={id_: with_text.get(id_) or _blank_text(each) for id_, each in standoff.items()},
        split_of={
            entry.id: split for split, entries in manifest.documents.items() for entry in entries
        },
        rights={id_: each.rights for id_, each in standoff.items()},
        name=manifest.corpus,
        version=manifest.version,
        schema=load_schema(release.folder / SCHEMA_FILE),
        text_hashes={
            id_: TextHash(manifest.salt, each.hash)
            for id_, each in standoff.items()
            if id_ not in with_text
        },
        missing=frozenset(manifest.lacking),
    )


def _blank_text(document: StandoffDocument) -> Document:
    """Return a document in which the withheld text is replaced by spaces."""
    text = " " * document.length
    return Document(document.id, text, document.entities, document.relations, document.meta)
