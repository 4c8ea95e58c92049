"""`aloi predict llm:NAME` from the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest
from chat_server import KEY, ChatServer, Reply, marked_answer
from toy import SCHEMA, sentence
from typer.testing import CliRunner, Result

from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.models.llm.endpoint import ChatEndpoint

GOLD = [sentence(number) for number in range(35)]
BY_TEXT = {document.text: document for document in GOLD}


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """The toy schema, and the texts of the toy documents without annotations."""
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    blank = [Document(document.id, document.text, ()) for document in GOLD]
    document_files.write(blank, tmp_path / "in.jsonl")
    document_files.write(GOLD, tmp_path / "gold.jsonl")
    return tmp_path


def predict(folder: Path, *arguments: str) -> Result:
    paths = [str(folder / "in.jsonl"), str(folder / "out.jsonl")]
    schema = ["--schema", str(folder / "schema.toml")]
    return CliRunner().invoke(app, ["predict", "llm:toy", *paths, *schema, *arguments])


def right(text: str, request: object) -> str:
    return marked_answer(BY_TEXT[text])


def test_predictions_are_evaluated_like_any_others(texts: Path) -> None:
    (texts / "key").write_text(f"{KEY}\n", encoding="utf-8")
    (texts / "guide.md").write_text(
        "# Guide\n\nVersion 1.0 · schéma `toy`\n\n## Names\n\n- **N1** No titles.\n", "utf-8"
    )
    key = ("--key-file", str(texts / "key"), "--guide", str(texts / "guide.md"))
    with ChatServer(right, key=KEY) as server:
        options = ("--passes", "2", "--price", "1,2", "--parameter", "top_p=0.9")
        done = predict(texts, "--base-url", server.url, *key, *options)
    assert done.exit_code == 0, done.output
    assert "35 documents written" in done.output
    assert "70 requests sent" in done.output
    assert "estimated cost" in done.output
    assert "outside this machine" not in done.output
    assert KEY not in done.output
    assert server.requests[0]["top_p"] == 0.9
    assert "- **N1** No titles." in server.requests[0]["messages"][0]["content"]
    scored = CliRunner().invoke(
        app,
        [
            "eval",
            str(texts / "gold.jsonl"),
            str(texts / "out.jsonl"),
            "--json",
            str(texts / "r.json"),
        ],
    )
    assert scored.exit_code == 0, scored.output
    report = json.loads((texts / "r.json").read_text())
    assert report["entities"]["exact"]["micro"]["f1"] == 1
    assert report["relations"]["strict"]["micro"]["f1"] == 1


def test_bad_answers_end_with_status_1(texts: Path) -> None:
    def unreliable(text: str, request: object) -> str | Reply:
        return Reply(body=b"<html>") if text == GOLD[7].text else right(text, request)

    with ChatServer(unreliable) as server:
        done = predict(texts, "--base-url", server.url)
    assert done.exit_code == 1
    assert "document d7: the answer is not a chat completion in JSON" in done.output
    assert len(document_files.read(texts / "out.jsonl")) == 34


def test_a_wrong_key_ends_with_status_1_and_is_not_shown(texts: Path) -> None:
    code = "from aloi.cli.main import main; main()"
    paths = [texts / "in.jsonl", texts / "out.jsonl", "--schema", texts / "schema.toml"]
    with ChatServer(right, key="sk-another") as server:
        done = subprocess.run(
            [sys.executable, "-c", code, "predict", "llm:toy", *paths, "--base-url", server.url],
            env={**os.environ, "ALOI_LLM_KEY": KEY},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Correct the key" in done.stderr
    assert KEY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_remote_endpoint_is_announced_once(texts: Path) -> None:
    with (
        ChatServer(right) as server,
        patch.object(ChatEndpoint, "is_loopback", property(lambda endpoint: False)),
    ):
        done = predict(texts, "--base-url", server.url)
    assert done.output.count("outside this machine") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "needs a name and an address"),
        (("--base-url", "ftp://example.org"), "must be an http or https address"),
        (("--base-url", "http://user:secret@127.0.0.1/v1"), "without user name and password"),
        (("--base-url", "http://127.0.0.1/v1", "--shots", "2"), "must be used together"),
        (("--base-url", "http://127.0.0.1/v1", "--price", "cheap"), "must be two numbers"),
        (("--base-url", "http://127.0.0.1/v1", "--parameter", "model=x"), "cannot set"),
        (
            ("--base-url", "http://127.0.0.1/v1", "--gold-entities"),
            "no --show, --html, --gold-entities",
        ),
    ],
)
def test_wrong_calls(texts: Path, arguments: tuple[str, ...], message: str) -> None:
    done = predict(texts, *arguments)
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


def test_a_pipeline_takes_no_options_of_language_models(texts: Path) -> None:
    paths = [str(texts / "in.jsonl"), str(texts / "out.jsonl")]
    done = CliRunner().invoke(app, ["predict", "pipeline", *paths, "--passes", "3"])
    assert done.exit_code == 2
    assert "require a MODEL such as llm:NAME" in " ".join(done.output.split())
