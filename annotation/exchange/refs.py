"""Refs for mentions, taken from annotated documents, from rules or from the same document.

A push fills in refs of predicted mentions, and offers refs of the words in a text to annotators.
A ref on which several annotated documents agree comes first. The other refs and the dates are
computed by rules (`aloi.models.refs.clustering`), with the names in the corpus's list of refs and
in its other documents. A common noun such as *accord* that refers to nothing known gets no ref,
because a wrong ref is easily overlooked.

A pull gives a ref to all mentions with the same words and label in a document.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import msgspec

from aloi.annotation.server_protocol import KnownRef
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity
from aloi.models.refs.clustering import predict_refs
from aloi.models.refs.corpus_lexicon import corpus_lexicon
from aloi.models.refs.lexicon import RefLexicon

MIN_DOCUMENTS = 2
"""Annotated documents that must agree on a ref, so that it is filled in.

In the corpus of aloi, each document compared with all others, 97 % of the refs filled in with this
value are correct (2,244 mentions), and 87 % with 1 (3,336 mentions).
"""

MAX_MEANINGS = 8
"""Words with more refs than this, such as *lundi*, are not used to offer refs."""

MAX_SURFACES = 3
"""The number of surfaces to show with a ref."""


class MentionKey(NamedTuple):
    """The words and the label of a mention."""

    surface: str
    label: str


@dataclass(frozen=True)
class RefTable:
    """The documents in which a surface with a label has each ref; the ref None is a missing ref.

    `lexicon` contains the names for the rules; if it is None, no refs are computed by rules.
    """

    documents: Mapping[MentionKey, Mapping[str | None, frozenset[str]]] = field(
        default_factory=dict
    )
    lexicon: RefLexicon | None = None

    @classmethod
    def from_corpus(cls, corpus: Corpus, documents: Collection[Document] | None = None) -> RefTable:
        """Return the refs in annotated documents, with the names of a corpus's list of refs.

        `documents`: default: those of the corpus. Raises `DataError` if the list of refs or the
        documents of the corpus are invalid.
        """
        annotated = corpus.documents if documents is None else documents
        return replace(cls.from_documents(annotated), lexicon=corpus_lexicon(corpus, annotated))

    @classmethod
    def from_documents(cls, documents: Iterable[Document]) -> RefTable:
        """Return the refs in annotated documents; no refs are computed by rules."""
        found: defaultdict[MentionKey, defaultdict[str | None, set[str]]]
        found = defaultdict(lambda: defaultdict(set))
        for document in documents:
            for entity in document.entities:
                found[_key(document, entity)][entity.ref].add(document.id)
        return cls(
            {key: {ref: frozenset(ids) for ref, ids in refs.items()} for key, refs in found.items()}
        )

    def fill(self, document: Document) -> Document:
        """Return a document with refs for its mentions without ref.

        Refs on which other documents agree come first, then those that the rules find. The table's
        own annotations of the same document are not used.
        """
        entities = [
            msgspec.structs.replace(entity, ref=self._agreed_ref(document, entity))
            if entity.ref is None
            else entity
            for entity in document.entities
        ]
        filled = msgspec.structs.replace(document, entities=tuple(entities))
        if self.lexicon is None:
            return filled
        return predict_refs(filled, self.lexicon, bare_nouns=False)

    def _agreed_ref(self, document: Document, entity: Entity) -> str | None:
        refs = self.documents.get(_key(document, entity), {})
        others = {ref: ids - {document.id} for ref, ids in refs.items() if ids - {document.id}}
        if len(others) != 1:
            return None
        ((ref, ids),) = others.items()
        return ref if len(ids) >= MIN_DOCUMENTS else None

    def known_refs(self, document: Document, predicted: Document | None = None) -> list[KnownRef]:
        """Return the refs of words in a document's text and of its predicted mentions, sorted.

        The table's own annotations of the same document are not used, nor refs that are valid in
        one document only, such as the refs of private persons.
        """
        refs = {entity.ref for entity in predicted.entities} if predicted is not None else set()
        for key, found in self.documents.items():
            if len(found) <= MAX_MEANINGS and _contains(document.text, key.surface):
                refs |= {ref for ref, ids in found.items() if _is_shared(ref, ids, document.id)}
        return [KnownRef(ref, self._surfaces.get(ref, ())) for ref in sorted(filter(None, refs))]

    @cached_property
    def _surfaces(self) -> dict[str, tuple[str, ...]]:
        """The most frequent surfaces of each ref."""
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for key, refs in self.documents.items():
            for ref, ids in refs.items():
                if ref is not None:
                    counts[ref][key.surface] += len(ids)
        return {
            ref: tuple(surface for surface, _ in found.most_common(MAX_SURFACES))
            for ref, found in counts.items()
        }


def _key(document: Document, entity: Entity) -> MentionKey:
    return MentionKey(document.surface(entity), entity.label)


def _is_shared(ref: str | None, documents: frozenset[str], excluded: str) -> bool:
    """Return whether a ref may be used outside its documents: not, if it begins with their id."""
    others = documents - {excluded}
    return ref is not None and bool(others) and not ref.startswith(tuple(f"{d}#" for d in others))


def _contains(text: str, surface: str) -> bool:
    """Return whether a text contains a surface as whole words."""
    # the substring test excludes nearly all surfaces and is faster
    return surface in text and bool(re.search(rf"(?<!\w){re.escape(surface)}(?!\w)", text))


def inherit_refs(document: Document) -> tuple[Document, list[str]]:
    """Give each ref to all mentions with the same surface and label in a document.

    Surfaces with different refs are left as they are. Return the document and the ids of the
    mentions that were given a ref.
    """
    refs: defaultdict[MentionKey, set[str]] = defaultdict(set)
    for entity in document.entities:
        if entity.ref is not None:
            refs[_key(document, entity)].add(entity.ref)
    inherited = dict(_inherited_refs(document, refs))
    entities = tuple(
        msgspec.structs.replace(entity, ref=inherited.get(entity.id, entity.ref))
        for entity in document.entities
    )
    return msgspec.structs.replace(document, entities=entities), list(inherited)


def _inherited_refs(
    document: Document, refs: Mapping[MentionKey, set[str]]
) -> Iterator[tuple[str, str]]:
    """Yield the id and the new ref of each mention that inherits a ref."""
    for entity in document.entities:
        known = refs.get(_key(document, entity), set())
        if entity.ref is None and len(known) == 1:
            yield entity.id, next(iter(known))
