"""The commands of `aloi annotate` that need no server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aloi.cli.annotate.output import plural

ROOT = Path(__file__).parents[2]
SCHEMA = 'name = "s"\nversion = "1"\n[entities]\nPER = {}\nLOC = {}\n'
DOCUMENT = {"id": "d", "text": "Ana vit à Rome", "entities": []}
ANA = {"id": "a", "start": 0, "end": 3, "label": "PER"}
ROME = {"id": "r", "start": 10, "end": 14, "label": "LOC"}


def aloi(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aloi.cli", "annotate", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "LABEL_STUDIO_URL": "", "LABEL_STUDIO_API_KEY": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a corpus, and two passes that differ in one mention of document d."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "corpus.toml").write_text('name = "c"\nversion = "1"\nlicence = "x"\n')
    (corpus / "schema.toml").write_text(SCHEMA)
    (corpus / "splits.toml").write_text("")
    for annotator, entities in {"luc": [ANA], "marie": [ANA, ROME]}.items():
        (tmp_path / "passes" / annotator).mkdir(parents=True)
        document = json.dumps({**DOCUMENT, "entities": entities})
        (tmp_path / "passes" / annotator / "d.json").write_text(document)
    return tmp_path


def test_summaries_of_commands_are_not_cut_off() -> None:
    shown = aloi("--help").stdout
    assert "start" in shown
    assert "..." not in shown.partition("Commands:")[2]


def test_a_policy_writes_gold_without_a_server(folder: Path) -> None:
    call = ("adjudicate", "passes", "--corpus", "corpus", "--policy", "majority", "--out", "gold")
    done = aloi(*call, cwd=folder)
    assert done.stdout.splitlines() == [
        "tie, omitted: d: LOC «Rome» at 10",
        "gold: 1 of 1 document (0 without disagreement), 1 written",
    ]
    gold = json.loads((folder / "gold" / "d.json").read_text())
    assert [each["label"] for each in gold["entities"]] == ["PER"]


def test_the_version_of_one_annotator_becomes_gold(folder: Path) -> None:
    call = ("adjudicate", "passes", "--corpus", "corpus", "--policy", "annotator=marie")
    assert aloi(*call, "--out", "gold", cwd=folder).returncode == 0
    gold = json.loads((folder / "gold" / "d.json").read_text())
    assert [each["label"] for each in gold["entities"]] == ["PER", "LOC"]


def test_effort_prints_a_table_and_writes_json(folder: Path) -> None:
    done = aloi("effort", "passes/luc", "passes/marie", "--json", "effort.json", cwd=folder)
    assert "mentions added" in done.stdout
    counts = json.loads((folder / "effort.json").read_text())
    assert (counts["from_predictions"]["total"], counts["from_nothing"]["total"]) == (1, 2)


def test_config_reads_a_schema_or_a_corpus(folder: Path) -> None:
    interface = aloi("config", "corpus/schema.toml", cwd=folder).stdout
    assert '<Label value="PER"' in interface
    assert aloi("config", "corpus", cwd=folder).stdout == interface
    assert aloi("config", "corpus", "--out", "view.xml", cwd=folder).stdout == ""
    assert (folder / "view.xml").read_text() == interface


@pytest.mark.parametrize(
    "arguments",
    [
        ("push", "corpus", "--to", "luc", "--to", "luc"),
        ("push", "corpus", "--to", "luc", "--schema", "corpus/schema.toml"),
        ("push", "passes/luc", "--to", "luc", "--project", "p"),
        ("push", "missing", "--to", "luc"),
        ("open", "missing"),
        ("config", "missing"),
        ("agree", "passes", "passes"),
        ("adjudicate", "passes", "--corpus", "corpus", "--policy", "annotator="),
    ],
)
def test_a_wrong_call_ends_with_status_2(folder: Path, arguments: tuple[str, ...]) -> None:
    assert aloi(*arguments, cwd=folder).returncode == 2


@pytest.mark.parametrize(
    "arguments", [("push", "corpus", "--to", "luc"), ("pull", "c", "--out", "out"), ("practice",)]
)
def test_without_a_server_the_error_names_the_command_that_starts_one(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    done = aloi(*arguments, cwd=folder)
    assert done.returncode == 1
    assert "`aloi annotate start`" in done.stderr
    assert "Traceback" not in done.stderr


def test_stop_reports_that_nothing_is_running(folder: Path) -> None:
    assert aloi("stop", cwd=folder).stdout == "Label Studio is not running in .label-studio\n"


def test_plural() -> None:
    assert [plural(number, "task") for number in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
