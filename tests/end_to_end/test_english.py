"""A corpus in English from its texts to a release, through the commands."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from typer.testing import CliRunner

from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus

pytest.importorskip("datasets")
pytestmark = pytest.mark.slow

CORPUS = Path(__file__).with_name("english")
QUICK = ("--set", "training.max_steps=20", "--set", "training.eval_frequency=10")


def aloi(*call: object) -> str:
    """Run a command and return its output."""
    done = CliRunner().invoke(app, [*map(str, call)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus folder with the eight documents of `gold.txt`."""
    folder = tmp_path_factory.mktemp("english") / "corpus"
    shutil.copytree(CORPUS, folder, ignore=shutil.ignore_patterns("gold.txt"))
    (folder / "gold").mkdir()
    aloi("convert", CORPUS / "gold.txt", folder / "gold", "--to", "native")
    aloi("corpus", "check", folder)
    return folder


def test_the_labelling_page_is_english(corpus: Path) -> None:
    page = aloi("annotate", "config", corpus)
    for text in ("A question about this text?", "a person's name, without title", 'value="Types"'):
        assert text in page
    for text in ("Une question", "nom d'une personne", "Les types", " : "):
        assert text not in page


def test_training_evaluation_and_release(corpus: Path, tmp_path: Path) -> None:
    opened, model = Corpus.open(corpus), tmp_path / "model"
    for split in opened.splits:
        document_files.write(opened.split(split), tmp_path / f"{split}.jsonl")
    data = ("--train", tmp_path / "train.jsonl", "--dev", tmp_path / "dev.jsonl")
    aloi("train", "pipeline", *data, "--out", model, "--schema", corpus / "schema.toml", *QUICK)
    nlp = spacy.load(model)
    components = ["ner", "aloi_relations", "aloi_attributes"]
    assert (nlp.lang, nlp.pipe_names) == ("en", components)
    assert nlp.meta["aloi"]["ner"]["sources"] == []
    assert "A spaCy pipeline for English" in (model / "README.md").read_text(encoding="utf-8")

    gold, predicted, report = (tmp_path / n for n in ("test.jsonl", "pred.jsonl", "report.json"))
    aloi("predict", model, gold, predicted)
    aloi("eval", gold, predicted, "--json", report)
    assert json.loads(report.read_text())["documents"] == 2

    release = tmp_path / "release"
    aloi("release", "build", corpus, "--out", release)
    card = (release / "README.md").read_text(encoding="utf-8")
    assert "| entity | English | French |" in card
    assert "language:\n- en" in card
    command = [sys.executable, "-m", "aloi.cli", "release", "check", str(release), str(corpus)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
