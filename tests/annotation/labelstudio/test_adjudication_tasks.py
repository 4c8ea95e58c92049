"""Adjudication tasks in Label Studio: their predictions, table, remarks and interface."""

from typing import Any
from xml.etree import ElementTree as ET

from aloi.annotation.compare.adjudication import MARK, AdjudicationCase
from aloi.annotation.labelstudio.adjudication_tasks import (
    MARKED_VERSION,
    adjudication_interface,
    adjudication_task,
    without_task_keys,
)
from aloi.annotation.labelstudio.reader import LabelStudioTaskReader
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.annotation.server_protocol import StoredTask
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import EntityType, RelationType, Schema

SCHEMA = Schema(
    "s",
    "1",
    {label: EntityType() for label in ("PER", "LOC", "ORG")},
    {"IN": RelationType(("PER",), ("LOC",))},
)
ANA, BOB = (
    Entity(id="e1", start=0, end=3, label="PER", ref="ana"),
    Entity(id="e2", start=11, end=14, label="PER"),
)
ROME = Entity(id="e3", start=17, end=21, label="LOC")


def doc(*entities: Entity, relations: tuple[Relation, ...] = (), **meta: Any) -> Document:
    return Document("d", "Ana <voit> Bob à Rome", entities, relations, meta)


ANNE = doc(
    ANA, BOB, ROME, relations=(Relation(head="e2", tail="e3", label="IN"),), annotator="anne"
)
LUC = doc(
    Entity(id="x", start=0, end=3, label="PER", ref="anna"),
    BOB,
    Entity(id="e1", start=17, end=21, label="ORG"),
    annotator="luc",
)
CASE = AdjudicationCase({"anne": ANNE, "luc": LUC}, SCHEMA)
WRITER = LabelStudioTaskWriter("adjudication", SCHEMA, "1.3", Notes())
TASK = adjudication_task(CASE, WRITER)


def test_the_predictions_are_the_marked_document_and_all_versions() -> None:
    versions = [each["model_version"] for each in TASK["predictions"]]
    assert versions == [MARKED_VERSION, "anne", "luc"]


def test_the_table_lists_each_annotators_version_of_every_disagreement() -> None:
    table = TASK["data"]["differences"]
    assert "<td>ORG «Rome»</td>" in table
    assert "…Ana &lt;voit&gt; Bob à <b>Rome</b>…" in table
    assert "<td>IN →</td><td>(mention absente)</td>" in table
    assert [row[0].text for row in ET.fromstring(table)] == ["n°", "1", "2", "3"]


def test_a_marked_region_shows_the_versions_when_it_is_selected() -> None:
    result = TASK["predictions"][0]["result"]
    remarks = {each["id"]: each["meta"] for each in result if "meta" in each}
    assert remarks["mark-3"] == {"text": ["n° 3 · anne : LOC «Rome» ; luc : ORG «Rome»"]}


def test_gold_from_submitted_work_has_none_of_the_keys_of_the_task() -> None:
    result = WRITER.annotation(doc(ANA, BOB, ROME))["result"]
    by = {"id": 1, "email": "eve@example.com"}
    work = {"id": 2, "result": result, "completed_by": by, "updated_at": "2026-11-26"}
    task = StoredTask(1, {"id": 1, "data": TASK["data"], "annotations": [work]}, has_work=True)
    (document,), problems = LabelStudioTaskReader(Notes()).read(task, "project")
    assert not problems
    gold = CASE.gold(without_task_keys(document), {})
    assert gold.meta == {
        "annotators": ["anne", "luc"],
        "guideline_version": "1.3",
        "adjudicated_by": "eve@example.com",
        "adjudicated_at": "2026-11-26",
    }


def test_the_interface_adds_the_mark_and_the_table_to_the_schemas_interface() -> None:
    view = ET.fromstring(adjudication_interface(SCHEMA))
    assert [each.get("value") for each in view.iter("Label")] == ["PER", "LOC", "ORG", MARK]
    assert MARK in [each.get("value") for each in view.iter("Relation")]
    assert [each.get("value") for each in view.iter("HyperText")] == ["$differences"]
    assert len(list(view.iter("Text"))) == 1
