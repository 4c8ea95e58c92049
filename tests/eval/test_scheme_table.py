"""The table of schemes: complete, and read by everything that shows or chooses a scheme."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.reports.report import evaluate
from aloi.eval.schemes import (
    ALL_SCHEMES,
    SCHEMES,
    TRAIN_SCHEMES,
    EntityScheme,
    ItemKind,
    RelationScheme,
    ScoredItems,
    task_schemes,
)

ROOT = Path(__file__).parents[2]
PARTS = ("eval", "models", "annotation", "cli")
"""The packages that may import the table: all but `corpus`."""

OTHER_MEANINGS = {
    "eval/analysis/slices.py": {"outermost"},  # a slice of mentions
    "cli/facts.py": {"facts"},  # the command
    "cli/main.py": {"facts"},
}
"""Modules in which the name of a scheme has another meaning."""

PAIR = (
    Entity(id="a", start=0, end=3, label="PER", ref="ana"),
    Entity(id="b", start=4, end=8, label="LOC", attributes={"metonymy": "government"}),
)
RELATION = Relation(head="a", tail="b", label="IN", attributes={"assertion": "negated"})
GOLD = Document("d", "Ana Rome", PAIR, (RELATION,))


def test_every_scheme_has_one_row_in_the_order_of_a_report() -> None:
    assert (*EntityScheme, *RelationScheme) == ALL_SCHEMES


def test_each_task_has_one_main_scheme_and_one_headline() -> None:
    for flag in ("main", "headline"):
        tasks = Counter(each.task for each in SCHEMES if getattr(each, flag))
        assert tasks == {ItemKind.ENTITIES: 1, ItemKind.RELATIONS: 1}


def test_a_scheme_shown_by_type_has_a_title_for_cards() -> None:
    assert all(bool(each.title) == each.by_type for each in SCHEMES)


def test_only_relations_their_attributes_and_facts_are_relations() -> None:
    relations = (ScoredItems.RELATIONS, ScoredItems.FACTS, ScoredItems.RELATION_ATTRIBUTES)
    for each in SCHEMES:
        is_relation = each.items in relations
        assert is_relation == (each.task is ItemKind.RELATIONS)


def test_schemes_of_a_task_keep_their_order() -> None:
    assert task_schemes(ItemKind.ENTITIES, ["outermost", "strict", "exact"]) == (
        "exact",
        "outermost",
    )


@pytest.mark.parametrize("scheme", ALL_SCHEMES)
def test_a_scheme_asked_for_is_scored_alone(scheme: str) -> None:
    train = [GOLD] if scheme in TRAIN_SCHEMES else None
    report = evaluate([GOLD], [GOLD], schemes=[scheme], train=train)
    assert [*report.entities, *report.relations] == [scheme]


def test_a_scheme_that_needs_training_documents_is_an_error_without_them() -> None:
    with pytest.raises(ValueError, match="facts-ign requires training documents"):
        evaluate([GOLD], [GOLD], schemes=["facts-ign"])
    assert "facts-ign" not in evaluate([GOLD], [GOLD]).relations


def strings(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    constants = (node.value for node in nodes if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def test_no_other_module_repeats_the_name_of_a_scheme() -> None:
    repeated = {}
    for file in (file for part in PARTS for file in (ROOT / part).rglob("*.py")):
        name = str(file.relative_to(ROOT))
        if found := strings(file) & {*ALL_SCHEMES} - OTHER_MEANINGS.get(name, set()):
            repeated[name] = found
    assert set(repeated) == {"eval/schemes.py"}
