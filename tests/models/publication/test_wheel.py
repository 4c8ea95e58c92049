"""The wheel of a trained pipeline: pip installs it, and spaCy loads it by its name."""

import base64
import csv
import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from toy import pipeline, sentence

from aloi.corpus.problems import DataError
from aloi.models.publication.wheel import build_wheel
from aloi.models.training.pipeline_folder import write_pipeline

SOURCE = {"name": "xx_source", "version": "1.0.0", "licence": "CC0-1.0"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a pipeline with a licence, a notice and a card."""
    folder = tmp_path_factory.mktemp("wheel")
    (folder / "source").mkdir()
    (folder / "source" / "LICENSE").write_text("CC0 1.0 Universal\n")
    nlp = pipeline()
    nlp.meta.update(name="pipeline", aloi={"sources": [SOURCE]})
    write_pipeline(nlp, folder / "model", licence_folders=[folder / "source"])
    return folder / "model"


@pytest.fixture(scope="module")
def wheel(model: Path) -> Path:
    return build_wheel(model, model.parent / "dist", name="toy", version="1.2.0").file


def test_installed_pipeline_loads_by_name_and_predicts(wheel: Path, tmp_path: Path) -> None:
    site, environment = tmp_path / "site", {"PYTHONPATH": str(tmp_path / "site")}
    install = ("pip", "install", "--no-deps", "--no-index", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", *install, "--target", site, wheel], check=True)
    code = (
        "import spacy, fr_toy\n"
        "nlp = spacy.load('fr_toy')\n"
        f"doc = nlp({sentence(0).text!r})\n"
        "print(nlp.meta['name'], fr_toy.__version__, len(doc.ents), len(doc._.relations))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout == "toy 1.2.0 3 2\n", done.stderr


def test_wheel_contains_card_licence_and_notice(wheel: Path) -> None:
    assert wheel.name == "fr_toy-1.2.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        info = "fr_toy-1.2.0.dist-info"
        metadata = archive.read(f"{info}/METADATA").decode()
        names = set(archive.namelist())
        meta = json.loads(archive.read("fr_toy/meta.json"))
    assert {f"{info}/licenses/LICENSE", f"{info}/licenses/NOTICE"} <= names
    assert {f"fr_toy/fr_toy-1.2.0/{name}" for name in ("README.md", "NOTICE", "LICENSE")} <= names
    assert (meta["name"], meta["version"], meta["license"]) == ("toy", "1.2.0", "CC0-1.0")
    header, _, card = metadata.partition("\n\n")
    lines = header.splitlines()
    assert {"Name: fr_toy", "Version: 1.2.0", "License: CC0-1.0"} <= set(lines)
    requirements = [line for line in lines if line.startswith("Requires-Dist: ")]
    assert [each.split()[1].partition(">")[0] for each in requirements] == ["spacy", "aloi"]
    assert card.startswith("# fr_toy\n")
    assert 'spacy.load("fr_toy")' in card


def test_record_lists_every_file_with_its_hash(wheel: Path) -> None:
    """RECORD has a line for each file; its own line has no hash (PyPA's binary format)."""
    with zipfile.ZipFile(wheel) as archive:
        record = "fr_toy-1.2.0.dist-info/RECORD"
        rows = {
            name: digest
            for name, digest, _ in csv.reader(archive.read(record).decode().splitlines())
        }
        assert rows.pop(record) == ""
        for name, digest in rows.items():
            raw = hashlib.sha256(archive.read(name)).digest()
            assert digest == f"sha256={base64.urlsafe_b64encode(raw).decode().rstrip('=')}"
        assert {*rows, record} == set(archive.namelist())


def test_two_builds_are_equal(model: Path, wheel: Path, tmp_path: Path) -> None:
    again = build_wheel(model, tmp_path, name="toy", version="1.2.0").file
    assert again.read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize(
    ("name", "version", "what"),
    [("to-y", "1.0", "«fr_to-y»"), ("toy", "one", "«one»"), ("toy", "", "«»")],
)
def test_invalid_name_or_version_is_a_problem(
    model: Path, tmp_path: Path, name: str, version: str, what: str
) -> None:
    with pytest.raises(DataError, match=what):
        build_wheel(model, tmp_path, name=name, version=version)
    assert list(tmp_path.iterdir()) == []


def test_pipeline_without_licence_is_not_packed(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    copy.mkdir()
    meta = json.loads((model / "meta.json").read_text())
    (copy / "meta.json").write_text(json.dumps({**meta, "license": ""}))
    with pytest.raises(DataError, match="licence"):
        build_wheel(copy, tmp_path / "dist", name="toy", version="1.0.0")
