"""Prediction and evaluation on two real Ray nodes give the results of a single process."""

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
from ray_nodes import find_workers, two_nodes
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
    """A small pipeline, 2,000 documents, and the predictions of the local engine on them."""
    root = tmp_path_factory.mktemp("ray")
    documents = [sentence(number) for number in range(24)]
    train(train_ner(spacy.blank("xx"), documents), documents).to_disk(root / "model")
    texts = [sentence(number).text * (1 + number % 5) for number in range(DOCUMENTS)]
    document_files.write((Document(f"d{n}", t, ()) for n, t in enumerate(texts)), root / "in.jsonl")
    assert run(root, "predict", "model", "in.jsonl", "local.jsonl").returncode == 0
    return root


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with two_nodes() as cluster:
        yield cluster


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "aloi.cli", *map(str, arguments)]


def run(
    root: Path, *arguments: object, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def start_run(folder: Path, out: str, nodes: Nodes) -> subprocess.Popen[str]:
    """Start a run and return when some of its shards are done, but not all."""
    address, environment = nodes
    arguments = command(
        "predict", "model", "in.jsonl", out, "--engine", "ray", "--address", address
    )
    driver = subprocess.Popen(
        arguments, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    while driver.poll() is None and len(done_shards(folder / out)) < 5:
        time.sleep(0.01)
    assert driver.poll() is None, driver.communicate()[1]
    return driver


def done_shards(out: Path) -> list[str]:
    """Return the names of the shards in the manifest."""
    manifest = out / "manifest.jsonl"
    lines = manifest.read_bytes().split(b"\n")[1:-1] if manifest.exists() else []
    return [json.loads(line)["name"] for line in lines]


def sorted_lines(path: Path) -> list[bytes]:
    """Return the lines of a file, or of the shards of a run."""
    files = sorted((path / "documents").rglob("*.jsonl")) if path.is_dir() else [path]
    return sorted(line for file in files for line in file.read_bytes().splitlines())


def test_a_run_survives_a_killed_worker(folder: Path, nodes: Nodes) -> None:
    driver = start_run(folder, "survived", nodes)
    os.kill(find_workers(nodes[1])[0], signal.SIGKILL)
    stderr = driver.communicate()[1]
    assert len(done_shards(folder / "survived")) == 64, (
        "too fast: the worker was killed after the work"
    )
    assert (driver.returncode, stderr) == (0, f"{DOCUMENTS} documents written to survived\n")
    assert sorted_lines(folder / "survived") == sorted_lines(folder / "local.jsonl")


def test_a_run_is_resumed_after_its_driver_was_killed(folder: Path, nodes: Nodes) -> None:
    address, environment = nodes
    out = folder / "resumed"
    driver = start_run(folder, "resumed", nodes)
    driver.kill()
    driver.communicate()
    before = {name: out / "documents" / f"{name}.jsonl" for name in done_shards(out)}
    assert 0 < len(before) < 64
    truncated, *kept = before.values()
    truncated.write_bytes(truncated.read_bytes()[:-20])
    times = [file.stat().st_mtime_ns for file in kept]
    arguments = ("in.jsonl", "resumed", "--engine", "ray", "--address", address)
    completed = run(folder, "predict", "model", *arguments, environment=environment)
    assert f"{len(before)} of 64 shards are done" in completed.stderr
    assert completed.returncode == 0
    assert [file.stat().st_mtime_ns for file in kept] == times
    assert sorted_lines(out) == sorted_lines(folder / "local.jsonl")
    assert not list(out.rglob(".*"))


def test_scores_and_signature_equal_those_of_one_process(folder: Path, nodes: Nodes) -> None:
    address, environment = nodes
    generator = random.Random(0)
    gold = [noisy(document, generator) for document in document_files.read(folder / "local.jsonl")]
    generator.shuffle(gold)
    document_files.write(gold, folder / "gold.jsonl")
    arguments = ("eval", "gold.jsonl", "local.jsonl", "--bootstrap", 20, "--seed", 3, "--json")
    by_ray = (*arguments, "ray.json", "--engine", "ray", "--address", address)
    assert run(folder, *arguments, "one.json").returncode == 0
    assert run(folder, *by_ray, environment=environment).returncode == 0
    one, ray = (json.loads((folder / f"{name}.json").read_text()) for name in ("one", "ray"))
    del one["analysis"], one["document_macro"], ray["document_macro"]  # need whole documents
    assert ray == one
    assert 0 < one["entities"]["exact"]["micro"]["f1"] < 1


def noisy(document: Document, generator: random.Random) -> Document:
    """Return a document without its relations and some of its mentions, sometimes with another."""
    kept = tuple(entity for entity in document.entities if generator.random() < 0.8)
    added = (Entity(id="x", start=0, end=1, label="ODD"),) if generator.random() < 0.1 else ()
    return msgspec.structs.replace(document, entities=(*kept, *added), relations=())


def test_without_a_cluster_ray_runs_here_and_failures_are_listed(folder: Path) -> None:
    long = Document("long", "x" * 1_000_001, ())
    documents = document_files.read(folder / "in.jsonl")[:60]
    document_files.write([*documents[:30], long, *documents[30:]], folder / "bad.jsonl")
    arguments = ("bad.jsonl", "bad", "--engine", "ray", "--workers", 1, "--to", "parquet")
    completed = run(folder, "predict", "model", *arguments)
    assert completed.returncode == 1
    assert completed.stderr.startswith("60 documents written to bad\n")
    problem = "document long: DataError: document long: the text contains 1000001 characters"
    assert problem in completed.stderr
    assert completed.stderr.endswith("1 problem\n")
    predicted = list(registry.read(str(folder / "bad")))
    assert predicted == document_files.read(folder / "local.jsonl")[:60]
