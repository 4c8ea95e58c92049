"""Prompts for zero-shot models: the descriptions of a schema."""

import pytest

from aloi.corpus.problems import DataError
from aloi.corpus.schema import EntityType, RelationType, Schema
from aloi.models.llm.prompt import prompt_language
from aloi.models.zero_shot.prompts import schema_prompts

PER = EntityType("person", "personne")
LOC = EntityType("place", "lieu")
SCHEMA = Schema("s", "1", {"PER": PER, "LOC": LOC}, {"IN": RelationType(("PER",), ("LOC",))})


def test_descriptions_are_in_the_language_of_the_document() -> None:
    for meta, expected in {"fr": ["personne", "lieu"], "de": ["person", "place"]}.items():
        language = prompt_language(SCHEMA, {"lang": meta})
        prompts = schema_prompts(SCHEMA, language, relations=False)
        assert list(prompts.entities.values()) == expected
        assert prompts.relations == {}


def test_the_other_language_is_used_if_one_is_missing() -> None:
    schema = Schema("s", "1", {"PER": EntityType(fr="personne"), "LOC": EntityType("place")})
    for language in ("fr", "en"):
        prompts = schema_prompts(schema, language, relations=True)
        assert prompts.entities == {"PER": "personne", "LOC": "place"}


def test_labels_without_a_description_of_their_own_are_reported() -> None:
    schema = Schema("s", "1", {"A": EntityType(), "B": PER, "C": PER, "D": LOC}, SCHEMA.relations)
    with pytest.raises(DataError) as caught:
        schema_prompts(schema, "fr", relations=True)
    assert [problem.what for problem in caught.value.problems] == [
        "[entities] A has no description in the schema, which a zero-shot model needs",
        "[entities] B, [entities] C have the same description in the schema, which a zero-shot "
        "model needs",
        "[relations] IN has no description in the schema, which a zero-shot model needs",
    ]
