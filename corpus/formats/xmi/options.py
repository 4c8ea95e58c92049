"""Capabilities, options, type names and feature names of the XMI format."""

from __future__ import annotations

from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.names import LayerName
from aloi.corpus.formats.shared.options import Options

CAPABILITIES = Capabilities(
    entity_ids=False,
    entity_scores=False,
    relation_ids=False,
    relation_scores=False,
    meta=False,
)
VALUE_FEATURE, REF_FEATURE = "value", "identifier"
"""The features for the label and the `ref` of a mention."""

HEAD_FEATURE, TAIL_FEATURE = "Governor", "Dependent"
"""The features for the head and the tail of a relation."""

ANNOTATION_TYPE = "uima.tcas.Annotation"
DOCUMENT_TYPE = "uima.tcas.DocumentAnnotation"
STRING_TYPE = "uima.cas.String"
NAMED_ENTITY_TYPE = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"


class ReadOptions(Options, frozen=True):
    """Read options: the type of the mentions, and the feature that contains the label."""

    layer: str = "NamedEntity"
    feature: str = ""


class WriteOptions(Options, frozen=True):
    """Write options: the names of the mention type and of the relation type."""

    layer: LayerName = NAMED_ENTITY_TYPE
    relations: LayerName = "aloi.Relation"
