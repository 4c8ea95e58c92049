"""New names for labels in Label Studio results and in a labelling interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from aloi.corpus.formats.shared.label_studio_results import escape_label


def rename_results(
    results: Iterable[Mapping[str, Any]], renames: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return results with renamed labels of regions and arcs."""
    arcs = {escape_label(old): escape_label(new) for old, new in renames.items()}
    return [_rename_result(result, renames, arcs) for result in results]


def rename_work(work: Mapping[str, Any], renames: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the results of an annotation or draft with renamed labels; empty if unchanged."""
    before = work.get("result") or []
    after = rename_results(before, renames)
    return [] if after == before else after


def rename_predictions(
    predictions: Iterable[Mapping[str, Any]], renames: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a task's predictions with renamed labels; empty if none contains such a label."""
    before = list(predictions)
    after = [{**each, "result": rename_results(each["result"], renames)} for each in before]
    return [] if after == before else after


def _rename_result(
    result: Mapping[str, Any], renames: Mapping[str, str], arcs: Mapping[str, str]
) -> dict[str, Any]:
    if result.get("type") == "labels":
        value = result["value"]
        labels = [renames.get(label, label) for label in value.get("labels", ())]
        return {**result, "value": {**value, "labels": labels}}
    if result.get("type") == "relation" and result.get("labels"):
        return {**result, "labels": [arcs.get(label, label) for label in result["labels"]]}
    return dict(result)


def rename_interface(interface: str, renames: Mapping[str, str]) -> str:
    """Return a labelling interface with renamed labels; its texts for annotators are kept."""
    view = ET.fromstring(interface)
    arcs = {escape_label(old): escape_label(new) for old, new in renames.items()}
    for tag, names in (("Label", renames), ("Relation", arcs)):
        for element in view.iter(tag):
            value = element.get("value", "")
            element.set("value", names.get(value, value))
    for element in view.iter():
        if listed := element.get("whenLabelValue"):
            labels = (renames.get(label, label) for label in listed.split(","))
            element.set("whenLabelValue", ",".join(labels))
    return ET.tostring(view, encoding="unicode")
