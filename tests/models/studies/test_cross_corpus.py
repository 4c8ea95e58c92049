"""Training and evaluation across corpora: the table, the folders, and resuming."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from light_configs import light_configs
from toy import folder, sentence

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError
from aloi.eval.columns import Annotations
from aloi.eval.reports.report import evaluate
from aloi.eval.reports.summary import SystemReport
from aloi.models.studies import cross_corpus_summary, experiment_report
from aloi.models.studies.cross_corpus import run_across, train_across, training_sets
from aloi.models.studies.cross_corpus_summary import CrossCorpusSummary, CrossScore, read_scores
from aloi.models.studies.experiment import BASELINE, Experiment
from aloi.models.studies.seeds import train_seeds
from aloi.models.training.job import TrainingJob

SETS = ("one", "two", "one+two")


@pytest.fixture
def corpora(tmp_path: Path) -> list[Corpus]:
    one = folder(tmp_path / "one", name="one")
    two = folder(tmp_path / "two", None, name="two", first=26)
    return [Corpus.open(one), Corpus.open(two)]


def report(found: Iterable[int], system: str = "ner") -> SystemReport:
    """Return a test report; in document i, `found[i]` of its three mentions are right."""
    gold = [sentence(number) for number, _ in enumerate(found)]
    pred = [Document(d.id, d.text, d.entities[:n]) for d, n in zip(gold, found, strict=True)]
    # Ana, Bob and Eva, and the cities Rome, Lima and Oslo, are seen; Léo and Zoé are not.
    train = Annotations.of([Document(d.id, d.text, d.entities[:2]) for d in gold[:3]])
    return SystemReport("test", system, "entities", evaluate(gold, pred, train=train, bootstrap=50))


@pytest.fixture
def summary(corpora: list[Corpus]) -> CrossCorpusSummary:
    """The summary of three seeds of two training sets, and of the baseline."""
    scores: list[CrossScore] = []
    found = {0: [(3, 3, 2), (3, 2, 2), (3, 1, 1)], 1: [(1, 1, 1), (2, 1, 1), (1, 1, 2)]}
    for number, runs in found.items():
        own = Experiment(corpora[number], Path("out"))
        on_one = Experiment(corpora[0], Path("out"), trained=own)
        for counts in runs:
            scores += read_scores([report((2, 2, 2), BASELINE), report(counts)], on_one)
    return CrossCorpusSummary((1, 2, 3), tuple(scores))


def test_a_row_has_the_mean_and_range_of_each_training_set(summary: CrossCorpusSummary) -> None:
    sheet = summary.summary_sheet()
    assert sheet.columns == ("", "n", "one", "two", BASELINE)
    rows = {name: cells for name, *cells in sheet.rows}
    # 8, 7 and 5 of 9 mentions are found, and none is wrong: F1 is 16/17, 14/16 and 10/14; then
    # 3, 4 and 4 of 9: 6/12, 8/13 and 8/13.
    support, one, two, baseline = rows["one, test: all types, outermost"]
    assert support == "9"
    assert one.startswith("0.843 (0.714–0.941) [0.")
    assert two.startswith("0.577 (0.500–0.615)")
    assert baseline == "–"
    assert rows["one, test: PER+LOC+ORG, outermost"] == ["9", "–", "–", "0.800"]


def test_the_interval_is_that_of_the_first_seed(summary: CrossCorpusSummary) -> None:
    row = summary.cells()["one, test", "all types, outermost"]
    first = report((3, 3, 2)).report.entities["outermost"].intervals
    assert first is not None
    assert row["one"].first.interval == first.micro["f1"]
    assert row["one"].to_json()["ci_of_first_run"] == [
        first.micro["f1"].low,
        first.micro["f1"].high,
    ]


def test_seen_and_unseen_surfaces_are_separate_rows(summary: CrossCorpusSummary) -> None:
    rows = {name: cells for name, *cells in summary.summary_sheet().rows}
    seen, unseen = rows["one, test: seen surfaces"], rows["one, test: unseen surfaces"]
    # Eva is the third mention of sentence 0, and seen in sentence 2; Léo and Zoé are unseen.
    assert [seen[0], unseen[0]] == ["7", "2"]
    assert unseen[1:3] == ["0.222 (0.000–0.667)", "0.000 (0.000–0.000)"]


def test_each_type_has_mean_and_range(summary: CrossCorpusSummary) -> None:
    sheets = {sheet.title: sheet for sheet in summary.type_sheets()}
    rows = {
        name: cells for name, *cells in sheets["one, test: all types, outermost, F1 by type"].rows
    }
    # LOC is the second mention of each document: 3, 3 and 1 of 3 are found, then 0, 1 and 1.
    assert rows["LOC"][0] == "3"
    assert rows["LOC"][1].startswith("0.833 (0.500–1.000)")
    assert rows["LOC"][2].startswith("0.333 (0.000–0.500)")


def test_the_training_sets_are_compared_but_not_the_baseline(summary: CrossCorpusSummary) -> None:
    (outermost, exact) = summary.differences
    assert outermost.contrast == "two − one"
    assert outermost.difference.difference == pytest.approx(0.577 - 0.843, abs=0.001)
    assert exact.to_json()["measure"] == "all types, all mentions"
    sheet = summary.difference_sheet()
    assert sheet.columns == ("", "two − one")
    assert sheet.rows[0][1].startswith("-0.267 [")


def test_the_summary_is_written_without_text(summary: CrossCorpusSummary, tmp_path: Path) -> None:
    summary.write(tmp_path)
    content = json.loads((tmp_path / "cross-corpus.json").read_text("utf-8"))
    assert content["seeds"] == [1, 2, 3]
    first = content["scores"][0]
    assert (first["training_set"], first["test_set"], first["documents"]) == (
        BASELINE,
        "one, test",
        3,
    )
    text = (tmp_path / "cross-corpus.md").read_text("utf-8")
    assert "0.843 (0.714–0.941)" in text
    assert sentence(0).text not in text


def test_an_empty_split_is_reported_before_the_first_training(
    corpora: list[Corpus], tmp_path: Path
) -> None:
    corpora[1].splits["train"] = ()
    notes: list[str] = []
    with pytest.raises(DataError, match="the train split is empty"):
        train_across(corpora, tmp_path / "build", notify=notes.append)
    assert notes == []


def test_no_pipeline_is_trained_on_dev_or_test(corpora: list[Corpus], tmp_path: Path) -> None:
    held_out = {d.id for corpus in corpora for d in (*corpus.split("dev"), *corpus.split("test"))}
    tested = {d.id for corpus in corpora for d in corpus.split("test")}
    for training_set in training_sets(corpora, tmp_path):
        experiment = training_set.experiment(1)
        experiment.write_splits()
        train, dev = (
            {d.id for d in document_files.read(experiment.data_file(split))}
            for split in ("train", "dev")
        )
        assert train
        assert not train & held_out
        assert dev
        assert not dev & tested


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Train small networks for a few steps, and draw few replicates."""
    make_job, configs = Experiment._job, light_configs(tmp_path)
    monkeypatch.setattr(
        Experiment, "_job", lambda *args: replace(make_job(*args), config=configs[args[1]])
    )
    monkeypatch.setattr(experiment_report, "SIGNIFICANCE_REPLICATES", 10)
    monkeypatch.setattr(cross_corpus_summary, "DIFFERENCE_REPLICATES", 10)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_each_training_set_is_scored_on_each_corpus_and_resumed(
    corpora: list[Corpus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, notes = tmp_path / "build", []
    train_seeds(corpora[0], out, [1])  # as `make seeds` does
    trained = TrainingJob.run

    def interrupted(job: TrainingJob, **options: object) -> object:
        if "one+two" in str(job.out):
            raise KeyboardInterrupt
        return trained(job, **options)

    monkeypatch.setattr(TrainingJob, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_across(corpora, out, [1], notify=notes.append)
    done = ["ner: up to date", "relations: up to date"]
    new = ["ner: training", "relations: training", "pipeline: assembled"]
    notes = [note for note in notes if not note.endswith("minutes")]
    assert notes == [
        "training 1 of 3: one, seed 1",
        *done,
        "training 2 of 3: two, seed 1",
        *new,
        "training 3 of 3: one+two, seed 1",
        "ner: training",
    ]
    monkeypatch.setattr(TrainingJob, "run", trained)
    notes.clear()
    summary = run_across(corpora, out, [1], bootstrap=10, notify=notes.append)
    assert [note for note in notes if note.endswith(("training", "up to date"))] == [
        *done,
        *done,
        "ner: training",
        "relations: training",
    ]
    scores = json.loads((out / "reports" / "cross-corpus.json").read_text("utf-8"))["scores"]
    assert {(each["training_set"], each["test_set"]) for each in scores} == {
        (name, test)
        for name in (*SETS, BASELINE)
        for test in ("one, test", "one, article", "two, test")
    }
    assert {"relations, gold entities", "relations, end to end"} < {m for _, m in summary.cells()}
    both = out / "trained-on" / "one+two" / "seed-1"
    for reports in (
        out / "seed-1" / "reports",
        out / "seed-1" / "tested-on" / "two" / "reports",
        both / "tested-on" / "one" / "reports",
    ):
        assert {"eval.json", "eval.md", "test-ner.html"} <= {f.name for f in reports.iterdir()}
    restricted = sentence(25).text
    assert not any(
        restricted in file.read_text("utf-8")
        for file in out.rglob("reports/*")
        if file.suffix in {".json", ".md", ".html"}
    )
