"""Scores that became significantly worse, in the files of `aloi eval` and `aloi compare`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aloi.corpus.document import Document, Entity
from aloi.corpus.gate.score_changes import ScoreChange, changed_scores, compared_scores
from aloi.corpus.problems import DataError
from aloi.eval.columns import Annotations
from aloi.eval.reports.report import evaluate
from aloi.eval.reports.run_comparison import compare_system_runs
from aloi.eval.reports.system_comparison import compare_systems
from aloi.eval.scoring_choices import EvaluationOptions

SCORE = "entities, outermost, micro F1"
OUTERMOST = EvaluationOptions(schemes=["outermost"])


def documents(found: int, number: int = 40) -> list[Document]:
    """Return documents with two names each, the second only in the first `found` documents."""
    spans = {"a": (0, 3), "b": (7, 10)}
    entities = tuple(Entity(id=i, start=s, end=e, label="PER") for i, (s, e) in spans.items())
    return [
        Document(f"d{n}", "Ana et Bob", entities if n < found else entities[:1])
        for n in range(number)
    ]


def write(file: Path, content: object) -> Path:
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.parametrize(("found", "is_worse"), [(39, False), (20, True)])
def test_a_comparison_is_judged_by_its_p_values(tmp_path: Path, found: int, is_worse: bool) -> None:
    systems = {"old": documents(40), "new": documents(found)}
    result = compare_systems(documents(40), systems, OUTERMOST, replicates=500)
    micro, per = compared_scores(write(tmp_path / "c.json", result.to_json()))
    assert micro.name == f"new − old, {SCORE}"
    assert per.name == "new − old, entities, outermost, F1 of PER"
    assert (micro.is_worse, per.is_worse) == (is_worse, is_worse)


def test_a_comparison_of_several_runs_is_read(tmp_path: Path) -> None:
    runs = {
        "old": [Annotations.of(documents(n)) for n in (40, 39)],
        "new": [Annotations.of(documents(n)) for n in (20, 21)],
    }
    gold = Annotations.of(documents(40))
    result = compare_system_runs(gold, runs, OUTERMOST, replicates=500)
    changes = compared_scores(write(tmp_path / "c.json", result.to_json()))
    assert [change.is_worse for change in changes] == [True, True]


def test_types_with_few_gold_items_are_not_tested(tmp_path: Path) -> None:
    systems = {"old": documents(14, 14), "new": documents(0, 14)}
    result = compare_systems(documents(14, 14), systems, OUTERMOST, replicates=500)
    (micro,) = compared_scores(write(tmp_path / "c.json", result.to_json()))
    assert micro.is_worse


def report(found: int, *, bootstrap: int = 200) -> dict[str, Any]:
    return evaluate(
        documents(40), documents(found), schemes=["outermost"], bootstrap=bootstrap
    ).to_json()


@pytest.mark.parametrize(("found", "is_worse"), [(38, False), (20, True)])
def test_two_reports_are_judged_by_their_intervals(
    tmp_path: Path, found: int, is_worse: bool
) -> None:
    old, new = write(tmp_path / "a", report(39)), write(tmp_path / "b", report(found))
    (change,) = changed_scores(old, new)
    assert (change.name, change.is_worse) == (SCORE, is_worse)
    (back,) = changed_scores(new, old)
    assert back.is_worse is False


def test_the_test_of_two_intervals(tmp_path: Path) -> None:
    """Each interval is ±0.0196, so s = 0.01, and z = −0.03 / 0.0141 = −2.12 is significant."""

    def scores(f1: float) -> dict[str, Any]:
        micro = {"f1": f1, "ci": {"f1": [f1 - 0.0196, f1 + 0.0196]}}
        return {"entities": {"exact": {"micro": micro}}}

    old = write(tmp_path / "old", scores(0.80))
    (worse,) = changed_scores(old, write(tmp_path / "new", scores(0.77)))
    (equal,) = changed_scores(old, write(tmp_path / "new", scores(0.78)))  # z = −1.41
    assert str(worse) == "entities, exact, micro F1: -0.030, significantly worse"
    assert str(equal) == "entities, exact, micro F1: -0.020"


def test_runs_of_an_experiment_are_compared_by_split_system_and_task(tmp_path: Path) -> None:
    def runs(**found: int) -> dict[str, Any]:
        each = [
            {"split": "test", "system": name, "task": "entities", "report": report(n)}
            for name, n in found.items()
        ]
        return {"runs": each}

    old = write(tmp_path / "old", runs(ner=39, rules=30))
    new = write(tmp_path / "new", runs(ner=20, other=39))
    assert changed_scores(old, new) == (
        ScoreChange(f"test, ner, entities, {SCORE}", pytest.approx(-0.136, abs=1e-3), True),
        ScoreChange(f"test, rules, entities, {SCORE}", None, None),
    )


BAD: dict[str, tuple[object, object]] = {
    "bad-scores": ([], report(39, bootstrap=0)),
    "no-scores": ({}, report(39)),
    "no-intervals": (report(39, bootstrap=0), report(39)),
    "no-common-scores": (
        report(39),
        {"relations": {"strict": {"micro": {"f1": 0.5, "ci": {"f1": [0.4, 0.6]}}}}},
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_files_that_cannot_be_used(tmp_path: Path, kind: str) -> None:
    old, new = BAD[kind]
    with pytest.raises(DataError) as caught:
        changed_scores(write(tmp_path / "old", old), write(tmp_path / "new", new))
    assert [problem.kind for problem in caught.value.problems] == [kind]


def test_a_report_is_no_comparison(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="aloi compare --json"):
        compared_scores(write(tmp_path / "r.json", report(39)))
