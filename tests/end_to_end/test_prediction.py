"""`aloi predict` as a user runs it: interrupted, resumed, on a terminal, with wrong arguments."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import spacy
from toy import sentence, train, train_ner

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.problems import count_noun
from aloi.models.prediction.pipelines import pipeline_sha256

pytestmark = pytest.mark.slow

DOCUMENTS = 5000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained pipeline `model`, an input `in.jsonl`, and its predictions `whole.jsonl`.

    `few.jsonl` has the first fifty documents of the input.
    """
    root = tmp_path_factory.mktemp("prediction")
    documents = [sentence(number) for number in range(24)]
    nlp = train(train_ner(spacy.blank("fr"), documents), documents)
    nlp.batch_size = 4
    nlp.to_disk(root / "model")
    texts = (sentence(number).text * (1 + number % 5) for number in range(DOCUMENTS))
    document_files.write(
        (Document(f"d{n}", text, ()) for n, text in enumerate(texts)), root / "in.jsonl"
    )
    lines = (root / "in.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (root / "few.jsonl").write_text("".join(lines[:50]), encoding="utf-8")
    done = run(root, "in.jsonl", "whole.jsonl")
    assert done.returncode == 0, done.stderr
    return root


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "aloi.cli", "predict", *map(str, arguments)]


def run(
    root: Path, *arguments: object, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("model", *arguments),
        cwd=root,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def interrupt(root: Path, out: str, signal_: signal.Signals, *options: object) -> tuple[int, str]:
    """Send a signal to a run that has written something; return its status and standard error."""
    process = subprocess.Popen(
        command("model", "in.jsonl", out, *options), cwd=root, stderr=subprocess.PIPE, text=True
    )
    partial = root / f"{out}.partial"
    while process.poll() is None and not (partial.exists() and partial.stat().st_size):
        time.sleep(0.01)
    process.send_signal(signal_)
    stderr = process.communicate()[1]
    assert not (root / out).exists(), "too fast to be stopped: give it more documents"
    return process.returncode, stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_run_is_resumed(folder: Path, workers: int) -> None:
    out = f"killed-{workers}.jsonl"
    partial = folder / f"{out}.partial"
    status, _ = interrupt(folder, out, signal.SIGKILL, "--workers", workers)
    assert status == -signal.SIGKILL
    lines = partial.read_bytes().splitlines(keepends=True)
    assert 0 < len(lines) < DOCUMENTS
    # The last line is truncated; the first is marked, to see that it is not predicted again.
    marked = lines[0].replace(b'"d0"', b'"first"')
    partial.write_bytes(b"".join([marked, *lines[1:-1], lines[-1][:20]]))
    done = run(folder, "in.jsonl", out)
    assert done.returncode == 0
    kept = count_noun(len(lines) - 1, "document")
    assert f"{out}.partial: resuming after {kept}\n" in done.stderr
    assert f"{DOCUMENTS} documents written to {out}" in done.stderr
    whole = (folder / "whole.jsonl").read_bytes()
    assert (folder / out).read_bytes() == whole.replace(lines[0], marked, 1)
    assert not list(folder.glob(f"{out}.*"))


def test_after_ctrl_c_a_message_says_how_to_resume(folder: Path) -> None:
    status, stderr = interrupt(folder, "stopped.jsonl", signal.SIGINT, "--workers", 2)
    assert status == 130
    assert "run the same command again to resume stopped.jsonl.partial" in stderr
    assert "Traceback" not in stderr
    done = run(folder, "in.jsonl", "stopped.jsonl")
    assert "resuming after" in done.stderr
    assert (folder / "stopped.jsonl").read_bytes() == (folder / "whole.jsonl").read_bytes()


def test_other_options_start_over(folder: Path) -> None:
    interrupt(folder, "other.jsonl", signal.SIGKILL)
    done = run(folder, "in.jsonl", "other.jsonl", "--gold-entities")
    assert "other.jsonl.partial: options changed, starting over" in done.stderr
    assert all(not document.entities for document in document_files.read(folder / "other.jsonl"))
    assert len(document_files.read(folder / "other.jsonl")) == DOCUMENTS


def test_a_killed_worker_ends_the_run_with_an_error(folder: Path) -> None:
    process = subprocess.Popen(
        command("model", "in.jsonl", "dead.jsonl", "--workers", 2),
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        pytest.skip("this system does not list the children of a process")
    partial = folder / "dead.jsonl.partial"
    while process.poll() is None and not (partial.exists() and partial.stat().st_size):
        time.sleep(0.01)  # until the workers have started
    os.kill(int(children.read_text().split()[-1]), signal.SIGKILL)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "a worker process died (SIGKILL)" in stderr
    assert "run the same command again to resume dead.jsonl.partial" in stderr
    assert "Traceback" not in stderr


def test_streams_and_folders_are_written_without_a_journal(folder: Path) -> None:
    lines = (folder / "few.jsonl").read_text(encoding="utf-8")
    whole = (folder / "whole.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)[:50]
    done = run(folder, "-", "-", stdin=lines)
    assert done.stdout == "".join(whole)
    assert run(folder, "few.jsonl", "-", "--workers", 2).stdout == "".join(whole)
    assert run(folder, "few.jsonl", "written").returncode == 0
    assert len(list((folder / "written").glob("*.json"))) == 50


def test_all_problems_are_listed_before_anything_is_written(folder: Path) -> None:
    line = '{"id": "%s", "text": "%s", "entities": []}\n'
    bad = [line % ("a", "x"), "{\n", line % ("a", "y"), line % ("long", "x" * 1_000_001)]
    (folder / "bad.jsonl").write_text("".join(bad), encoding="utf-8")
    done = run(folder, "bad.jsonl", "out.jsonl")
    assert done.returncode == 1
    assert "3 problems" in done.stderr
    assert "bad.jsonl:2: the JSON is invalid" in done.stderr
    assert (
        "bad.jsonl:3: document a: duplicate document id, first used in bad.jsonl:1" in done.stderr
    )
    assert "bad.jsonl:4: document long: the text contains 1000001 characters" in done.stderr
    assert not list(folder.glob("out.jsonl*"))


@pytest.mark.parametrize(
    "arguments",
    [(), ("in.jsonl",), ("nowhere.jsonl", "o.jsonl"), ("in.jsonl", "o", "--workers", 0)],
)
def test_a_wrong_call_is_status_2(folder: Path, arguments: tuple[object, ...]) -> None:
    done = run(folder, *arguments)
    assert done.returncode == 2
    assert "Usage: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_shows_the_progress(folder: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("model", "few.jsonl", "seen.jsonl"), cwd=folder, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
    os.close(ours)
    assert process.wait() == 0
    assert b"predicting" in shown
    assert b"/50" in shown
    assert b"/s" in shown


def test_the_output_has_scores_and_the_model_name(folder: Path) -> None:
    first = json.loads((folder / "whole.jsonl").read_text(encoding="utf-8").partition("\n")[0])
    digest = pipeline_sha256(spacy.load(folder / "model"))
    assert first["meta"]["model"] == f"fr_pipeline 0.0.0 {digest[:12]}"
    scores = [relation["score"] for relation in first["relations"]]
    assert scores
    assert all(0 <= score <= 1 for score in scores)


def test_predictions_on_a_text_are_printed_and_written_as_a_page(folder: Path) -> None:
    text = sentence(0).text
    done = run(folder, "-", "--show", "--html", "page.html", stdin=f"{text}\n")
    assert done.returncode == 0, done.stderr
    marked, *tables = done.stdout.splitlines()
    assert marked.startswith("[Ana PER] vit à [Rome LOC]")
    assert any("LIVES_IN" in line and "Rome" in line for line in tables)
    assert done.stderr == "1 document written to page.html\n"
    assert "LIVES_IN" in (folder / "page.html").read_text(encoding="utf-8")


def test_each_printed_document_has_its_id(folder: Path) -> None:
    done = run(folder, "few.jsonl", "--show")
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines() if "─" * 60 in line][:2] == [
        "d0",
        "d1",
    ]
