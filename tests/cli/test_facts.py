"""`aloi facts`: the table, the files, and wrong calls."""

import json
from pathlib import Path

import pytest
from toy import pipeline
from typer.testing import CliRunner, Result

from aloi.cli.main import app

TEXT = "Ana vit à Rome et rencontre Eva."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("facts") / "model"
    pipeline().to_disk(folder)
    return str(folder)


def run(*arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(app, ["facts", *arguments], input=TEXT)
    assert result.exit_code == status, result.output
    return result


def test_a_text_is_printed_as_a_table(model: str) -> None:
    shown = run(model, "-")
    assert "LIVES_IN" in shown.stdout
    assert TEXT in shown.stdout
    assert "compared by their names" in shown.stderr
    assert "2 facts" in shown.stderr


def test_facts_are_written_to_a_folder_or_a_stream(model: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    out = tmp_path / "out"
    written = run(model, str(tmp_path / "a.txt"), str(out), "--date", "2026-02-04")
    assert f"2 facts written to {out}" in written.stderr
    streamed = run(model, str(tmp_path / "a.txt"), "-").stdout
    assert streamed == (out / "facts.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["relation"] for line in streamed.splitlines()] == ["LIVES_IN", "MEETS"]


def test_wrong_calls(model: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    text = str(tmp_path / "a.txt")
    assert "must be a folder" in run(model, text, text, status=2).output
    assert "no such file" in run(model, str(tmp_path / "b.txt"), status=2).output
    assert "corpus.toml" in run(model, text, "--corpus", str(tmp_path), status=2).output
    run(model, text, "--date", "4 février", status=2)
