"""Capabilities, options and feature names of WebAnno TSV."""

from __future__ import annotations

from typing import Literal

from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.names import LayerName
from aloi.corpus.formats.shared.options import Options

CAPABILITIES = Capabilities(
    entity_ids=False,
    entity_scores=False,
    relation_ids=False,
    relation_scores=False,
    tokens=True,
    meta=False,
)
VALUE_FEATURE = "value"
"""The default feature for labels."""

REF_FEATURE = "identifier"
"""The feature for the `ref` of mentions."""


class ReadOptions(Options, frozen=True):
    """Read options: the span layer, the feature with the label, and unknown lines of the header."""

    layer: str = ""
    feature: str = ""
    comments: Literal["error", "skip"] = "error"


class WriteOptions(Options, frozen=True):
    """Write options: the names of the span layer and of the relation layer."""

    layer: LayerName = "webanno.custom.Mention"
    relations: LayerName = "webanno.custom.Relation"
