"""What a wheel and a source distribution hold, and what they must not."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The file names in each kind of distribution, built from a copy of the tracked files."""
    out, copy = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("copy")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", copy], input=archive.stdout, check=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, copy]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as held, tarfile.open(sdist) as packed:
        return {"wheel": held.namelist(), "sdist": packed.getnames()}


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_no_document_ships_by_accident(names: dict[str, list[str]], kind: str) -> None:
    assert not [name for name in names[kind] if "/gold/" in name or "/restricted/" in name]


def test_the_wheel_holds_what_the_code_reads(names: dict[str, list[str]]) -> None:
    assert {
        "aloi/corpus/schema.toml",
        "aloi/corpus/maps/winer.toml",
        "aloi/models/configs/ner.cfg",
        "aloi/models/configs/relations.cfg",
        "aloi/models/templates/card.md",
        "aloi/annotation/guidelines/guide.fr.md",
        "aloi/cli/main.py",
        "aloi/eval/templates/page.html",
    } <= set(names["wheel"])
    assert {name.split("/")[0] for name in names["wheel"]} == {"aloi", "aloi-0.1.0.dist-info"}
