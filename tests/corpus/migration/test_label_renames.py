"""Renames of labels: how they are written, what they change, and what is refused."""

import msgspec
import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.migration.label_renames import (
    parse_renames,
    rename_document,
    rename_problems,
    rename_schema,
    rename_schema_text,
)
from aloi.corpus.problems import DataError
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema

TEXT = """# The labels.
name = "s"
version = "1.2"

[entities]
PER = { description = "a person, not PERS" }  # PER stays in comments
LOC = {}

[entity_attributes.metonymy]
labels = ["PER", 'LOC']

[relations.MEETS]
head = ["PER"]
tail = ["PER", "LOC"]
"""
SCHEMA = Schema(
    "s",
    "1.2",
    {"PER": EntityType("a person, not PERS"), "LOC": EntityType()},
    {"MEETS": RelationType(("PER",), ("PER", "LOC"))},
    {"metonymy": AttributeType(labels=("PER", "LOC"))},
)


def test_a_document_and_a_schema_get_the_new_labels() -> None:
    ana = Entity(id="a", start=0, end=3, label="PER")
    document = Document("d", "Ana", (ana,), (Relation(head="a", tail="a", label="MEETS"),))
    renamed = rename_document(document, {"PER": "PERSON", "MEETS": "SEES"})
    assert (renamed.entities[0].label, renamed.relations[0].label) == ("PERSON", "SEES")
    schema = rename_schema(SCHEMA, {"PER": "PERSON", "MEETS": "SEES"})
    assert list(schema.entities) == ["PERSON", "LOC"]
    assert schema.relations == {"SEES": RelationType(("PERSON",), ("PERSON", "LOC"))}
    assert schema.entity_attributes["metonymy"].labels == ("PERSON", "LOC")
    assert schema.version == "2.0.0"


def test_the_text_of_a_schema_keeps_its_comments_and_layout() -> None:
    renamed = rename_schema_text(TEXT, SCHEMA, {"PER": "la personne", "MEETS": "SEES"}, "s.toml")
    assert '\n"la personne" = { description = "a person, not PERS" }  # PER stays in c' in renamed
    assert '[relations.SEES]\nhead = ["la personne"]\ntail = ["la personne", "LOC"]' in renamed
    assert len(renamed.splitlines()) == len(TEXT.splitlines())


def test_an_unusual_schema_text_is_refused() -> None:
    text = 'name = "s"\nversion = "1"\nentities = { PER = {} }\n'
    with pytest.raises(DataError, match=r"s.toml: the labels cannot be renamed .* by hand"):
        rename_schema_text(text, Schema("s", "1", {"PER": EntityType()}), {"PER": "P"}, "s.toml")


@pytest.mark.parametrize(
    "written",
    ["PER", "=P", "PER=", "PER=PER", "A=B A=C", "A=B B=C", "A=C B=C"],
)
def test_a_wrong_rename_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"OLD=NEW|renamed|in two steps"):
        parse_renames(written.split())


def test_renames_must_fit_the_schema_but_may_be_repeated() -> None:
    assert [p.kind for p in rename_problems(SCHEMA, {"PER": "LOC"})] == ["label-in-use"]
    assert [p.kind for p in rename_problems(SCHEMA, {"ORG": "GROUP"})] == ["unknown-label"]
    assert list(rename_problems(SCHEMA, {"PERSON": "PER"})) == []
    assert rename_schema(SCHEMA, {"PERSON": "PER"}) is SCHEMA


def test_a_version_that_is_no_number_is_kept() -> None:
    draft = msgspec.structs.replace(SCHEMA, version="draft")
    assert rename_schema(draft, {"PER": "P"}).version == "draft"
