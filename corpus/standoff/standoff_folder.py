"""A stand-off corpus: a folder with `standoff.toml` and records instead of documents.

standoff.toml     name, version, licences, salt of the hashes, repository of the texts
draw_rule.toml    the rule of the draw, themes.toml the rule of the themes
draw.toml         theme and split of each document
gold/<id>.json    one record per document
passes/<annotator>/<id>.json    records before adjudication
review.toml       accepted findings of the review, by offset
removed.toml      ids of removed documents
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from aloi.corpus.corpus_folder import STANDOFF_MANIFEST
from aloi.corpus.rights import Rights
from aloi.corpus.schema import Schema, load_schema
from aloi.corpus.standoff.draw import DRAW_FILE, RULE_FILE, Draw, DrawRule, load_draw, load_rule
from aloi.corpus.toml_files import load_toml

GOLD, PASSES = "gold", "passes"
"""Folders of the gold records, and of the records of each annotator before adjudication."""


class TextSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The git repository that contains the texts: its address and the commit."""

    repository: str
    commit: str


class StandoffManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `standoff.toml`.

    `licence` is the licence of the annotations, `rights` are the rights in the texts. `schema` is
    the path of the annotation schema, `refs` that of the authority of refs (optional,
    `aloi.corpus.refs`), and `review` that of a file with rules for the review (optional), all
    relative to the folder. `salt` is the salt of all hashes.
    """

    name: str
    version: str
    licence: str
    salt: str
    schema: str
    lang: str
    texts: TextSource
    rights: Rights
    refs: str | None = None
    review: str | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    contact: str | None = None


@dataclass(frozen=True)
class StandoffCorpus:
    """A stand-off corpus; its records are read from the files on each use."""

    folder: Path
    manifest: StandoffManifest
    schema: Schema
    draw: Draw
    rule: DrawRule

    @classmethod
    def open(cls, folder: Path) -> StandoffCorpus:
        """Open a stand-off corpus; raise `DataError` if one of its TOML files is invalid."""
        manifest = load_manifest(folder)
        schema = load_schema(folder / manifest.schema)
        draw, rule = load_draw(folder / DRAW_FILE), load_rule(folder / RULE_FILE)
        return cls(folder, manifest, schema, draw, rule)

    def gold_files(self) -> list[Path]:
        """Return the files of the gold records."""
        return sorted((self.folder / GOLD).glob("[!.]*.json"))

    def pass_files(self) -> list[Path]:
        """Return the files of the records of all annotators."""
        return sorted((self.folder / PASSES).glob("[!.]*/[!.]*.json"))

    def files(self) -> Iterator[Path]:
        """Yield all files of records, gold first."""
        yield from self.gold_files()
        yield from self.pass_files()


def load_manifest(folder: Path) -> StandoffManifest:
    """Read `standoff.toml`; raise `DataError` if it is invalid."""
    fix = "Correct the file; corpus/wikinews/standoff.toml of aloi is an example"
    return load_toml(folder / STANDOFF_MANIFEST, StandoffManifest, fix=fix)
