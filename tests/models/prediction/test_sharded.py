"""Prediction and evaluation on two real Ray nodes: what one process gives, whatever is killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import spacy
from ray_nodes import two_nodes, workers
from toy import sentence, train, train_ner

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import registry

pytest.importorskip("ray")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc"),
]

DOCUMENTS = 2000
Nodes = tuple[str, dict[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny pipeline, 2,000 documents, and what the local engine makes of them."""
    root = tmp_path_factory.mktemp("ray")
    documents = [sentence(number) for number in range(24)]
    train(train_ner(spacy.blank("xx"), documents), documents).to_disk(root / "model")
    texts = [sentence(number).text * (1 + number % 5) for number in range(DOCUMENTS)]
    document_files.write((Document(f"d{n}", t, ()) for n, t in enumerate(texts)), root / "in.jsonl")
    assert run(root, "predict", "model", "in.jsonl", "whole.jsonl").returncode == 0
    return root


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with two_nodes() as found:
        yield found


def call(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "aloi.cli", *map(str, arguments)]


def run(
    root: Path, *arguments: object, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        call(*arguments), cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def begun(folder: Path, out: str, nodes: Nodes) -> subprocess.Popen[str]:
    """A run that has some shards done, and not all."""
    address, environment = nodes
    asked = call("predict", "model", "in.jsonl", out, "--engine", "ray", "--address", address)
    driver = subprocess.Popen(asked, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    while driver.poll() is None and len(done(folder / out)) < 5:
        time.sleep(0.01)
    assert driver.poll() is None, driver.communicate()[1]
    return driver


def done(out: Path) -> list[str]:
    """The names of the shards in the manifest."""
    manifest = out / "manifest.jsonl"
    lines = manifest.read_bytes().split(b"\n")[1:-1] if manifest.exists() else []
    return [json.loads(line)["name"] for line in lines]


def lines(path: Path) -> list[bytes]:
    """The lines of a file or of the shards of a run, sorted."""
    files = sorted((path / "documents").rglob("*.jsonl")) if path.is_dir() else [path]
    return sorted(line for file in files for line in file.read_bytes().splitlines())


def test_a_killed_worker_loses_nothing(folder: Path, nodes: Nodes) -> None:
    driver = begun(folder, "survived", nodes)
    os.kill(workers(nodes[1])[0], signal.SIGKILL)
    said = driver.communicate()[1]
    assert len(done(folder / "survived")) == 64, "too fast: the worker was killed after the work"
    assert (driver.returncode, said) == (0, f"{DOCUMENTS} documents written to survived\n")
    assert lines(folder / "survived") == lines(folder / "whole.jsonl")


def test_a_killed_driver_is_gone_on_with(folder: Path, nodes: Nodes) -> None:
    address, environment = nodes
    out = folder / "again"
    driver = begun(folder, "again", nodes)
    driver.kill()
    driver.communicate()
    before = {name: out / "documents" / f"{name}.jsonl" for name in done(out)}
    assert 0 < len(before) < 64
    torn, *kept = before.values()
    torn.write_bytes(torn.read_bytes()[:-20])
    times = [file.stat().st_mtime_ns for file in kept]
    arguments = ("in.jsonl", "again", "--engine", "ray", "--address", address)
    finished = run(folder, "predict", "model", *arguments, environment=environment)
    assert f"{len(before)} of 64 shards are done" in finished.stderr
    assert finished.returncode == 0
    assert [file.stat().st_mtime_ns for file in kept] == times
    assert lines(out) == lines(folder / "whole.jsonl")
    assert not list(out.rglob(".*"))


def test_scores_and_signature_are_those_of_one_process(folder: Path, nodes: Nodes) -> None:
    address, environment = nodes
    generator = random.Random(0)
    gold = [noisy(document, generator) for document in document_files.read(folder / "whole.jsonl")]
    generator.shuffle(gold)
    document_files.write(gold, folder / "gold.jsonl")
    asked = ("eval", "gold.jsonl", "whole.jsonl", "--bootstrap", 20, "--seed", 3, "--json")
    there = (*asked, "there.json", "--engine", "ray", "--address", address)
    assert run(folder, *asked, "here.json").returncode == 0
    assert run(folder, *there, environment=environment).returncode == 0
    here, other = (json.loads((folder / f"{name}.json").read_text()) for name in ("here", "there"))
    del here["analysis"]
    assert other == here
    assert 0 < here["entities"]["exact"]["micro"]["f1"] < 1


def noisy(document: Document, generator: random.Random) -> Document:
    """The document without some of its mentions and all of its relations."""
    kept = tuple(entity for entity in document.entities if generator.random() < 0.8)
    more = (Entity("x", 0, 1, "ODD"),) if generator.random() < 0.1 else ()
    return msgspec.structs.replace(document, entities=(*kept, *more), relations=())


def test_without_a_cluster_one_runs_here_and_sets_aside_what_fails(folder: Path) -> None:
    long = Document("long", "x" * 1_000_001, ())
    few = document_files.read(folder / "in.jsonl")[:60]
    document_files.write([*few[:30], long, *few[30:]], folder / "bad.jsonl")
    arguments = ("bad.jsonl", "bad", "--engine", "ray", "--workers", 1, "--to", "parquet")
    found = run(folder, "predict", "model", *arguments)
    assert found.returncode == 1
    assert found.stderr.startswith("60 documents written to bad\n")
    assert "document long: DataError: document long: 1000001 characters" in found.stderr
    assert found.stderr.endswith("1 problem\n")
    there = list(registry.read(str(folder / "bad")))
    assert there == document_files.read(folder / "whole.jsonl")[:60]
