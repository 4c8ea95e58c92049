"""`aloi refs`: refs for documents with mentions."""

from pathlib import Path

from marked_documents import marked_document, refs_of
from typer.testing import CliRunner

from aloi.cli.main import app
from aloi.corpus import document_files

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> None:
    result = CliRunner().invoke(app, ["refs", *arguments, "--corpus", str(ROOT / "corpus")])
    assert result.exit_code == 0, result.output


def test_refs_are_filled_in_and_replaced(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    marked = "[hier](DATE), le [président](ROLE) [Charles de Gaulle](PER#x) à [Berlin](LOC)"
    document_files.write([marked_document(marked, date="1962-07-03")], source)
    run(str(source), str(target))
    [found] = document_files.read(target)
    kept = [ref for _, ref in refs_of(found)]
    assert kept == ["1962-07-02", "x", "x", "berlin"]
    run(str(source), str(target), "--replace")
    [found] = document_files.read(target)
    assert [ref for _, ref in refs_of(found)][1:3] == ["charles-de-gaulle"] * 2


def test_a_folder_without_manifest_is_a_wrong_call(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    document_files.write([marked_document("[hier](DATE)")], source)
    result = CliRunner().invoke(app, ["refs", str(source), "-", "--corpus", str(tmp_path)])
    assert result.exit_code == 2
    assert "corpus.toml" in result.output
