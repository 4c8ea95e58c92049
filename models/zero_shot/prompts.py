"""The descriptions of a schema as prompts: what a zero-shot model is asked to find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import EntityType, RelationType, Schema


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompt for each entity label and each relation label of a schema, in one language."""

    entities: dict[str, str]
    relations: dict[str, str]


def schema_prompts(schema: Schema, language: str, *, relations: bool) -> Prompts:
    """Return the descriptions of the labels in a language.

    A label without a description in this language has one in another language. relations: whether
    the model predicts relations. Raises `DataError` if a label has no description, or two labels
    have the same one.
    """
    found = Prompts(
        _descriptions(schema.entities, language),
        _descriptions(schema.relations if relations else {}, language),
    )
    problems = [*_problems("entities", found.entities), *_problems("relations", found.relations)]
    if problems:
        raise DataError(problems)
    return found


def _descriptions(
    types: Mapping[str, EntityType] | Mapping[str, RelationType], language: str
) -> dict[str, str]:
    return {label: type_.describe(language) for label, type_ in types.items()}


def _problems(table: str, prompts: Mapping[str, str]) -> list[Problem]:
    """Return a problem for each label without a description of its own."""
    labels: dict[str, list[str]] = {}
    for label, prompt in prompts.items():
        labels.setdefault(prompt.strip(), []).append(label)
    missing = labels.pop("", [])
    return [
        *(_problem(table, [label], "has no description in the schema") for label in missing),
        *(
            _problem(table, shared, "have the same description in the schema")
            for shared in labels.values()
            if len(shared) > 1
        ),
    ]


def _problem(table: str, labels: Sequence[str], what: str) -> Problem:
    fix = 'Describe it there, for example: PER = { description = "person\'s name" }'
    named = ", ".join(f"[{table}] {label}" for label in labels)
    return Problem("no-description", f"{named} {what}, which a zero-shot model needs", fix)
