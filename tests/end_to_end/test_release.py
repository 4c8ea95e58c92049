"""Build a release, check it, convert it back, and rehydrate its restricted document."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import releases

from aloi.corpus import document_files

pytest.importorskip("datasets")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def aloi(*call: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aloi.cli", *map(str, call)]
    env = os.environ | {"HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a release of our own corpus."""
    out = tmp_path_factory.mktemp("out") / "release"
    done = aloi("release", "build", ROOT / "corpus", "--out", out)
    assert done.returncode == 0, done.stderr
    return out


def test_release_of_our_corpus_has_no_problems(release: Path) -> None:
    done = aloi("release", "check", release, ROOT / "corpus")
    assert done.returncode == 0, done.stderr
    assert "datasets: 0 problems" in done.stdout


def micro_f1(report: dict[str, object]) -> list[float]:
    """Return the micro F1 of every match rule in a report."""
    kinds = (report["entities"], report["relations"])
    return [scores["micro"]["f1"] for kind in kinds for scores in kind.values()]


def test_release_converted_to_native_has_an_f1_of_one(release: Path, tmp_path: Path) -> None:
    back, gold, report = tmp_path / "back.jsonl", tmp_path / "gold.jsonl", tmp_path / "report.json"
    done = aloi("convert", release, back, "--to", "native")
    assert done.returncode == 0, done.stderr
    found = {document.id: document for document in document_files.read(back)}
    opened = [d for d in document_files.read(ROOT / "corpus" / "gold") if d.id in found]
    assert len(opened) == len(found)
    assert [found[document.id] for document in opened] == opened
    document_files.write(opened, gold)
    call = ("eval", gold, back, "--schema", ROOT / "corpus" / "schema.toml", "--json", report)
    assert aloi(*call).returncode == 0
    assert set(micro_f1(json.loads(report.read_text()))) == {1.0}


def test_rehydrate_restores_the_restricted_document(tmp_path: Path) -> None:
    corpus, out = releases.folder(tmp_path / "small"), tmp_path / "release"
    assert aloi("release", "build", corpus, "--out", out).returncode == 0
    text = tmp_path / "scan.txt"
    text.write_text(releases.SECRET, encoding="utf-8")
    done = aloi("release", "rehydrate", out, text, "--out", tmp_path / "back")
    assert done.returncode == 0, done.stderr
    (back,) = document_files.read(tmp_path / "back")
    (gold,) = document_files.read(corpus / "restricted")
    assert (back.text, back.entities, back.relations) == (gold.text, gold.entities, gold.relations)
    text.write_text("Rien à voir.", encoding="utf-8")
    done = aloi("release", "rehydrate", out, text, "--out", tmp_path / "none")
    assert done.returncode == 1
    assert "1 document lost: d" in done.stdout
    assert not (tmp_path / "none").exists()


def test_problems_are_printed_without_a_traceback(tmp_path: Path) -> None:
    corpus = releases.folder(tmp_path / "small")
    releases.change(corpus, "a", meta={"title": releases.SECRET})
    done = aloi("release", "build", corpus, "--out", tmp_path / "out")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "documents/train.parquet: document d: the file contains restricted text" in done.stderr
    assert aloi("release", "check", corpus).returncode == 1
    assert aloi("release", "build", tmp_path, "--out", tmp_path / "out").returncode == 2
