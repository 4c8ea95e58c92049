"""The names of things that are known before a document is read.

A lexicon has the refs of names and aliases in an authority of refs (`refs.toml`), and the refs of
the mentions in annotated documents, such as the adjectives of countries and the places that stand
for a government.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Self

import msgspec

from aloi.corpus.document import Document, Entity
from aloi.corpus.refs.authority import PRIVATE_SIGN, RefAuthority, is_iso_date, normalise_surface
from aloi.models.refs.labels import RefLabels, load_ref_labels

MIN_SHARE = 0.6
"""The share of the annotated documents with a surface that must have a ref, so that it is used."""

SURE_DOCUMENTS = 2
"""Annotated documents that must agree on a ref that contradicts the authority of refs."""


class RefLexicon(msgspec.Struct, frozen=True):
    """The refs of surfaces.

    `names` has the refs of an authority by normalised surface, and `types` the label of each of
    these refs. `allowed` lists, by type, the other labels that mentions of a thing may have.
    `mentions` has the annotated documents of each ref, by label, attributes and normalised surface
    (see `_mention_key`). `labels` says which labels are dates, persons and so on.
    """

    names: dict[str, tuple[str, ...]] = {}
    types: dict[str, str] = {}
    allowed: dict[str, tuple[str, ...]] = {}
    mentions: dict[str, dict[str, tuple[str, ...]]] = {}
    labels: RefLabels = msgspec.field(default_factory=load_ref_labels)

    @classmethod
    def of(cls, authority: RefAuthority | None, documents: Iterable[Document]) -> Self:
        """Return the lexicon of an authority of refs and of annotated documents."""
        mentions = _documents_by_ref(documents)
        if authority is None:
            return cls(mentions=mentions)
        types = {ref: entry.type for ref, entry in authority.refs.items()}
        return cls(authority.refs_by_surface, types, authority.content.labels, mentions)

    def without_document_ids(self) -> RefLexicon:
        """Return a lexicon whose annotated documents are numbered, for a pipeline to be published.

        A document no longer has an id that `find` can exclude.
        """
        known = (ids for refs in self.mentions.values() for ids in refs.values())
        ids = sorted({*chain.from_iterable(known)})
        numbers = {id_: str(number) for number, id_ in enumerate(ids)}
        mentions = {
            key: {ref: tuple(numbers[id_] for id_ in ids) for ref, ids in refs.items()}
            for key, refs in self.mentions.items()
        }
        return msgspec.structs.replace(self, mentions=mentions)

    def find(self, surface: str, entity: Entity, *, excluded: str) -> str | None:
        """Return the ref of a mention by its surface, or None if it is unknown or ambiguous.

        `excluded`: the id of the document of the mention; its annotations are not used.
        """
        named = self.named(surface, entity.label)
        for attributes in ({"": ""},) if not entity.attributes else (entity.attributes, {"": ""}):
            key = _mention_key(surface, entity.label, attributes)
            refs = {
                ref: len({*ids} - {excluded}) for ref, ids in self.mentions.get(key, {}).items()
            }
            usual, documents = _usual(refs)
            if documents and (entity.attributes or named is None or documents >= SURE_DOCUMENTS):
                return usual or named
        return named

    def is_name(self, surface: str) -> bool:
        """Return whether the authority has this name, even of several things."""
        return normalise_surface(surface) in self.names

    def named(self, surface: str, label: str) -> str | None:
        """Return the only ref of the authority with this name and a type that allows the label."""
        refs = self.names.get(normalise_surface(surface), ())
        own = [ref for ref in refs if self.types[ref] == label]
        other = [ref for ref in refs if label in self.allowed.get(self.types[ref], ())]
        return next((found[0] for found in (own, other) if len(found) == 1), None)


def _documents_by_ref(documents: Iterable[Document]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the ids of the documents in which mentions have each ref."""
    found: defaultdict[str, defaultdict[str, set[str]]]
    found = defaultdict(lambda: defaultdict(set))
    for document in documents:
        for entity in document.entities:
            if entity.ref and not (is_iso_date(entity.ref) or PRIVATE_SIGN in entity.ref):
                for attributes in filter(None, ({"": ""}, entity.attributes)):
                    key = _mention_key(document.surface(entity), entity.label, attributes)
                    found[key][entity.ref].add(document.id)
    return {
        key: {ref: tuple(sorted(ids)) for ref, ids in refs.items()} for key, refs in found.items()
    }


def _usual(refs: dict[str, int]) -> tuple[str | None, int]:
    """Return the ref with most documents, if they are not too few, and the number of documents."""
    total = sum(refs.values())
    if not total:
        return None, 0
    ref, count = max(refs.items(), key=lambda each: (each[1], each[0]))
    return (ref if count >= MIN_SHARE * total else None), total


def _mention_key(surface: str, label: str, attributes: Mapping[str, str]) -> str:
    parts = [f"{name}={value}" for name, value in sorted(attributes.items()) if name]
    return "\t".join((label, *parts, normalise_surface(surface)))
