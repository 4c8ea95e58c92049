"""Counted in shards and put together: the very report of one process, however the sides are cut."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from toy import SCHEMA, sentence

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.corpus.scale import shards
from aloi.corpus.schema import load_schema
from aloi.eval.columns import Annotations
from aloi.eval.reports import distributed as sharded
from aloi.eval.reports.report import Scope, evaluate, report


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """Gold and predictions of 150 documents in different orders, right and wrong in many ways."""
    generator = random.Random(0)
    gold = [noisy(msgspec.structs.replace(sentence(n), id=f"d{n}"), generator) for n in range(150)]
    pred = [noisy(document, generator) for document in gold]
    generator.shuffle(pred)
    document_files.write(gold, tmp_path / "gold.jsonl")
    document_files.write(pred, tmp_path / "pred.jsonl")
    return tmp_path / "gold.jsonl", tmp_path / "pred.jsonl"


def noisy(document: Document, generator: random.Random) -> Document:
    """Some mentions with another label or end, and some relations between others."""
    entities = tuple(
        Entity(
            e.id, e.start, e.end - (generator.random() < 0.1), generator.choice((e.label, "ORG"))
        )
        for e in document.entities
    )
    ends = [entity.id for entity in entities]
    more = Relation(generator.choice(ends), generator.choice(ends), "MEETS")
    relations = (*document.relations, *([more] if generator.random() < 0.3 else []))
    return msgspec.structs.replace(document, entities=entities, relations=relations)


def counted(gold: Path, pred: Path, scope: Scope, **options: bool) -> list[Any]:
    """What each task counts, in this process."""
    looks = [
        list(map(shards.summarize_shard, shards.plan_shards(str(side)))) for side in (gold, pred)
    ]
    work = sharded.counter(scope, **options)
    return [work(task) for task in sharded.tasks(*looks)]


@pytest.mark.parametrize("bootstrap", [0, 30])
@pytest.mark.parametrize("schemes", [None, ["exact", "facts"]])
def test_the_report_is_that_of_one_process(
    sides: tuple[Path, Path], tmp_path: Path, bootstrap: int, schemes: list[str] | None
) -> None:
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    schema = load_schema(tmp_path / "schema.toml")
    train = Annotations.of(document_files.read(sides[0])[:20])
    told: dict[str, Any] = {"schema": schema, "corpus": None, "allow_missing": False}
    told |= {"bootstrap": bootstrap, "seed": 7}
    whole = evaluate(*map(document_files.read, sides), schemes=schemes, train=train, **told)
    scope = Scope.of(schemes, schema.symmetric, train)
    parts = counted(*sides, scope, allow_missing=False, by_document=bootstrap > 0)
    assert len(parts) > 30
    found = report(sharded.together(parts), **told).to_json()
    expected = whole.to_json()
    expected.pop("analysis", None)
    assert found == expected


def test_what_has_no_other_half_is_told_as_by_one_process(
    sides: tuple[Path, Path], tmp_path: Path
) -> None:
    gold, pred = map(document_files.read, sides)
    more = Document("made-up", "Rien.", ())
    other = msgspec.structs.replace(pred[7], text=f"{pred[7].text}!")
    document_files.write([*pred[:7], other, *pred[9:], more], tmp_path / "wrong.jsonl")
    with pytest.raises(DataError) as expected:
        evaluate(gold, document_files.read(tmp_path / "wrong.jsonl"))
    problems = []
    looks = [shards.plan_shards(str(side)) for side in (sides[0], tmp_path / "wrong.jsonl")]
    work = sharded.counter(Scope.of(None, frozenset(), None), allow_missing=False, by_document=True)
    for task in sharded.tasks(*(list(map(shards.summarize_shard, plan)) for plan in looks)):
        try:
            work(task)
        except DataError as error:
            problems += error.problems
    assert set(problems) == set(expected.value.problems)
    assert len(problems) == 3


def test_totals_of_parts_add_up(sides: tuple[Path, Path]) -> None:
    documents = document_files.read(sides[0])
    parts = (documents[40:], documents[:40])
    added = sum(Annotations.of(part).total() for part in parts) % 2**256
    assert f"{added:064x}" == Annotations.of(documents).digest()
    changed = [*documents[:-1], msgspec.structs.replace(documents[-1], relations=())]
    assert Annotations.of(changed).digest() != Annotations.of(documents).digest()
