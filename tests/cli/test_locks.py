"""Two commands on one output: the first one is right, the second one ends with a clear error."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import spacy
import toy
from spacy.language import Language
from spacy.tokens import Doc

from aloi.corpus import document_files
from aloi.corpus.locks import lock_file, locked

GATED = """
import os, sys
from spacy.language import Language

@Language.component("gate")
def gate(doc):
    if "GATE" in os.environ and doc.text == "Rome":
        with open(os.environ["GATE"], "rb") as stream:  # waits until the test opens it as well
            stream.read()  # waits until the test closes it
    return doc

from aloi.cli.main import main
main()
"""
"""`aloi` with a component that waits at the text «Rome», the third of four."""

pytestmark = pytest.mark.slow

PREDICT = ("predict", "model", "in.jsonl", "out.jsonl")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline with the gate, an input of four texts, and a corpus."""
    root = tmp_path_factory.mktemp("locks")
    Language.component("gate", func=_unused)
    nlp = spacy.blank("xx")
    nlp.batch_size = 1
    nlp.add_pipe("gate")
    nlp.to_disk(root / "model")
    texts = enumerate(["Ana", "Bob", "Rome", "Lima"])
    document_files.write(
        (document_files.Document(f"d{n}", text, ()) for n, text in texts), root / "in.jsonl"
    )
    toy.folder(root / "corpus")
    (root / "new.txt").write_text("Eva ignore Kiev.", encoding="utf-8")
    (root / "export.json").write_text("[]", encoding="utf-8")
    for name in ("ana", "bob"):
        document_files.write([toy.sentence(0)], root / "passes" / name)
    return root


def _unused(doc: Doc) -> Doc:
    return doc


def start(root: Path, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", GATED, *map(str, arguments)],
        cwd=root,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(root: Path, *arguments: object) -> tuple[int, str]:
    """The status of a command and what it prints on standard error."""
    process = start(root, *arguments)
    said = process.communicate(timeout=120)[1]
    return process.returncode, said


@contextmanager
def at_the_gate(root: Path, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A run that waits in the middle of its input until the block ends."""
    gate = root / f"gate-{len(list(root.iterdir()))}"
    os.mkfifo(gate)
    process = start(root, *arguments, GATE=str(gate))
    with gate.open("wb"):  # waits until the run has come there
        yield process


def ids(file: Path) -> list[str]:
    return [document.id for document in document_files.read(file)]


def test_the_second_of_two_runs_ends_and_the_first_is_right(made: Path) -> None:
    with at_the_gate(made, *PREDICT) as first:
        status, said = run(made, *PREDICT)
    assert first.communicate(timeout=120)[1] == "4 documents written to out.jsonl\n"
    assert ids(made / "out.jsonl") == ["d0", "d1", "d2", "d3"]
    assert status == 1
    line, count = said.splitlines()
    holder = f"(pid {first.pid}, started 20"
    assert line.startswith(f"out.jsonl: another aloi process is writing this output {holder}")
    assert line.endswith("[busy-output]. Wait until that process ends, or stop it.")
    assert count == "1 problem"
    assert not list(made.glob("*out.jsonl?*"))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_leaves_no_lock_even_while_its_workers_live(made: Path, workers: int) -> None:
    out = f"killed-{workers}.jsonl"
    arguments = ("predict", "model", "in.jsonl", out, "--workers", workers)
    with at_the_gate(made, *arguments) as first:  # one of two workers waits there, and lives on
        first.kill()
        assert first.wait(timeout=120) == -signal.SIGKILL
        assert lock_file(made / out).exists()
        assert run(made, *arguments) == (0, f"4 documents written to {out}\n")
    first.communicate(timeout=120)
    assert ids(made / out) == ["d0", "d1", "d2", "d3"]
    assert not lock_file(made / out).exists()


def test_ctrl_c_frees_the_output(made: Path) -> None:
    with at_the_gate(made, "predict", "model", "in.jsonl", "stopped.jsonl") as first:
        first.send_signal(signal.SIGINT)
        assert "run the same command again to resume" in first.communicate(timeout=120)[1]
        assert not lock_file(made / "stopped.jsonl").exists()
    assert first.returncode == 130


TRAIN = ("--train", "corpus/gold", "--dev", "corpus/gold")


@pytest.mark.parametrize(
    ("output", "arguments"),
    [
        ("written", ("predict", "model", "in.jsonl", "written")),
        ("piped.jsonl", ("predict", "model", "-", "piped.jsonl")),
        ("sharded", ("predict", "model", "in.jsonl", "sharded", "--engine", "ray")),
        ("new", ("train", "ner", *TRAIN, "--out", "new")),
        ("new", ("train", "pipeline", *TRAIN, "--out", "new")),
        ("new-ner", ("train", "pipeline", *TRAIN, "--out", "new")),
        ("build", ("experiment", "corpus", "--out", "build")),
        ("curve", ("curve", "corpus", "--out", "curve")),
        ("folds", ("suspects", "corpus", "--out", "folds")),
        ("converted", ("convert", "in.jsonl", "converted", "--to", "brat")),
        ("work", ("annotate", "pull", "export.json", "--out", "work")),
        ("gold", ("annotate", "adjudicate", "passes", "--corpus", "corpus", "--out", "gold")),
        ("corpus", ("annotate", "adjudicate", "passes", "--corpus", "corpus")),
        ("corpus", ("corpus", "add", "new.txt", "corpus")),
        ("release", ("release", "build", "corpus", "--out", "release")),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else value,
)
def test_every_command_that_fills_an_output_respects_its_lock(
    made: Path, output: str, arguments: tuple[str, ...]
) -> None:
    before = sorted(made.rglob("*"))
    with locked(made / output):
        status, said = run(made, *arguments)
    assert (status, said.count("\n")) == (1, 2)
    assert f"{output}: another aloi process is writing this output (pid {os.getpid()}, " in said
    assert sorted(made.rglob("*")) == before


def test_a_parent_that_is_a_file_is_an_error_with_its_path(made: Path) -> None:
    status, said = run(made, "predict", "model", "in.jsonl", "in.jsonl/out.jsonl")
    assert status == 1
    assert "Traceback" not in said
    assert said.startswith(str(made / "in.jsonl"))
