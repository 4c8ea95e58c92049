"""The labelling interface that annotators see, made from a schema, in Label Studio's XML.

Text: `granularity="symbol"`, so that what is selected is what is marked: *sino* in *sino-russe*,
*Ukraine* in *l'Ukraine*. With `word` Label Studio takes *l'Ukraine* whole, since for a browser an
apostrophe does not end a word. A double click still marks a whole word.

Relations carry attributes as further labels of the arc, `assertion=negated`; the default value is
not written and has no label.

A mention's ref stands under it in the list of regions, the one place that the key Enter goes to.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator
from itertools import count
from xml.etree import ElementTree as ET

from aloi.corpus.formats.shared.label_studio_results import (
    REF_TAG,
    InterfaceTags,
    attribute_label,
    escape_label,
)
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import AttributeType, Schema

_TAGS = InterfaceTags()

QUESTION = "question"
"""The name of the tag in which annotators ask about a task; it belongs to no region."""

_KEYS = "123456789qtasdfgzxcyijln"
"""Letters that no command or tool of Label Studio's own has."""

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
"""Behind a relation's name in the list: clear enough for dark and for light letters."""

_GOLDEN_ANGLE = 0.381966
"""Of a full turn: hues that far apart stay apart, however many there are."""

_MARKUP = re.compile(r"[\\`*_\[\]<>&~]")
_TABLES = re.compile(r"<!-- schema:.*?<!-- /schema -->", re.DOTALL)
"""What a guide has from the schema: it has panels of its own, and tables are not drawn here."""

_WORD_JOINER = "\u2060"

_ROOM = ".lsf-richtext__container { line-height: 2.3; padding: 0 3em }"
"""Between lines and beside them, for arcs and their labels."""

_FOOT = (
    "position: sticky; bottom: 0; z-index: 1; padding: 4px 8px; "
    "background: var(--color-neutral-background); "
    "border-top: 1px solid var(--color-neutral-border); "
    "box-shadow: 0 3em var(--color-neutral-background)"
)


def labelling_interface(schema: Schema, *, guide: str | None = None) -> str:
    """The interface of a schema; `guide`: rules in Markdown to show beside its descriptions.

    Raises `DataError` if an attribute has a name that a tag cannot have.
    """
    _check_names(schema)
    view, keys = ET.Element("View"), iter(_HOTKEYS)
    _guidelines(view, schema, guide)
    _labels(view, schema, keys)
    _arcs(view, schema)
    ET.SubElement(view, "Style").text = _ROOM
    text = {"name": _TAGS.text, "value": "$text", "granularity": "symbol", "showLabels": "true"}
    ET.SubElement(view, "Text", text)
    _field(view, REF_TAG, "ref (Entrée)", perRegion="true", displayMode="region-list")
    foot = ET.SubElement(view, "View", style=_FOOT)
    for name, type_ in schema.entity_attributes.items():
        _attribute(foot, name, type_, keys)
    _field(foot, QUESTION, "Une question sur ce texte ? (Entrée)")
    return ET.tostring(view, encoding="unicode")


def _check_names(schema: Schema) -> None:
    """Raise `DataError` for attributes whose names a tag cannot have."""
    problems = []
    for name in schema.entity_attributes:
        if name in (_TAGS.label, _TAGS.text, REF_TAG, QUESTION):
            what = f"the labelling interface uses the name {name} otherwise"
        elif _read_as_value(name):
            what = f"Label Studio takes the name {name} for a value"
        else:
            continue
        problems.append(Problem("name-taken", what, "Rename the attribute in the schema"))
    if problems:
        raise DataError(problems)


def _read_as_value(name: str) -> bool:
    """Whether Label Studio's check makes a number or a truth value of an attribute in the XML."""
    try:
        float(name)
    except ValueError:
        return name in ("true", "false")
    return True


def _labels(view: ET.Element, schema: Schema, keys: Iterator[str]) -> None:
    labels = ET.SubElement(view, "Labels", {"name": _TAGS.label, "toName": _TAGS.text})
    for label, colour in zip(schema.entities, colours(), strict=False):
        hint = schema.entities[label].fr or schema.entities[label].description
        look = {"value": label, "background": colour, "hint": hint, **_hotkey(keys)}
        ET.SubElement(labels, "Label", look)


def _hotkey(keys: Iterator[str]) -> dict[str, str]:
    """The next free key; without one Label Studio chooses."""
    return {"hotkey": key} if (key := next(keys, None)) else {}


def colours() -> Iterator[str]:
    """Colours without end, the first ones easiest to tell apart; legible on white."""
    yield from _COLOURS
    for number in count(1):
        rgb = colorsys.hls_to_rgb(number * _GOLDEN_ANGLE % 1, 0.35, 0.6)
        yield "#" + "".join(f"{round(255 * part):02x}" for part in rgb)


def _arcs(view: ET.Element, schema: Schema) -> None:
    relations = ET.SubElement(view, "Relations")
    for label, type_ in schema.relations.items():
        colour = _SYMMETRIC if type_.symmetric else _DIRECTED
        ET.SubElement(relations, "Relation", value=escape_label(label), background=colour)
    for name, attribute in schema.relation_attributes.items():
        for value in attribute.values:
            if value != attribute.default:
                label = attribute_label(name, value)
                ET.SubElement(relations, "Relation", value=label, background=_ATTRIBUTE)


def _attribute(view: ET.Element, name: str, type_: AttributeType, keys: Iterator[str]) -> None:
    """A field for an attribute, shown while a mention is selected whose label bears it."""
    when = {"visibleWhen": "region-selected"}
    if type_.labels and not any("," in label for label in type_.labels):  # it splits at commas
        when["whenLabelValue"] = ",".join(type_.labels)
    shown = ET.SubElement(view, "View", when)
    title = f"{name} : {type_.fr or type_.description}"
    if not type_.values:
        _field(shown, name, title, perRegion="true")
        return
    ET.SubElement(shown, "Header", value=_literal(title), size="5", style="margin: 0")
    choices = {"name": name, "toName": _TAGS.text, "perRegion": "true", "showInline": "true"}
    given = ET.SubElement(shown, "Choices", choices)
    for value in type_.values:
        ET.SubElement(given, "Choice", {"value": value, **_hotkey(keys)})


def _field(view: ET.Element, name: str, prompt: str, **how: str) -> None:
    field = {"name": name, "toName": _TAGS.text, "placeholder": prompt, "editable": "true", **how}
    ET.SubElement(view, "TextArea", field)


def _guidelines(view: ET.Element, schema: Schema, guide: str | None) -> None:
    panels = {
        "Les types": "\n".join(_entity_lines(schema)),
        "Les relations": "\n".join(_relation_lines(schema)),
        "Les règles": _literal(_TABLES.sub("", guide or "")),
    }
    shown = ET.SubElement(view, "Collapse", accordion="false")
    for title, text in panels.items():
        if text:
            panel = ET.SubElement(shown, "Panel", value=title)
            view = ET.SubElement(panel, "View", style="max-height: 40vh; overflow: auto")
            ET.SubElement(view, "Markdown", value=text)


def _entity_lines(schema: Schema) -> Iterator[str]:
    for label, type_ in schema.entities.items():
        yield f"- **{_plain(label)}** : {_plain(type_.fr or type_.description)}"


def _relation_lines(schema: Schema) -> Iterator[str]:
    for label, type_ in schema.relations.items():
        arrow = "↔" if type_.symmetric else "→"
        ends = f"{', '.join(type_.head)} {arrow} {', '.join(type_.tail)}"
        said = _plain(f"{type_.fr or type_.description} ({ends})")
        yield f"- **{_plain(escape_label(label))}** : {said}"
    for name, attribute in schema.relation_attributes.items():
        values = ", ".join(v for v in attribute.values if v != attribute.default)
        said = _plain(f"{attribute.fr or attribute.description} ({values})")
        yield f"- **{_plain(name)}** : {said}"


def _plain(text: str) -> str:
    """Markdown that shows a text as it is, on one line."""
    return _literal(_MARKUP.sub(r"\\\g<0>", " ".join(text.split())))


def _literal(text: str) -> str:
    """A text in which Label Studio finds no name of a task's data after a dollar sign."""
    return text.replace("$", f"${_WORD_JOINER}")
