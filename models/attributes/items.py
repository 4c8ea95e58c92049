"""The items of a doc that may have attributes: its mentions and relations, with their features."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from spacy.tokens import Doc

from aloi.corpus.formats.shared.spacy_docs import (
    SpanKey,
    get_attributes,
    get_relations,
    mentions,
    span_key,
)
from aloi.models.attributes.attribute_types import Owner
from aloi.models.attributes.cues import load_cues
from aloi.models.attributes.features import DocContext, mention_features, relation_features


class Item(NamedTuple):
    """A mention or relation: label, attributes and features."""

    label: str
    attributes: Mapping[str, str]
    features: Collection[str]


def iter_items(
    doc: Doc, owner: Owner, *, labels: Collection[str] | None, with_relations: bool = True
) -> Iterator[Item | None]:
    """Yield each mention or relation of a doc, or None for items with other labels.

    labels: the labels to include (None: all). with_relations: whether the features of a mention
    contain its relations.
    """
    context = DocContext(doc, load_cues(doc.lang_))
    if owner is Owner.RELATIONS:
        for relation in get_relations(doc):
            if labels is None or relation.label in labels:
                features = relation_features(context, relation)
                yield Item(relation.label, relation.attributes, features)
            else:
                yield None
        return
    attributes = get_attributes(doc)
    ends = _relation_ends(doc) if with_relations else {}
    for span in mentions(doc):
        if labels is None or span.label_ in labels:
            key = span_key(span)
            features = mention_features(context, span, ends.get(key, ()))
            yield Item(span.label_, attributes.get(key, {}), features)
        else:
            yield None


def _relation_ends(doc: Doc) -> dict[SpanKey, set[str]]:
    """Return, for each mention, the labels of its relations with its side in them."""
    ends: dict[SpanKey, set[str]] = {}
    for relation in get_relations(doc):
        ends.setdefault(span_key(relation.head), set()).add(f"head:{relation.label}")
        ends.setdefault(span_key(relation.tail), set()).add(f"tail:{relation.label}")
    return ends
