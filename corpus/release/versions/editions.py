"""One version of a corpus, from wherever it stands: corpus folder, release, bare documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aloi.corpus.collection import Corpus, is_corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.detection import is_release
from aloi.corpus.formats.registry import read
from aloi.corpus.release.read.layout import (
    DOCUMENT_BYTES,
    SCHEMA,
    Release,
    Standoff,
    hash_of,
)
from aloi.corpus.rights import Rights, resolve_rights
from aloi.corpus.schema import Schema, load_schema
from aloi.corpus.statistics.readme_tables import missing_documents


@dataclass(frozen=True)
class Seal:
    """The hash of a text that is not here, and what was hashed with it."""

    salt: str
    hash: str

    def fits(self, text: str) -> bool:
        """Whether it is the hash of this text."""
        return hash_of(text, self.salt, DOCUMENT_BYTES) == self.hash


@dataclass(frozen=True)
class Edition:
    """The documents of one version by id, their splits and rights, and what rules them.

    `sealed`: of the documents that stand here without their text; theirs is as long, and blank.
    `lacking`: the documents of this version that are not here at all.
    """

    documents: Mapping[str, Document]
    split_of: Mapping[str, str] = field(default_factory=dict)
    rights: Mapping[str, Rights] = field(default_factory=dict)
    name: str = ""
    version: str | None = None
    schema: Schema | None = None
    sealed: Mapping[str, Seal] = field(default_factory=dict)
    lacking: frozenset[str] = frozenset()

    def split(self, id_: str) -> str:
        """The split of a document, empty if it is in none."""
        return self.split_of.get(id_, "")

    def __str__(self) -> str:
        return f"{self.name} {self.version or 'without a version'}".strip()


def open_edition(path: Path) -> Edition:
    """Read one version: a release, a corpus folder, or bare documents in any format.

    Bare documents have no version, splits or schema. Raises `DataError` with everything wrong.
    """
    if is_release(path):
        return _from_release(Release.open(path))
    if is_corpus(path):
        return _from_corpus(Corpus.open(path))
    documents = {document.id: document for document in read(str(path))}
    rights = {
        id_: resolve_rights(document.meta, Rights(), restricted=False)
        for id_, document in documents.items()
    }
    return Edition(documents, rights=rights, name=path.name)


def _from_corpus(corpus: Corpus) -> Edition:
    return Edition(
        {document.id: document for document in corpus.documents},
        corpus.split_of,
        {document.id: corpus.rights(document) for document in corpus.documents},
        corpus.manifest.name,
        corpus.manifest.version,
        corpus.schema,
        lacking=frozenset(missing_documents(corpus)),
    )


def _from_release(release: Release) -> Edition:
    manifest = release.manifest
    here = {document.id: document for many in release.documents().values() for document in many}
    bare = {each.id: each for many in release.standoff().values() for each in many}
    return Edition(
        {id_: here.get(id_) or _blank(each) for id_, each in bare.items()},
        {entry.id: split for split, held in manifest.documents.items() for entry in held},
        {id_: each.rights for id_, each in bare.items()},
        manifest.corpus,
        manifest.version,
        load_schema(release.folder / SCHEMA),
        {id_: Seal(manifest.salt, each.hash) for id_, each in bare.items() if id_ not in here},
        frozenset(manifest.lacking),
    )


def _blank(each: Standoff) -> Document:
    """A document whose text is not given, with as many spaces for it."""
    return Document(each.id, " " * each.length, each.entities, each.relations, each.meta)
