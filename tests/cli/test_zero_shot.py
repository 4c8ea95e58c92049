"""`aloi predict gliner:PATH` called wrongly, or without the library."""

from pathlib import Path

import pytest
from toy import SCHEMA, sentence
from typer.testing import CliRunner, Result

from aloi.cli.main import app
from aloi.corpus import document_files, optional_dependencies
from aloi.corpus.problems import DataError


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    (tmp_path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    document_files.write([sentence(0)], tmp_path / "in.jsonl")
    return tmp_path


def predict(folder: Path, *arguments: str) -> Result:
    paths = [str(folder / "in.jsonl"), str(folder / "out.jsonl")]
    return CliRunner().invoke(app, ["predict", f"gliner:{folder}", *paths, *arguments])


def test_a_missing_library_is_reported_with_the_command_to_install_it(
    texts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(optional_dependencies, "find_spec", lambda library: None)
    done = predict(texts, "--schema", str(texts / "schema.toml"))
    assert done.exit_code == 1
    assert isinstance(done.exception, DataError)
    assert "gliner is not installed" in str(done.exception)
    assert "Run pip install 'aloi[gliner]'" in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "add --schema"),
        (("--schema", "{}", "--workers", "2"), "omit --workers"),
        (("--schema", "{}", "--passes", "2"), "require a MODEL such as llm:NAME"),
        (("--schema", "{}", "--show"), "no --show, --html"),
    ],
)
def test_wrong_calls(texts: Path, arguments: tuple[str, ...], message: str) -> None:
    schema = str(texts / "schema.toml")
    done = predict(texts, *(argument.format(schema) for argument in arguments))
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())
