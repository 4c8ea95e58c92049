"""The labelling interface for a schema, in Label Studio's XML.

`granularity="symbol"` marks exactly the selected characters, such as *sino* in *sino-russe* or
*Ukraine* in *l'Ukraine*. With `granularity="word"`, Label Studio would mark all of *l'Ukraine*,
because browsers do not end a word at an apostrophe. A double click still marks a whole word.

Relation attributes are additional labels of the arc, such as `assertion=negated`. An attribute with
the default value has no label.

The fields for the selected mention are below the text, in a row that remains visible. After a click
on a mention, Tab moves the focus to its ref. The list of regions has no field: Label Studio draws
only the visible part of this list, and if Enter finds no field there, the next keys change or
delete the mention.

The texts of the page are in the schema's language.

If `known_refs` is true, each task must contain the refs to offer in a list with a search field.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any
from xml.etree import ElementTree as ET

from aloi.annotation.labelstudio.page_style import page_style
from aloi.annotation.labelstudio.tasks import KNOWN_REFS_KEY
from aloi.corpus.formats.shared.label_studio_results import (
    KNOWN_REF_TAG,
    REF_TAG,
    InterfaceTags,
    attribute_label,
    escape_label,
)
from aloi.corpus.guides import Guide
from aloi.corpus.languages.language import Language
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import AttributeType, Schema

_TAGS = InterfaceTags()

QUESTION = "question"
"""The name of the text field for an annotator's question about the task."""

_KEYS = "123456789qtasdfgzxcyijln"
"""Keys to which Label Studio assigns no function."""

_HOTKEYS = (*_KEYS, *(f"shift+{letter}" for letter in _KEYS if letter.isalpha()))

_COLOURS = (
    "#d62728",
    "#1f77b4",
    "#2ca02c",
    "#9467bd",
    "#b8860b",
    "#d0479f",
    "#12939a",
    "#8c564b",
    "#5a6570",
    "#4b5d9b",
    "#6b8e23",
    "#e0560b",
)
_DIRECTED, _SYMMETRIC, _ATTRIBUTE = "#1f77b420", "#2ca02c60", "#b8860b60"
"""Backgrounds of relation names, transparent so that dark and light letters are legible."""

_GOLDEN_ANGLE = 0.381966
"""Difference between successive hues, as a fraction of the colour circle."""

_MARKUP = re.compile(r"[\\`*_\[\]<>&~]")
_TABLES = re.compile(r"<!-- schema:.*?<!-- /schema -->", re.DOTALL)
"""The tables of labels in a guide. Label Studio cannot render tables; panels replace them."""

_WORD_JOINER = "\u2060"


def labelling_interface(
    schema: Schema, *, guide: str | None = None, known_refs: bool = False
) -> str:
    """Return the labelling interface for a schema.

    `guide` contains rules in Markdown, which are displayed after the schema's descriptions. If
    `known_refs` is true, the refs in a task's data (`KNOWN_REFS_KEY`) can be chosen for a mention.
    Raise `DataError` if the name of an attribute cannot be used in the interface.
    """
    _check_names(schema)
    view, keys = ET.Element("View"), iter(_HOTKEYS)
    colours = dict(zip(schema.entities, label_colours(), strict=False))
    ET.SubElement(view, "Style").text = page_style(schema, colours)
    head = ET.SubElement(view, "View", className="aloi-head")
    _add_labels(head, schema, colours, keys)
    _add_guidelines(head, schema, guide)
    _add_relations(view, schema)
    text = {"name": _TAGS.text, "value": "$text", "granularity": "symbol", "showLabels": "true"}
    ET.SubElement(view, "Text", text)
    _add_fields(view, schema, keys, known_refs=known_refs)
    return ET.tostring(view, encoding="unicode")


def project_settings(
    schema: Schema, *, guide: Guide | None, model_version: str | None
) -> dict[str, Any]:
    """Return the settings of an annotator's project; the keys are names in Label Studio's API."""
    return {
        "label_config": labelling_interface(
            schema, guide=None if guide is None else guide.text, known_refs=True
        ),
        "show_collab_predictions": True,
        "show_skip_button": True,
        "enable_empty_annotation": True,
        **({} if model_version is None else {"model_version": model_version}),
    }


def _check_names(schema: Schema) -> None:
    """Raise `DataError` if an attribute name is reserved, a number or a truth value."""
    problems = []
    for name in schema.entity_attributes:
        if name in (_TAGS.label, _TAGS.text, REF_TAG, KNOWN_REF_TAG, QUESTION):
            what = f"the attribute name {name} is reserved in the labelling interface"
        elif _read_as_value(name):
            what = f"Label Studio reads the attribute name {name} as a number or truth value"
        else:
            continue
        problems.append(Problem("name-taken", what, "Rename the attribute in the schema"))
    if problems:
        raise DataError(problems)


def _read_as_value(name: str) -> bool:
    """Return whether Label Studio parses a name in the XML as a number or truth value."""
    try:
        float(name)
    except ValueError:
        return name in ("true", "false")
    return True


def _add_labels(
    view: ET.Element, schema: Schema, colours: Mapping[str, str], keys: Iterator[str]
) -> None:
    labels = ET.SubElement(view, "Labels", {"name": _TAGS.label, "toName": _TAGS.text})
    for label, colour in colours.items():
        hint = schema.entities[label].describe(schema.language)
        look = {"value": label, "background": colour, "hint": hint, **_hotkey(keys)}
        ET.SubElement(labels, "Label", look)


def _hotkey(keys: Iterator[str]) -> dict[str, str]:
    """Return the next unused key as an XML attribute, or no attribute if all keys are used.

    Label Studio chooses the key of an element without this attribute.
    """
    return {"hotkey": key} if (key := next(keys, None)) else {}


def label_colours() -> Iterator[str]:
    """Yield an endless series of legible label colours; the first colours differ most."""
    yield from _COLOURS
    for number in count(1):
        rgb = colorsys.hls_to_rgb(number * _GOLDEN_ANGLE % 1, 0.35, 0.6)
        yield "#" + "".join(f"{round(255 * part):02x}" for part in rgb)


def _add_relations(view: ET.Element, schema: Schema) -> None:
    relations = ET.SubElement(view, "Relations")
    for label, type_ in schema.relations.items():
        colour = _SYMMETRIC if type_.symmetric else _DIRECTED
        ET.SubElement(relations, "Relation", value=escape_label(label), background=colour)
    for name, attribute in schema.relation_attributes.items():
        for value in attribute.values:
            if value != attribute.default:
                label = attribute_label(name, value)
                ET.SubElement(relations, "Relation", value=label, background=_ATTRIBUTE)


def _add_fields(view: ET.Element, schema: Schema, keys: Iterator[str], *, known_refs: bool) -> None:
    """Add the row of fields below the text: the ref first, because Tab moves there."""
    texts = schema.interface.texts.labelling
    foot = ET.SubElement(view, "View", className="aloi-foot")
    _add_field(foot, REF_TAG, texts.ref_field, perRegion="true", maxSubmissions="1")
    if known_refs:
        choice = {"name": KNOWN_REF_TAG, "toName": _TAGS.text, "value": f"${KNOWN_REFS_KEY}"}
        prompt = {"placeholder": texts.known_refs, "dropdownWidth": "420", "maxUsages": "1"}
        ET.SubElement(foot, "Taxonomy", {**choice, **prompt, "perRegion": "true"})
    for name, type_ in schema.entity_attributes.items():
        _add_attribute(foot, name, type_, keys, schema.interface)
    question = ET.SubElement(foot, "View", className="aloi-question")
    _add_field(question, QUESTION, texts.question_field)


def _add_attribute(
    view: ET.Element, name: str, type_: AttributeType, keys: Iterator[str], language: Language
) -> None:
    """Add a field for an attribute, visible while a mention with a suitable label is selected."""
    when = {"visibleWhen": "region-selected", "className": "aloi-attribute"}
    if type_.labels and not any("," in label for label in type_.labels):  # a comma separates labels
        when["whenLabelValue"] = ",".join(type_.labels)
    shown, meaning = ET.SubElement(view, "View", when), type_.describe(language.code)
    if not type_.values:
        prompt = f"{name}{language.typography.colon}{meaning}"
        _add_field(shown, name, prompt, perRegion="true")
        return
    ET.SubElement(shown, "Header", value=_literal(name), size="5", style="margin: 0")
    choices = {"name": name, "toName": _TAGS.text, "perRegion": "true", "showInline": "true"}
    listed = ET.SubElement(shown, "Choices", choices)
    for value in type_.values:
        ET.SubElement(listed, "Choice", {"value": value, "hint": meaning, **_hotkey(keys)})


def _add_field(view: ET.Element, name: str, prompt: str, **settings: str) -> None:
    field = {"name": name, "toName": _TAGS.text, "placeholder": prompt, "editable": "true"}
    ET.SubElement(view, "TextArea", {**field, **settings})


def _add_guidelines(view: ET.Element, schema: Schema, guide: str | None) -> None:
    texts = schema.interface.texts.labelling
    panels = (
        (texts.types, "\n".join(_entity_lines(schema))),
        (texts.relations, "\n".join(_relation_lines(schema))),
        (texts.rules, _literal(_TABLES.sub("", guide or ""))),
    )
    drawer = ET.SubElement(view, "View", className="aloi-guide")
    panel = ET.SubElement(ET.SubElement(drawer, "Collapse"), "Panel", value=texts.guide)
    content = ET.SubElement(panel, "View")  # a panel cannot contain Markdown directly
    for title, text in panels:
        if text:
            ET.SubElement(content, "Header", value=title, size="4")
            ET.SubElement(content, "Markdown", value=text)


def _entity_lines(schema: Schema) -> Iterator[str]:
    for label, type_ in schema.entities.items():
        yield _description_line(label, type_.describe(schema.language), schema)


def _relation_lines(schema: Schema) -> Iterator[str]:
    for label, type_ in schema.relations.items():
        arrow = "↔" if type_.symmetric else "→"
        ends = f"{', '.join(type_.head)} {arrow} {', '.join(type_.tail)}"
        description = f"{type_.describe(schema.language)} ({ends})"
        yield _description_line(escape_label(label), description, schema)
    for name, attribute in schema.relation_attributes.items():
        values = ", ".join(v for v in attribute.values if v != attribute.default)
        semicolon = schema.interface.typography.semicolon
        labels = f"{semicolon}{', '.join(attribute.labels)}" if attribute.labels else ""
        description = f"{attribute.describe(schema.language)} ({values}{labels})"
        yield _description_line(name, description, schema)


def _description_line(name: str, description: str, schema: Schema) -> str:
    colon = schema.interface.typography.colon
    return f"- **{_plain(name)}**{colon}{_plain(description)}"


def _plain(text: str) -> str:
    """Return Markdown that displays a text unchanged, on one line."""
    return _literal(_MARKUP.sub(r"\\\g<0>", " ".join(text.split())))


def _literal(text: str) -> str:
    """Escape `$`, so that Label Studio does not replace `$name` with a task's data."""
    return text.replace("$", f"${_WORD_JOINER}")
