"""A package that is installed beside aloi adds a format and an evaluation scheme."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity

pytestmark = pytest.mark.slow

PACKAGE = Path(__file__).with_name("toy_package")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for packages in which pip has installed the toy package."""
    folder = tmp_path_factory.mktemp("toy")
    source = folder / "source"
    source.mkdir()
    for file in PACKAGE.rglob("*.*"):
        target = source / file.relative_to(PACKAGE)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.read_bytes())
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    call = [*pip, "--no-build-isolation", "--target", str(folder / "site"), str(source)]
    subprocess.run(call, check=True, capture_output=True)
    return folder / "site"


def aloi(site: Path, *call: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aloi.cli", *map(str, call)]
    env = os.environ | {"PYTHONPATH": str(site)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def test_its_format_and_scheme_work_in_the_commands(site: Path, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("Ana met Bob\n")
    files, formats = (tmp_path / "in.txt", tmp_path / "out.jsonl"), ("--from", "lines")
    done = aloi(site, "convert", *files, *formats, "--to", "native")
    assert done.returncode == 0, done.stderr
    (document,) = document_files.read(tmp_path / "out.jsonl")
    assert (document.id, document.text) == ("d1", "Ana met Bob")

    gold, pred = tmp_path / "gold.jsonl", tmp_path / "pred.jsonl"
    for file, end, label in ((gold, 3, "PER"), (pred, 7, "ORG")):
        mention = Entity(id="a", start=0, end=end, label=label)
        document_files.write([Document("d1", "Ana met Bob", (mention,))], file)
    report = tmp_path / "report.json"
    done = aloi(site, "eval", gold, pred, "--scheme", "starts", "--json", report)
    assert done.returncode == 0, done.stderr
    scored = json.loads(report.read_text())["entities"]
    assert (list(scored), scored["starts"]["micro"]["f1"]) == (["starts"], 1.0)
    assert "the scheme broken of the package toy-aloi cannot be used: AttributeError" in done.stderr
