"""The tasks and the labelling interface of an adjudication project.

The page displays the draft of a case (see `aloi.annotation.compare.settlement`) beside one card per
question. A card contains the passage, the rules of the guide, and one choice per answer. The
passages are also numbered regions of the text, so numbers match. Label Studio repeats the card for
each question of a task and reads the choices and their keys from the task. The annotators' versions
are stored as predictions of the task. Texts for adjudicators are in the language of the schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import msgspec

from aloi.annotation.compare.adjudication import AdjudicationCase, merge_metadata
from aloi.annotation.labelstudio.adjudication_cards import annotator_legend, make_cards
from aloi.annotation.labelstudio.labelling_interface import QUESTION, labelling_interface
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.annotation.server_protocol import Payload
from aloi.corpus.document import Document
from aloi.corpus.guides import Guide
from aloi.corpus.schema import Schema

DRAFT_VERSION = "accord"
"""The model version of the prediction with the draft and the numbered passages."""

CARDS, NUMBERS, LEGEND = "adjudication_cards", "adjudication_numbers", "adjudication_legend"
"""Keys in a task's data: the cards, the numbers of passages, the names of the annotators."""

VERSIONS_KEY = "versions_sha256"
"""The key in a task's data of the hash of all versions."""

NUMBER_TAG, DECISION_TAG = "adjudication_number", "adjudication_decision"
"""The names of the tag for numbers of passages, and of the choices before the card's index."""

_DECISION = re.compile(rf"{DECISION_TAG}(\d+)")

_NUMBER_COLOUR = "#d45500"

_LEFT_STYLE = "flex: 5; min-width: 0"
_RIGHT_STYLE = (
    "flex: 6; min-width: 0; position: sticky; top: 0; "
    "max-height: calc(100vh - 240px); overflow: auto"
)
_CARD_STYLE = "border-top: 1px solid #ccc; padding: 2px 0 6px"
_CARDS_CSS = (
    ".lsf-richtext__container { padding: 0 0 0 3em }"
    " .aloi-cards .lsf-richtext__container { line-height: 1.35; padding: 0; font-size: 13px }"
    " .aloi-cards .lsf-choices { margin: 0 } .aloi-cards { font-size: 13px }"
)


def adjudication_task(
    case: AdjudicationCase, writer: LabelStudioTaskWriter, guide: Guide | None = None
) -> Payload:
    """Return the task for a case, with the draft and all versions as predictions."""
    document = msgspec.structs.replace(case.first, meta=merge_metadata(case.versions))
    draft = writer.prediction(case.draft(), DRAFT_VERSION)
    draft["result"] = [*number_regions(case), *draft["result"]]
    versions = [writer.prediction(each, name) for name, each in case.versions.items()]
    task = writer.task(document, predictions=[draft, *versions])
    labels = [_number_label(number, case) for number in range(1, len(case.questions) + 1)]
    task["data"] |= {
        CARDS: make_cards(case, guide),
        NUMBERS: [{"value": label, "background": _NUMBER_COLOUR} for label in labels],
        LEGEND: annotator_legend(case),
        VERSIONS_KEY: case.versions_hash,
    }
    return task


def number_regions(case: AdjudicationCase) -> list[dict[str, Any]]:
    """Return the regions that number the passages of the questions.

    The first passages of all questions come first, in the order of the questions. Therefore, the
    numbers that Label Studio gives to these regions are the numbers of the questions.
    """
    numbered = list(enumerate(case.questions, start=1))
    first = [(number, question.slots[0]) for number, question in numbered]
    others = [(number, slot) for number, question in numbered for slot in question.slots[1:]]
    return [
        _number_region(f"{NUMBER_TAG}-{index}", number, case.aligned.slots[slot].span, case)
        for index, (number, slot) in enumerate([*first, *others], start=1)
    ]


def _number_region(
    id_: str, number: int, span: tuple[int, int], case: AdjudicationCase
) -> dict[str, Any]:
    start, end = span
    value = {"start": start, "end": end, "text": case.first.text[start:end]}
    value["labels"] = [_number_label(number, case)]
    tags = {"from_name": NUMBER_TAG, "to_name": "text", "type": "labels"}
    return {"id": id_, **tags, "value": value}


def _number_label(number: int, case: AdjudicationCase) -> str:
    return case.schema.interface.texts.adjudication.number.format(number=number)


def is_current(task: Payload, case: AdjudicationCase) -> bool:
    """Return whether a task asks the questions of a case about the same versions."""
    data = task["data"]
    keys = [question.key for question in case.questions]
    return data.get(VERSIONS_KEY) == case.versions_hash and _card_keys(task) == keys


def _card_keys(task: Payload) -> list[str]:
    return [card["cle"] for card in task["data"].get(CARDS, ())]


def read_answers(task: Payload) -> dict[str, str]:
    """Return the answers that were submitted with a task, by key of the question."""
    keys = _card_keys(task)
    return {
        keys[index]: each["value"]["choices"][0]
        for work in task["annotations"]
        if not work.get("was_cancelled")
        for each in work["result"]
        if (index := _card_index(each)) is not None
    }


def _card_index(result: Mapping[str, Any]) -> int | None:
    """Return the index of the card that a result answers, or None for any other result."""
    name = _DECISION.fullmatch(result.get("from_name") or "")
    return int(name[1]) if name else None


def without_cards(task: Payload) -> Payload:
    """Return a task without the results that number passages and answer questions."""
    works = [
        {**work, "result": [each for each in work["result"] if not _is_card_result(each)]}
        for work in task["annotations"]
    ]
    return {**task, "annotations": works}


def _is_card_result(result: Mapping[str, Any]) -> bool:
    return result.get("from_name") == NUMBER_TAG or _card_index(result) is not None


def without_task_keys(decided: Document) -> Document:
    """Return an adjudicator's decision without the metadata that `adjudication_task` added."""
    own = (CARDS, NUMBERS, LEGEND, VERSIONS_KEY)
    meta = {key: value for key, value in decided.meta.items() if key not in own}
    return msgspec.structs.replace(decided, meta=meta)


def adjudication_interface(schema: Schema, *, guide: str | None = None) -> str:
    """Return the schema's labelling interface with the cards beside the text.

    The labels have no fixed keys, because the answers on the cards need the keys. Label Studio
    gives the remaining keys to the labels. The guide is below the text, and there is no field for
    questions, so that the cards fit on a small screen.
    """
    view = ET.fromstring(labelling_interface(schema, guide=guide))
    for parent in list(view.iter()):
        parent.attrib.pop("hotkey", None)
        for child in list(parent):
            if child.get("name") == QUESTION:
                parent.remove(child)
    for panels in view.findall("Collapse"):
        view.remove(panels)
        view.append(panels)
    hidden = ET.Element("View", style="display: none")
    ET.SubElement(hidden, "Labels", name=NUMBER_TAG, toName="text", value=f"${NUMBERS}")
    view.insert(0, hidden)
    ET.SubElement(view, "Style").text = _CARDS_CSS
    position = next(number for number, child in enumerate(view) if child.tag == "Text")
    columns = ET.Element("View", style="display: flex; gap: 16px; align-items: flex-start")
    left = ET.SubElement(columns, "View", style=_LEFT_STYLE)
    left.append(view[position])
    columns.append(_cards(schema))
    view[position] = columns
    return ET.tostring(view, encoding="unicode")


def _cards(schema: Schema) -> ET.Element:
    """Return the column of cards; Label Studio replaces `{{idx}}` with the number of the card."""
    column = ET.Element("View", {"style": _RIGHT_STYLE, "className": "aloi-cards"})
    ET.SubElement(column, "HyperText", name=LEGEND, value=f"${LEGEND}", inline="true")
    cards = ET.SubElement(column, "Repeater", on=f"${CARDS}", indexFlag="{{idx}}")
    card = ET.SubElement(cards, "View", style=_CARD_STYLE)
    entry = f"${CARDS}[{{{{idx}}}}]"
    ET.SubElement(
        card,
        "HyperText",
        name="adjudication_passage{{idx}}",
        value=f"{entry}.passage",
        inline="true",
    )
    choices = {
        "name": f"{DECISION_TAG}{{{{idx}}}}",
        "toName": "text",
        "value": f"{entry}.reponses",
        "choice": "single-radio",
        "showInline": "true",
        "required": "true",
        "requiredMessage": schema.interface.texts.adjudication.undecided,
    }
    ET.SubElement(card, "Choices", choices)
    return column


def adjudication_settings(schema: Schema, guide: Guide | None) -> dict[str, Any]:
    """Return the settings of an adjudication project; the keys are names in Label Studio's API."""
    return {
        "label_config": adjudication_interface(schema, guide=guide.text if guide else None),
        "model_version": DRAFT_VERSION,
        "show_collab_predictions": True,
        "sampling": "Sequential sampling",
        "enable_empty_annotation": True,
    }
