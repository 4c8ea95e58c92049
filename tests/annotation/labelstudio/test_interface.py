"""The labelling interface says what the schema says, whatever its names are made of."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aloi.annotation.labelstudio.interface import colours, labelling_interface
from aloi.corpus.formats.shared.label_studio_results import attribute_label, escape_label
from aloi.corpus.problems import DataError
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema, load_schema

OURS = load_schema(Path(__file__).parents[3] / "corpus" / "schema.toml")

names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=12)
attributes = names.map(lambda name: f"a{name}")


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    labels = draw(st.lists(names, min_size=1, max_size=60, unique=True))
    arcs = draw(st.lists(names, max_size=5, unique=True))
    values = tuple(draw(st.lists(names, min_size=1, max_size=3, unique=True)))
    said = draw(names)
    attribute = AttributeType(values, (labels[0],), values[0], said, said)
    return Schema(
        "s",
        "1",
        {label: EntityType(said, said) for label in labels},
        {arc: RelationType((labels[0],), (labels[-1],), fr=said) for arc in arcs},
        {draw(attributes): attribute},
        {draw(attributes): attribute},
    )


def tags(schema: Schema, name: str) -> Iterator[ET.Element]:
    return ET.fromstring(labelling_interface(schema)).iter(name)


@given(schemas())
def test_any_name_comes_back_from_the_xml(schema: Schema) -> None:
    assert [tag.get("value") for tag in tags(schema, "Label")] == list(schema.entities)
    arcs = [tag.get("value") for tag in tags(schema, "Relation")]
    ((name, attribute),) = schema.relation_attributes.items()
    further = [attribute_label(name, value) for value in attribute.values[1:]]
    assert arcs == [*map(escape_label, schema.relations), *further]
    (choices,) = tags(schema, "Choices")
    assert {choices.get("name")} == set(schema.entity_attributes)


@given(schemas())
def test_no_key_and_no_colour_is_given_twice(schema: Schema) -> None:
    labels = list(tags(schema, "Label"))
    keys = [key for tag in [*labels, *tags(schema, "Choice")] if (key := tag.get("hotkey"))]
    assert len(keys) == len(set(keys))
    assert keys[:9] == list("123456789")[: len(keys)]
    assert len({tag.get("background") for tag in labels}) == len(labels)


def test_an_attribute_is_shown_for_the_labels_that_bear_it() -> None:
    (shown,) = (tag for tag in tags(OURS, "View") if tag.get("visibleWhen"))
    assert shown.get("whenLabelValue") == "LOC"


def test_the_guide_is_shown_without_the_tables_that_have_panels_of_their_own() -> None:
    guide = "# Guide\n<!-- schema:entities -->\n| PER | nom |\n<!-- /schema -->\n- **G1** `$text`"
    view = ET.fromstring(labelling_interface(OURS, guide=guide))
    shown = [tag.get("value") or "" for tag in view.iter("Markdown")]
    assert len(shown) == 3
    assert shown[-1] == "# Guide\n\n- **G1** `$\u2060text`"  # else it would show the task's text


def test_the_default_assertion_is_no_label() -> None:
    values = [tag.get("value") or "" for tag in tags(OURS, "Relation")]
    assert [value for value in values if "=" in value] == [
        "assertion=attributed",
        "assertion=negated",
        "assertion=possible",
    ]


@pytest.mark.parametrize("name", ["ref", "question", "1e3", "true"])
def test_a_name_that_no_tag_can_have_is_refused(name: str) -> None:
    schema = Schema("s", "1", {"A": EntityType()}, {}, {name: AttributeType()})
    with pytest.raises(DataError, match=f"the name {name} "):
        labelling_interface(schema)


def test_colours_are_legible_on_white() -> None:
    for colour in islice(colours(), 60):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        light = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        luminance = sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), light, strict=True))
        assert 1.05 / (luminance + 0.05) >= 3, colour  # WCAG's least for large text
