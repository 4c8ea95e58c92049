"""The schema names in Label Studio results: entity labels, relation labels and attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aloi.annotation.server_protocol import SchemaName
from aloi.corpus.formats.shared.label_studio_results import REF_TAG, split_arc_labels


def schema_names(results: Iterable[Mapping[str, Any]]) -> frozenset[SchemaName]:
    """Return the schema names that results use; results of other kinds are ignored."""
    return frozenset(name for result in results for name in _names(result))


def _names(result: Mapping[str, Any]) -> Iterator[SchemaName]:
    match result.get("type"):
        case "labels":
            for label in result.get("value", {}).get("labels", ()):
                yield SchemaName("entity label", label)
        case "relation":
            labels, attributes = split_arc_labels(result.get("labels") or ())
            yield from (SchemaName("relation label", label) for label in labels)
            yield from (SchemaName("attribute", name) for name in attributes)
        case "textarea" | "choices" if "start" in result.get("value", {}):
            # fields without a region, such as the annotator's question, are not in the schema
            if (name := str(result.get("from_name"))) != REF_TAG:
                yield SchemaName("attribute", name)
