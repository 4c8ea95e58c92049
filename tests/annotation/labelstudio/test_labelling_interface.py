"""The labelling interface represents the schema, with any characters in its names."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aloi.annotation.labelstudio.labelling_interface import label_colours, labelling_interface
from aloi.corpus.formats.shared.label_studio_results import attribute_label, escape_label
from aloi.corpus.problems import DataError
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema, load_schema

OURS = load_schema(Path(__file__).parents[3] / "corpus" / "schema.toml")

names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=12)
attributes = names.map(lambda name: f"a{name}")


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    labels = draw(st.lists(names, min_size=1, max_size=60, unique=True))
    relations = draw(st.lists(names, max_size=5, unique=True))
    values = tuple(draw(st.lists(names, min_size=1, max_size=3, unique=True)))
    description = draw(names)
    attribute = AttributeType(values, (labels[0],), values[0], description, description)
    return Schema(
        "s",
        "1",
        {label: EntityType(description, description) for label in labels},
        {x: RelationType((labels[0],), (labels[-1],), fr=description) for x in relations},
        {draw(attributes): attribute},
        {draw(attributes): attribute},
    )


def tags(schema: Schema, name: str) -> Iterator[ET.Element]:
    return ET.fromstring(labelling_interface(schema)).iter(name)


@given(schemas())
def test_any_name_is_read_back_from_the_xml(schema: Schema) -> None:
    assert [tag.get("value") for tag in tags(schema, "Label")] == list(schema.entities)
    relations = [tag.get("value") for tag in tags(schema, "Relation")]
    ((name, attribute),) = schema.relation_attributes.items()
    additional = [attribute_label(name, value) for value in attribute.values[1:]]
    assert relations == [*map(escape_label, schema.relations), *additional]
    (choices,) = tags(schema, "Choices")
    assert {choices.get("name")} == set(schema.entity_attributes)


@given(schemas())
def test_keys_and_colours_are_unique(schema: Schema) -> None:
    labels = list(tags(schema, "Label"))
    keys = [key for tag in [*labels, *tags(schema, "Choice")] if (key := tag.get("hotkey"))]
    assert len(keys) == len(set(keys))
    assert keys[:9] == list("123456789")[: len(keys)]
    assert len({tag.get("background") for tag in labels}) == len(labels)


def test_an_attribute_is_shown_for_its_labels() -> None:
    (view,) = (tag for tag in tags(OURS, "View") if tag.get("visibleWhen"))
    assert view.get("whenLabelValue") == "LOC"


def test_the_guide_is_shown_without_its_tables() -> None:
    guide = "# Guide\n<!-- schema:entities -->\n| PER | nom |\n<!-- /schema -->\n- **G1** `$text`"
    view = ET.fromstring(labelling_interface(OURS, guide=guide))
    panels = [tag.get("value") or "" for tag in view.iter("Markdown")]
    assert len(panels) == 3
    assert panels[-1] == "# Guide\n\n- **G1** `$\u2060text`"  # not replaced


def test_the_default_value_has_no_label() -> None:
    values = [tag.get("value") or "" for tag in tags(OURS, "Relation")]
    assert [value for value in values if "=" in value] == [
        "assertion=attributed",
        "assertion=negated",
        "assertion=possible",
        "status=ended",
    ]


def test_the_panel_lists_the_relations_that_an_attribute_is_limited_to() -> None:
    panels = [tag.get("value") or "" for tag in tags(OURS, "Markdown")]
    limit = "ended ; HAS\\_ROLE, REPRESENTS, COOPERATES\\_WITH, PARTY\\_TO, MEMBER\\_OF"
    assert f"- **status** : en cours, terminé ({limit})" in panels[1]


@pytest.mark.parametrize("name", ["ref", "question", "1e3", "true"])
def test_an_attribute_name_that_tags_cannot_have_is_refused(name: str) -> None:
    schema = Schema("s", "1", {"A": EntityType()}, {}, {name: AttributeType()})
    with pytest.raises(DataError, match=f"the attribute name {name} "):
        labelling_interface(schema)


def test_colours_are_legible_on_white() -> None:
    for colour in islice(label_colours(), 60):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        light = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        luminance = sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), light, strict=True))
        assert 1.05 / (luminance + 0.05) >= 3, colour  # WCAG's minimum for large text
