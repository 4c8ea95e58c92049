"""The influence of displayed predictions on annotators, in work with known behaviour."""

import json
from pathlib import Path
from random import Random

import pytest
from toy import sentence
from typer.testing import CliRunner

from aloi.annotation.compare.anchoring import measure_anchoring
from aloi.annotation.compare.pass_agreement import compare_passes
from aloi.annotation.compare.passes import Passes
from aloi.annotation.provenance import PROVENANCE
from aloi.annotation.server_protocol import PREDICTIONS_SHOWN
from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError

GOLD = [sentence(number) for number in range(120)]


def predicted(document: Document, chance: Random) -> Document:
    """Return a prediction that misses about a third of the mentions."""
    kept = [each for each in document.entities if chance.random() < 0.67]
    ids = {each.id for each in kept}
    relations = [x for x in document.relations if x.head in ids and x.tail in ids]
    return Document(document.id, document.text, tuple(kept), tuple(relations))


def work(document: Document, prediction: Document, *, shown: bool, seconds: float) -> Document:
    """Return work that is a copy of the prediction if it was displayed, else right."""
    source = prediction if shown else document
    meta = {PREDICTIONS_SHOWN: shown, PROVENANCE: {"lead_time": seconds}}
    return Document(document.id, document.text, source.entities, source.relations, meta)


@pytest.fixture
def predictions() -> dict[str, Document]:
    chance = Random(0)
    return {document.id: predicted(document, chance) for document in GOLD}


@pytest.fixture
def passes(predictions: dict[str, Document]) -> Passes:
    """Two annotators who see predictions in about 80 % of their tasks."""
    chance = Random(1)
    return {
        name: [
            work(document, predictions[document.id], shown=shown, seconds=10 if shown else 20)
            for document in GOLD
            for shown in [chance.random() < 0.8]
        ]
        for name in ("marie", "paul")
    }


def test_copied_predictions_are_found(passes: Passes, predictions: dict[str, Document]) -> None:
    measured = measure_anchoring(passes, predictions, bootstrap=300)
    assert sum(measured.tasks) == 240
    assert measured.documents == 120
    mentions, relations = measured.comparisons["mentions"], measured.comparisons["relations"]
    assert mentions.shown == relations.shown == 1
    assert mentions.bare is not None
    assert 0.7 < mentions.bare < 0.9
    for each in (mentions, relations):
        assert each.interval is not None
        assert each.difference is not None
        assert each.interval.low is not None
        assert 0 < each.interval.low < each.difference < (each.interval.high or 0)


def test_the_saved_time_is_measured(passes: Passes, predictions: dict[str, Document]) -> None:
    time = measure_anchoring(passes, predictions, bootstrap=300).comparisons["seconds_per_1000"]
    assert time.shown is not None
    assert time.bare is not None
    assert time.bare / time.shown == pytest.approx(2, rel=0.1)
    assert time.interval is not None
    assert (time.interval.high or 0) < 0


def test_annotators_who_ignore_predictions_are_not_anchored(
    predictions: dict[str, Document],
) -> None:
    """The interval contains 0: both groups annotate alike."""
    chance = Random(2)
    passes: Passes = {"marie": [], "paul": []}
    for documents in passes.values():
        for document in GOLD:
            shown = chance.random() < 0.5
            other = predicted(document, chance)
            done = work(other, other, shown=shown, seconds=10)
            documents.append(done)
    measured = measure_anchoring(passes, predictions, bootstrap=300).comparisons["mentions"]
    assert measured.interval is not None
    assert (measured.interval.low or 0) < 0 < (measured.interval.high or 0)


def test_counts_by_hand() -> None:
    """Predicted: 2 mentions. Shown: both kept. Bare: one of them and a new one, so F1 = 2/4."""
    document = sentence(0)
    prediction = Document(document.id, document.text, document.entities[:2])
    shown = Document("d0", document.text, document.entities[:2], (), {PREDICTIONS_SHOWN: True})
    bare = Document("d0", document.text, document.entities[1:], (), {PREDICTIONS_SHOWN: False})
    measured = measure_anchoring({"a": [shown], "b": [bare]}, {"d0": prediction})
    assert measured.tasks == (1, 1)
    mentions = measured.comparisons["mentions"]
    assert (mentions.shown, mentions.bare, mentions.difference) == (1.0, 0.5, 0.5)
    assert measured.comparisons["seconds_per_1000"].shown is None


def test_tasks_of_one_kind_cannot_be_compared(
    passes: Passes, predictions: dict[str, Document]
) -> None:
    shown = {
        name: [x for x in documents if x.meta[PREDICTIONS_SHOWN]]
        for name, documents in passes.items()
    }
    with pytest.raises(DataError, match="0 without"):
        measure_anchoring(shown, predictions)


def test_agree_reports_the_influence(passes: Passes, predictions: dict[str, Document]) -> None:
    report = compare_passes(passes, predictions=predictions, bootstrap=100)
    sheet = [each for each in report.sheets() if "influence" in each.title]
    assert len(sheet) == 1
    assert report.to_json()["anchoring"]["mentions"]["ci"][0] > 0
    assert "anchoring" not in compare_passes(passes).to_json()


def test_the_command(passes: Passes, predictions: dict[str, Document], tmp_path: Path) -> None:
    for name, documents in passes.items():
        document_files.write(documents, tmp_path / "passes" / name)
    document_files.write(predictions.values(), tmp_path / "predictions.jsonl")
    options = ["--predictions", str(tmp_path / "predictions.jsonl"), "--bootstrap", "100"]
    output = ["--json", str(tmp_path / "r.json")]
    done = CliRunner().invoke(
        app, ["annotate", "agree", str(tmp_path / "passes"), *options, *output]
    )
    assert done.exit_code == 0, done.output
    assert "influence of the predictions" in done.output
    assert json.loads((tmp_path / "r.json").read_text())["anchoring"]["documents"] == 120
