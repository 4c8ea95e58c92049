"""The output of `aloi train`: reproducible, with training record and card, and as a wheel."""

import json
import os
import re
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
import spacy
from toy import SCHEMA, sentence

from aloi.corpus import document_files

pytestmark = pytest.mark.slow

QUICK = ("--set", "training.max_steps=40", "--set", "training.eval_frequency=20")


def run(*arguments: object, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pipelines `one` and `two`, trained by the same command."""
    root = tmp_path_factory.mktemp("trained")
    document_files.write([sentence(n) for n in range(16)], root / "train.jsonl")
    document_files.write([sentence(n) for n in range(16, 20)], root / "dev.jsonl")
    (root / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    data = [f"--{name}={root / name}.jsonl" for name in ("train", "dev")]
    data.append(f"--schema={root / 'schema.toml'}")
    for name in ("one", "two"):
        run("-m", "aloi.cli", "train", "ner", *data, "--out", root / name, *QUICK)
    return root


def test_the_same_command_trains_the_same_pipeline_except_for_its_cost(models: Path) -> None:
    one, two = models / "one", models / "two"
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(two) for path in two.rglob("*") if path.is_file())
    differ = {str(f) for f in files if (one / f).read_bytes() != (two / f).read_bytes()}
    assert differ <= {"meta.json"}
    records = [json.loads((place / "meta.json").read_text("utf-8")) for place in (one, two)]
    costs = [record["aloi"].pop("cost") for record in records]
    assert records[0] == records[1]
    assert all(cost["seconds"] > 0 and cost["peak_bytes"] > 1e8 for cost in costs)


def test_training_from_pipes_trains_the_same_pipeline(models: Path) -> None:
    data = f"--train <(cat train.jsonl) --dev /dev/stdin --schema {models / 'schema.toml'}"
    call = f"{sys.executable} -m aloi.cli train ner {data} --out piped {' '.join(QUICK)}"
    done = subprocess.run(
        ["bash", "-c", f"cat dev.jsonl | {call}"],
        cwd=models,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one, piped = models / "one", models / "piped"
    files = [path.relative_to(one) for path in one.rglob("*") if path.is_file()]
    differ = {str(f) for f in files if (one / f).read_bytes() != (piped / f).read_bytes()}
    assert differ <= {"meta.json", "config.cfg"}
    paths = spacy.load(piped).config["paths"]
    assert (paths["train"][:8], paths["dev"]) == ("/dev/fd/", "/dev/stdin")
    assert "aloi-" not in (piped / "config.cfg").read_text("utf-8")


def test_the_record_has_counts_and_ratios_on_dev(models: Path) -> None:
    record = spacy.load(models / "one").meta["aloi"]
    assert record["data"]["dev"] == {"documents": 4, "entities": 12, "relations": 6}
    assert record["seed"] == 1
    assert [source["licence"] for source in record["sources"]] == ["LGPL-LR"]
    for scheme in ("exact", "outermost"):
        row = record["scores"]["entities"][scheme]["types"]["PER"]
        assert row["tp"] + row["fn"] == 8
        assert {"precision", "recall", "f1"} <= row.keys()


def test_a_wheel_has_licence_notice_and_requirement_and_works(models: Path, tmp_path: Path) -> None:
    # Without an index, the build uses the installed setuptools.
    run("-m", "spacy", "package", models / "one", tmp_path, "--build", "wheel", PIP_NO_INDEX="1")
    (wheel,) = tmp_path.rglob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(name))
        names = {Path(n).name for n in archive.namelist()}
    assert metadata["License"] == "LGPL-LR"
    assert "aloi" in {re.split(r"\W", r)[0] for r in metadata.get_all("Requires-Dist", [])}
    assert "fr_core_news_md 3.8.0 (Explosion, LGPL-LR)" in metadata.get_payload()
    assert {"LICENSE", "LICENSES_SOURCES", "NOTICE"} <= names
    target = tmp_path / "installed"
    run("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", target, wheel)
    card = (models / "one" / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    run("-c", code + "\nassert nlp('Ana vit à Rome.').text", PYTHONPATH=str(target))
