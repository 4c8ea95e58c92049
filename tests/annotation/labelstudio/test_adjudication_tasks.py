"""Adjudication tasks in Label Studio: their predictions, cards, answers and interface."""

from typing import Any
from xml.etree import ElementTree as ET

from msgspec.structs import replace

from aloi.annotation.compare.adjudication import AdjudicationCase
from aloi.annotation.labelstudio.adjudication_tasks import (
    CARDS,
    DECISION_TAG,
    DRAFT_VERSION,
    NUMBER_TAG,
    adjudication_interface,
    adjudication_task,
    is_current,
    read_answers,
    without_cards,
    without_task_keys,
)
from aloi.annotation.labelstudio.reader import LabelStudioTaskReader
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.annotation.server_protocol import StoredTask
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
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
GUIDE = Guide("1", "s", "### LOC\n\n- **L1** Un *lieu* & `b`.\n\n### IN\n\nDans.\n")
TASK = adjudication_task(CASE, WRITER, GUIDE)
CARD_LIST: list[dict[str, Any]] = TASK["data"][CARDS]


def test_the_predictions_are_the_draft_and_all_versions() -> None:
    versions = [each["model_version"] for each in TASK["predictions"]]
    assert versions == [DRAFT_VERSION, "anne", "luc"]


def test_a_card_contains_the_passage_with_its_context_and_the_rules() -> None:
    passages = [ET.fromstring(card["passage"]) for card in CARD_LIST]
    shown = ["".join(each.itertext()) for each in passages]
    assert shown == [
        "n° 1 ref : Ana <voit> Bob à Rome",
        "n° 2 type : Ana <voit> Bob à Romerègles : LOC- L1 Un lieu & b.",
        "n° 3 relation : Ana <voit> Bob à Romerègles : INDans.",
    ]
    bold = [[b.text for b in each.findall("b")][1:] for each in passages]
    assert bold == [["Ana"], ["Rome"], ["Bob", "Rome"]]


def test_a_card_has_one_choice_with_a_key_for_each_answer() -> None:
    shown = [[(x["hotkey"], x["value"]) for x in card["reponses"]] for card in CARD_LIST]
    assert shown == [
        [("1", "A ana"), ("2", "B anna"), ("7", "aucune"), ("8", "autre (à la main)")],
        [
            ("3", "A LOC «Rome»"),
            ("4", "B ORG «Rome»"),
            ("9", "les deux"),
            ("0", "aucune"),
            ("a", "autre (à la main)"),
        ],
        [("5", "A «Bob» IN → «Rome»"), ("6", "B pas de relation"), ("b", "autre (à la main)")],
    ]


def test_all_keys_are_different_and_long_tasks_end_without_keys() -> None:
    refs = [Entity(id=f"e{k}", start=k, end=k + 1, label="PER", ref=f"r{k}") for k in range(21)]
    case = AdjudicationCase({"anne": doc(*refs), "luc": doc()}, SCHEMA)
    cards = adjudication_task(case, WRITER)["data"][CARDS]
    keys = [each.get("hotkey") for card in cards for each in card["reponses"]]
    assert len(set(keys) - {None}) == len([key for key in keys if key]) == len(keys) == 63


def test_a_mention_that_one_annotator_lacks_is_shown_with_its_relations() -> None:
    case = AdjudicationCase({"anne": ANNE, "luc": doc(ANA, BOB)}, SCHEMA)
    (card,) = adjudication_task(case, WRITER)["data"][CARDS]
    assert [each["value"] for each in card["reponses"][:2]] == [
        "A LOC «Rome» + «Bob» IN → «Rome»",
        "B pas de mention",
    ]


def test_the_numbered_regions_are_the_first_regions_in_the_order_of_the_cards() -> None:
    regions = [each for each in TASK["predictions"][0]["result"] if each["from_name"] == NUMBER_TAG]
    assert TASK["predictions"][0]["result"][: len(regions)] == regions
    assert [(x["value"]["labels"], x["value"]["text"]) for x in regions] == [
        (["n° 1"], "Ana"),
        (["n° 2"], "Rome"),
        (["n° 3"], "Bob"),
        (["n° 3"], "Rome"),  # the second end of the relation
    ]


def submitted(*answers: str, edited: Document) -> StoredTask:
    """Return the task with an adjudicator's answers, and a document as the edited draft."""
    numbers = TASK["predictions"][0]["result"][:4]
    decisions = [
        {
            "id": f"x{index}",
            "type": "choices",
            "from_name": f"{DECISION_TAG}{index}",
            "to_name": "text",
            "value": {"choices": [answer]},
        }
        for index, answer in enumerate(answers)
    ]
    result = [*numbers, *WRITER.annotation(edited)["result"], *decisions]
    by = {"id": 1, "email": "eve@example.com"}
    work = {"id": 2, "result": result, "completed_by": by, "updated_at": "2026-11-26"}
    return StoredTask(1, {"id": 1, "data": TASK["data"], "annotations": [work]}, has_work=True)


def test_submitted_answers_give_gold_without_the_keys_of_the_task() -> None:
    task = submitted("version:luc", "version:anne", "version:anne", edited=CASE.draft())
    answers = read_answers(task.payload)
    assert [answers[each.key] for each in CASE.questions] == [
        "version:luc",
        "version:anne",
        "version:anne",
    ]
    stored = StoredTask(1, without_cards(task.payload), has_work=True)
    (document,), problems = LabelStudioTaskReader(Notes()).read(stored, "project")
    assert not problems
    gold = CASE.gold(without_task_keys(document), answers, {})
    assert [(each.label, each.ref) for each in gold.entities] == [
        ("PER", "anna"),
        ("PER", None),
        ("LOC", None),
    ]
    assert [(each.head, each.tail) for each in gold.relations] == [("e2", "e3")]
    assert gold.meta == {
        "annotators": ["anne", "luc"],
        "guideline_version": "1.3",
        "schema_version": "1",
        "adjudicated_by": "eve@example.com",
        "adjudicated_at": "2026-11-26",
    }


def test_a_task_is_outdated_if_its_versions_or_its_questions_changed() -> None:
    other = AdjudicationCase({"anne": ANNE, "luc": doc(ANA, BOB)}, SCHEMA)
    earlier = {"data": {**TASK["data"], CARDS: CARD_LIST[1:]}}
    assert [is_current(TASK, CASE), is_current(TASK, other), is_current(earlier, CASE)] == [
        True,
        False,
        False,
    ]


def test_the_interface_repeats_a_card_and_leaves_all_keys_to_its_answers() -> None:
    view = ET.fromstring(adjudication_interface(SCHEMA))
    (repeater,) = view.iter("Repeater")
    assert repeater.get("on") == f"${CARDS}"
    (choices,) = repeater.iter("Choices")
    assert choices.get("value") == f"${CARDS}[{{{{idx}}}}].reponses"
    assert [each.get("value") for each in view.iter("Label")] == ["PER", "LOC", "ORG"]
    assert not [each for each in view.iter() if each.get("hotkey")]
    assert len(list(view.iter("Text"))) == 1


def test_the_cards_are_in_the_language_of_the_schema() -> None:
    case = AdjudicationCase(CASE.versions, replace(SCHEMA, language="en"))
    cards = adjudication_task(case, WRITER, GUIDE)["data"][CARDS]
    assert [card["passage"].partition("</b>")[0] for card in cards][:2] == [
        "<div><b>no. 1",
        "<div><b>no. 2",
    ]
    values = {answer["value"] for card in cards for answer in card["reponses"]}
    assert "other (by hand)" in values
    assert not {"autre (à la main)", "aucune", "les deux"} & values
    assert "A disagreement is still open." in adjudication_interface(case.schema)
