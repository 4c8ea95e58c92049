"""What a site contains: the redistributable documents of a corpus, its labels and its refs.

Everything on the site is derived from these contents, so that a site contains nothing of a document
that must not be redistributed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity
from aloi.corpus.refs.authority import load_named_refs


@dataclass(frozen=True)
class SiteContents:
    """The documents of a site, sorted by id, with the labels and names that its pages show."""

    corpus: Corpus
    documents: tuple[Document, ...]

    @classmethod
    def of(cls, corpus: Corpus) -> SiteContents:
        """Return the contents of the site of a corpus."""
        restricted = corpus.restricted_ids
        shown = (document for document in corpus.documents if document.id not in restricted)
        return cls(corpus, tuple(sorted(shown, key=lambda document: sort_key(document.id))))

    @cached_property
    def left_out(self) -> int:
        """The number of documents that must not be redistributed."""
        return len(self.corpus.restricted_ids)

    @cached_property
    def entity_labels(self) -> list[str]:
        """The labels of the schema in its order, then all others."""
        used = {entity.label for document in self.documents for entity in document.entities}
        return [*self.corpus.schema.entities, *sorted(used - self.corpus.schema.entities.keys())]

    @cached_property
    def relation_labels(self) -> list[str]:
        """The relation labels of the schema in its order, then all others."""
        used = {relation.label for document in self.documents for relation in document.relations}
        return [*self.corpus.schema.relations, *sorted(used - self.corpus.schema.relations.keys())]

    @cached_property
    def ref_names(self) -> dict[str, str]:
        """The name of each ref: from the corpus's list of refs, or its most frequent surface."""
        manifest, schema = self.corpus.manifest, self.corpus.schema
        authority = load_named_refs(self.corpus.folder, manifest.refs, schema)
        listed = authority.refs if authority is not None else {}
        surfaces: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for document in self.documents:
            for entity in document.entities:
                if entity.ref is not None:
                    surfaces[entity.ref][surface(document, entity)] += 1
        return {
            ref: listed[ref].name if ref in listed else _most_frequent(found)
            for ref, found in surfaces.items()
        }

    def name(self, document: Document, entity: Entity) -> tuple[str, str]:
        """Return the name of what a mention refers to, and its ref, or the surface and no ref."""
        if entity.ref is None:
            return surface(document, entity), ""
        return self.ref_names[entity.ref], entity.ref


def surface(document: Document, entity: Entity) -> str:
    """Return the surface form of a mention on one line."""
    return " ".join(document.surface(entity).split()) or document.surface(entity)


def sort_key(text: str) -> bytes:
    """Return a key that sorts texts by UTF-16 units, as the comparison in JavaScript does."""
    return text.encode("utf-16-be", "surrogatepass")


def _most_frequent(surfaces: Counter[str]) -> str:
    return min(surfaces, key=lambda each: (-surfaces[each], each))


def count_by_label(documents: Iterable[Document]) -> Counter[str]:
    """Return the numbers of mentions and relations by label."""
    labels: Counter[str] = Counter()
    for document in documents:
        labels.update(entity.label for entity in document.entities)
        labels.update(relation.label for relation in document.relations)
    return labels
