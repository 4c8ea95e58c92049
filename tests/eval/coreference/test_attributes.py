"""Scores of the attributes of relations."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.schema import load_schema
from aloi.eval.reports.report import Report, evaluate
from aloi.eval.reports.report_tables import report_sheets
from aloi.eval.reports.summary import SystemReport, micro_sheet, type_sheets

TEXT = "Ana Bob Eva"
ENTITIES = tuple(Entity(id=TEXT[n], start=n, end=n + 3, label="PER") for n in (0, 4, 8))
SCHEME = "relation-attribute-values"

SCHEMA = """
name = "toy"
version = "1"
entities = { PER = {} }

[relations.MEETS]
head = ["PER"]
tail = ["PER"]
symmetric = true

[relation_attributes.assertion]
values = ["asserted", "negated", "possible"]
default = "asserted"
"""


def meets(head: str, tail: str, value: str | None = None) -> Relation:
    attributes = {"assertion": value} if value else {}
    return Relation(head=head, tail=tail, label="MEETS", attributes=attributes)


def report_of(gold: list[Relation], pred: list[Relation], **options: Any) -> Report:
    sides = (Document("d", TEXT, ENTITIES, tuple(each)) for each in (gold, pred))
    return evaluate(*([side] for side in sides), **options)


def counts(report: Report) -> dict[str, dict[str, int]]:
    types = report.relations[SCHEME].scores.types
    return {value: each.as_dict() for value, each in types.items()}


def test_a_value_counts_on_an_equal_relation_only() -> None:
    gold = [meets("A", "B", "negated"), meets("B", "E", "possible"), meets("A", "E")]
    pred = [meets("A", "B", "negated"), meets("B", "E", "negated"), meets("E", "A", "possible")]
    assert counts(report_of(gold, pred)) == {
        # A-B is right; on B-E, negated is predicted for possible; E-A is not the relation A-E.
        "assertion=negated": {"tp": 1, "fp": 1, "fn": 0},
        "assertion=possible": {"tp": 0, "fp": 1, "fn": 1},
    }


@pytest.fixture
def schema(tmp_path: Path) -> Any:
    file = tmp_path / "schema.toml"
    file.write_text(SCHEMA, encoding="utf-8")
    return load_schema(file)


def test_a_symmetric_relation_may_be_written_either_way(schema: Any) -> None:
    report = report_of([meets("A", "B", "negated")], [meets("B", "A", "negated")], schema=schema)
    assert counts(report) == {"assertion=negated": {"tp": 1, "fp": 0, "fn": 0}}


def test_the_default_of_the_schema_is_no_value(schema: Any) -> None:
    gold = [meets("A", "B", "asserted"), meets("B", "E", "negated")]
    pred = [meets("A", "B"), meets("B", "E", "asserted")]
    assert counts(report_of(gold, pred, schema=schema)) == {
        "assertion=negated": {"tp": 0, "fp": 0, "fn": 1}
    }
    assert counts(report_of(gold, pred))["assertion=asserted"] == {"tp": 0, "fp": 1, "fn": 1}


def test_relations_without_attributes_have_no_such_scores() -> None:
    assert SCHEME not in report_of([meets("A", "B")], [meets("A", "B")]).relations


def test_the_table_of_values_is_in_the_report() -> None:
    report = report_of([meets("A", "B", "negated")], [])
    (table,) = [each for each in report_sheets(report) if SCHEME in each.title]
    assert table.rows[0][:2] == ("assertion=negated", "1")


def test_attributes_have_rows_in_the_summary_of_systems() -> None:
    power = msgspec.structs.replace(ENTITIES[0], attributes={"metonymy": "government"})
    gold = Document("d", TEXT, (power, *ENTITIES[1:]), (meets("A", "B", "negated"),))
    run = SystemReport("test", "attributes", "attributes", evaluate([gold], [gold]))
    rows = [(row[0], row[1], row[2]) for row in micro_sheet([run]).rows]
    assert rows == [
        ("test: attributes", f"attributes, {SCHEME}", "1"),
        ("test: attributes", "attributes, attribute-values", "1"),
    ]
    tables = {sheet.title: sheet.rows[0][0] for sheet in type_sheets([run])}
    assert tables == {
        f"attributes, attributes: {SCHEME}": "assertion=negated",
        "attributes, attributes: attribute-values": "metonymy=government",
    }
    bare = Document("d", TEXT, ENTITIES)
    empty = SystemReport("article", "attributes", "attributes", evaluate([bare], [bare]))
    assert micro_sheet([empty]).rows == ()


def test_values_of_restricted_documents_are_not_shown() -> None:
    report = report_of([meets("A", "B", "negated")], [], restricted=["d"])
    assert list(counts(report)) == ["(restricted)"]
