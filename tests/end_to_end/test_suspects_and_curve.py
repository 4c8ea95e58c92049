"""`aloi suspects` and `aloi curve` with real training on toy sentences."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from toy import folder
from typer.testing import CliRunner

from aloi.cli.main import app

pytestmark = pytest.mark.slow

QUICK = tuple(
    part
    for setting in ("max_steps=60", "max_epochs=60", "eval_frequency=20")
    for part in ("--set", f"training.{setting}")
)


def run(*arguments: object) -> Result:
    done = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return folder(tmp_path / "corpus")


def test_planted_errors_are_among_the_suspects(corpus: Path, tmp_path: Path) -> None:
    # In d21, a test document, Lima becomes an organisation and the meeting is removed.
    file = corpus / "gold" / "d21.json"
    planted = json.loads(file.read_text(encoding="utf-8"))
    city = next(entity for entity in planted["entities"] if entity["label"] == "LOC")
    city["label"] = "ORG"
    planted["relations"] = [r for r in planted["relations"] if r["label"] != "MEETS"]
    file.write_text(json.dumps(planted), encoding="utf-8")
    options = ("--folds", 3, "--json", tmp_path / "suspects.json", "--out", tmp_path / "folds")
    completed = run("suspects", corpus, *options, *QUICK)
    assert "d21" in completed.stdout
    listed = json.loads((tmp_path / "suspects.json").read_text(encoding="utf-8"))["suspects"]
    found = {(s["document"], s["task"], s["kind"]) for s in listed}
    assert ("d21", "entities", "label") in found
    assert ("d21", "relations", "missing") in found
    assert {path.name for path in (tmp_path / "folds").iterdir()} == {
        f"{kind}-fold-{n}-of-3" for kind in ("ner", "relations") for n in (1, 2, 3)
    }
    # The restricted document is held out like the others, but not used for training.
    training_files = list((tmp_path / "folds").glob("*/*.jsonl"))
    assert len(training_files) == 12
    assert not any('"d25"' in path.read_text(encoding="utf-8") for path in training_files)


def test_a_learning_curve_of_relations(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "curve"
    options = ("--out", out, "--kind", "relations", "--shares", "25,50,100", "--bootstrap", 50)
    completed = run("curve", corpus, *options, *QUICK)
    assert "Each doubling of the documents brought" in completed.stdout
    written = json.loads((out / "curve.json").read_text(encoding="utf-8"))
    assert [point["documents"] for point in written["points"]] == [4, 8, 16]
    assert (out / "curve.svg").exists()
    again = run("curve", corpus, *options, *QUICK)
    assert again.stderr.count("up to date") == 3
    assert again.stdout.splitlines()[-9:] == completed.stdout.splitlines()[-9:]


def test_cross_validation_scores_train_and_dev_once_each(corpus: Path, tmp_path: Path) -> None:
    # 16 documents of train and 4 of dev, each with one MEETS, every second with a LIVES_IN.
    out = tmp_path / "curve"
    run("curve", corpus, "--out", out, "--kind", "relations", "--folds", 3, *QUICK)
    report = json.loads((out / "cross-validation.json").read_text(encoding="utf-8"))
    assert report["documents"] == 20
    types = report["relations"]["strict"]["types"]
    assert {name: row["tp"] + row["fn"] for name, row in types.items()} == {
        "LIVES_IN": 10,
        "MEETS": 20,
    }
    assert "ci" in types["MEETS"]
    assert not (out / "curve.json").exists()


@pytest.mark.parametrize("shares", ["100", "25,25", "0,50", "50,101", "a,b", "50,"])
def test_wrong_shares_are_refused(corpus: Path, tmp_path: Path, shares: str) -> None:
    done = CliRunner().invoke(
        app, ["curve", str(corpus), "--out", str(tmp_path), "--shares", shares]
    )
    assert done.exit_code == 2
    assert "two or more different whole percentages" in done.output.replace("\n", " ")
