"""The report of a sharded evaluation equals that of a single process."""

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
from aloi.eval.reports import distributed
from aloi.eval.reports.report import build_report, evaluate, evaluate_annotations
from aloi.eval.reports.scoring import ScoringOptions
from aloi.eval.scoring_choices import EvaluationOptions


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """Return files of gold and of predictions with errors, 150 documents in different orders."""
    generator = random.Random(0)
    gold = [
        with_errors(msgspec.structs.replace(sentence(n), id=f"d{n}"), generator) for n in range(150)
    ]
    pred = [with_errors(document, generator) for document in gold]
    generator.shuffle(gold)
    generator.shuffle(pred)
    document_files.write(gold, tmp_path / "gold.jsonl")
    document_files.write(pred, tmp_path / "pred.jsonl")
    return tmp_path / "gold.jsonl", tmp_path / "pred.jsonl"


def with_errors(document: Document, generator: random.Random) -> Document:
    """Return the document with some other labels, ends and relations."""
    entities = tuple(
        Entity(
            id=e.id,
            start=e.start,
            end=e.end - (generator.random() < 0.1),
            label=generator.choice((e.label, "ORG")),
        )
        for e in document.entities
    )
    ends = [entity.id for entity in entities]
    more = Relation(head=generator.choice(ends), tail=generator.choice(ends), label="MEETS")
    relations = (*document.relations, *([more] if generator.random() < 0.3 else []))
    return msgspec.structs.replace(document, entities=entities, relations=relations)


def score_shards(gold: Path, pred: Path, scoring: ScoringOptions, **options: bool) -> list[Any]:
    """Return the scores of each task, computed in this process."""
    summaries = [
        list(map(shards.summarize_shard, shards.plan_shards(str(side)))) for side in (gold, pred)
    ]
    work = distributed.make_worker(scoring, **options)
    return [work(task) for task in distributed.plan_tasks(*summaries)]


@pytest.mark.parametrize("bootstrap", [0, 30])
@pytest.mark.parametrize("schemes", [None, ["exact", "facts"]])
def test_the_report_equals_that_of_one_process(
    sides: tuple[Path, Path], tmp_path: Path, bootstrap: int, schemes: list[str] | None
) -> None:
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    schema = load_schema(tmp_path / "schema.toml")
    train = Annotations.of(document_files.read(sides[0])[:20])
    options = EvaluationOptions(
        schemes=schemes, schema=schema, train=train, bootstrap=bootstrap, seed=7
    )
    read = (Annotations.of(document_files.read(side)) for side in sides)
    single = evaluate_annotations(*read, options)
    scoring = ScoringOptions.of(options)
    parts = score_shards(*sides, scoring, allow_missing=False, by_document=bootstrap > 0)
    assert len(parts) > 30
    merged = build_report(distributed.merge_scores(parts), options).to_json()
    here = distributed.evaluate_in_parts(*map(str, sides), options)
    assert here.to_json() == merged
    expected = single.to_json() | {"document_macro": {}}
    expected.pop("analysis", None)
    assert merged == expected


def test_unpaired_documents_are_reported_as_by_one_process(
    sides: tuple[Path, Path], tmp_path: Path
) -> None:
    gold, pred = map(document_files.read, sides)
    extra = Document("extra", "Rien.", ())
    other = msgspec.structs.replace(pred[7], text=f"{pred[7].text}!")
    document_files.write([*pred[:7], other, *pred[9:], extra], tmp_path / "wrong.jsonl")
    with pytest.raises(DataError) as expected:
        evaluate(gold, document_files.read(tmp_path / "wrong.jsonl"))
    problems = []
    plans = [shards.plan_shards(str(side)) for side in (sides[0], tmp_path / "wrong.jsonl")]
    work = distributed.make_worker(
        ScoringOptions.of(EvaluationOptions()), allow_missing=False, by_document=True
    )
    for task in distributed.plan_tasks(
        *(list(map(shards.summarize_shard, plan)) for plan in plans)
    ):
        try:
            work(task)
        except DataError as error:
            problems += error.problems
    assert set(problems) == set(expected.value.problems)
    assert len(problems) == 3


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b'{"id": "x", "text": "Ana", "entities": [{"id": "e", "start": 0, "end": 4, '
        b'"label": "A"}]}',
        b'{"id": "x", "text": "Ana", "entities": [], "relations": [{"head": "e", "tail": "f", '
        b'"label": "A"}]}',
    ],
)
def test_problems_of_all_parts_are_reported(
    sides: tuple[Path, Path], tmp_path: Path, line: bytes
) -> None:
    lines = sides[1].read_bytes().splitlines()
    broken = [*lines[:9], line, *lines[9:], line.replace(b'"x"', b'"y"'), b""]
    (tmp_path / "broken.jsonl").write_bytes(b"\n".join(broken))
    with pytest.raises(DataError) as caught:
        distributed.evaluate_in_parts(
            str(sides[0]), str(tmp_path / "broken.jsonl"), EvaluationOptions()
        )
    assert [problem.line for problem in caught.value.problems] == [10, 152]


def test_hash_sums_of_parts_add_up(sides: tuple[Path, Path]) -> None:
    documents = document_files.read(sides[0])
    parts = (documents[40:], documents[:40])
    added = sum(Annotations.of(part).hash_sum() for part in parts) % 2**256
    assert f"{added:064x}" == Annotations.of(documents).digest()
    changed = [*documents[:-1], msgspec.structs.replace(documents[-1], relations=())]
    assert Annotations.of(changed).digest() != Annotations.of(documents).digest()
