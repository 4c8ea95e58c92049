"""The commands of `aloi annotate`, without a server or with one in memory."""

import json
import os
import shutil
import subprocess
import sys
import webbrowser
from contextlib import nullcontext
from pathlib import Path

import pytest
from memory_server import MemoryServer
from typer.testing import CliRunner

from aloi.annotation.labelstudio import client
from aloi.cli.main import app
from aloi.corpus.problems import count_noun

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
        "gold: 1 of 1 document, 1 written",
        "without disagreement: 0 documents",
    ]
    gold = json.loads((folder / "gold" / "d.json").read_text())
    assert [each["label"] for each in gold["entities"]] == ["PER"]


def test_the_version_of_one_annotator_becomes_gold(folder: Path) -> None:
    call = ("adjudicate", "passes", "--corpus", "corpus", "--policy", "annotator=marie")
    assert aloi(*call, "--out", "gold", cwd=folder).returncode == 0
    gold = json.loads((folder / "gold" / "d.json").read_text())
    assert [each["label"] for each in gold["entities"]] == ["PER", "LOC"]


def write_pass(folder: Path, annotator: str, id_: str, label: str) -> None:
    """Write a pass over a document in which Ana IS_IN a place with this label."""
    relation = {"head": "a", "tail": "r", "label": "IS_IN"}
    entities = [ANA, {**ROME, "label": label, "ref": "rome"}]
    document = {**DOCUMENT, "id": id_, "entities": entities, "relations": [relation]}
    (folder / "passes" / annotator / f"{id_}.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("singles", "line", "written"),
    [("take", "taken unchanged", ["d", "s"]), ("leave", "omitted", ["d"])],
)
def test_documents_with_one_annotator_are_taken_or_left_out(
    folder: Path, singles: str, line: str, written: list[str]
) -> None:
    write_pass(folder, "luc", "s", "LOC")
    call = ("adjudicate", "passes", "--corpus", "corpus", "--policy", "annotator=marie")
    done = aloi(*call, "--singles", singles, "--out", "gold", cwd=folder)
    assert done.stdout.splitlines()[-1] == f"annotated by one annotator: 1 document, {line}"
    gold = {path.stem: json.loads(path.read_text()) for path in (folder / "gold").iterdir()}
    assert sorted(gold) == written
    if "s" in gold:
        assert gold["s"]["meta"] == {"annotators": ["luc"], "adjudicated_by": "single annotator"}
        assert len(gold["s"]["relations"]) == 1


def test_what_all_annotators_gave_and_gold_lacks_is_listed_with_status_1(folder: Path) -> None:
    write_pass(folder, "luc", "d", "LOC")
    write_pass(folder, "marie", "d", "ORG")
    call = ("adjudicate", "passes", "--corpus", "corpus", "--out", "gold", "--policy")
    done = aloi(*call, "majority", cwd=folder)  # a tie between two types
    assert done.returncode == 1
    assert "all annotators gave the mention «Rome», but gold lacks it" in done.stderr
    assert "all annotators gave the relation IS_IN from «Ana» to «Rome»" in done.stderr
    assert aloi(*call, "annotator=marie", cwd=folder).returncode == 0
    gold = json.loads((folder / "gold" / "d.json").read_text())
    assert [each["label"] for each in gold["relations"]] == ["IS_IN"]


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
        ("pull", "corpus", "--out", "out", "--account", "luc"),
        ("practice", "--guide", "corpus/schema.toml"),
        ("open", "missing"),
        ("config", "missing"),
        ("agree", "passes", "passes"),
        ("adjudicate", "passes", "--corpus", "corpus", "--policy", "annotator="),
        ("adjudicate", "passes", "--corpus", "corpus", "--policy=majority", "--singles=review"),
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


@pytest.fixture
def server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryServer:
    """Replace Label Studio by a server in memory, and make `folder` the current folder."""
    memory = MemoryServer()
    monkeypatch.setattr(client, "LabelStudioServer", lambda access: nullcontext(memory))
    monkeypatch.setenv("LABEL_STUDIO_URL", memory.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "token")
    monkeypatch.chdir(folder)
    return memory


def invoke(*arguments: str) -> list[str]:
    """Return the lines that a command prints."""
    done = CliRunner().invoke(app, ["annotate", *arguments])
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


@pytest.mark.usefixtures("server")
def test_pushed_work_is_pulled() -> None:
    source = ("passes/luc", "--project", "c", "--schema", "corpus/schema.toml")
    call = ("push", *source, "--to", "luc", "--finished")
    assert invoke(*call) == ["luc: 1 document sent, 0 already present; memory:c/luc"]
    assert invoke(*call, "--predictions", "passes/marie") == [
        "luc: 0 documents sent, 1 already present, 1 prediction updated; memory:c/luc"
    ]
    assert invoke("pull", "corpus", "--out", "out") == ["out/luc: 1 written, 0 unchanged"]
    assert invoke("pull", "c", "--out", "out") == ["out/luc: 0 written, 1 unchanged"]
    assert CliRunner().invoke(app, ["annotate", "pull", "other", "--out", "out"]).exit_code == 2


@pytest.mark.usefixtures("server")
def test_status_prints_every_annotator_and_writes_json(folder: Path) -> None:
    source = ("passes/luc", "--project", "c", "--schema", "corpus/schema.toml")
    invoke("push", *source, "--to", "luc", "--finished")
    printed = " ".join(invoke("status", "corpus", "--json", "status.json"))
    assert "luc" in printed
    written = json.loads((folder / "status.json").read_text())
    assert written["annotators"]["luc"]["states"]["finished"] == 1
    assert CliRunner().invoke(app, ["annotate", "status", "other"]).exit_code == 2


def test_a_dry_run_prints_the_plan_and_sends_nothing(server: MemoryServer) -> None:
    call = ("push", "passes/luc", "--project", "c", "--schema", "corpus/schema.toml", "--to", "luc")
    assert invoke(*call, "--dry-run") == [
        "luc (planned): 1 document sent, 0 already present; new project «c/luc»"
    ]
    assert server.titles == {}
    invoke(*call)
    document = json.dumps({**DOCUMENT, "text": "Ana vit à Lima", "entities": []})
    Path("passes/luc/d.json").write_text(document)
    done = CliRunner().invoke(app, ["annotate", *call, "--dry-run"])
    assert done.exit_code == 1
    assert "the text of luc's task differs" in done.output


def test_a_document_is_opened_in_the_browser(
    server: MemoryServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    (folder / "passes" / "luc").rename(folder / "corpus" / "gold")
    assert invoke("open", "d", "--to", "luc") == opened == ["memory:c/luc#1"]
    (task,) = server.tasks[0].values()
    assert [each["model_version"] for each in task["predictions"]] == ["predictions"]


def test_added_texts_are_pushed_and_opened(
    server: MemoryServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    empty = CliRunner().invoke(app, ["annotate", "push", "corpus", "--to", "luc"])
    assert empty.exit_code == 1
    assert "no documents to push" in str(empty.exception)
    assert server.titles == {}
    (folder / "new.txt").write_text("Le maire de Lyon est à Rome.")
    assert CliRunner().invoke(app, ["corpus", "add", "new.txt", "corpus"]).exit_code == 0
    assert invoke("push", "corpus", "--to", "luc") == [
        "luc: 1 document sent, 0 already present; memory:c/luc"
    ]
    assert invoke("open", "new", "--to", "marie") == ["memory:c/marie#2"]


def test_a_label_is_renamed_in_files_and_projects(server: MemoryServer, folder: Path) -> None:
    shutil.copytree(folder / "passes" / "marie", folder / "corpus" / "gold")
    invoke("push", "corpus", "--to", "luc", "--finished")
    call = ["corpus", "migrate", "corpus", "--rename", "LOC=PLACE"]
    done = CliRunner().invoke(app, [*call, "--server"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "schema: s 1 became s 2.0.0",
        "gold: 1 document changed",
        "luc: 1 task changed; memory:c/luc",
    ]
    assert [e.label for e in server.tasks[0][1]["work"][0].entities] == ["PER", "PLACE"]
    again = CliRunner().invoke(app, call)
    assert again.stdout == "files: nothing to change\n"
    assert "add --server" in again.stderr
    for wrong in (["corpus", "--rename", "LOC"], ["passes", "--rename", "LOC=PLACE"]):
        assert CliRunner().invoke(app, ["corpus", "migrate", *wrong]).exit_code == 2


@pytest.mark.usefixtures("server")
def test_practice_prints_the_progress() -> None:
    address, progress = invoke("practice", "luc")
    assert address.endswith("/practice-luc")
    assert progress == "exercices faits : 0 sur 5"


@pytest.mark.usefixtures("server")
def test_practice_takes_exercises_from_a_corpus(folder: Path) -> None:
    (folder / "passes" / "luc").rename(folder / "corpus" / "gold")
    address, progress, _ = invoke("practice", "luc", "--corpus", "corpus")
    assert (address, progress) == (
        "c/practice-luc : memory:c/practice-luc",
        "exercices faits : 0 sur 1",
    )


def test_count_noun() -> None:
    assert [count_noun(number, "task") for number in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]


def test_next_without_enough_work_trains_nothing(server: MemoryServer) -> None:
    source = ("passes/luc", "--project", "c", "--schema", "corpus/schema.toml")
    invoke("push", *source, "--to", "luc", "--finished")
    assert invoke("next", "corpus", "--out", "learning") == [
        "1 document finished by annotators",
        "no training: 1 document new or changed; the next training needs 5",
        "0 documents sent, 0 tasks with new predictions",
    ]
    assert Path("learning/passes/luc/d.json").exists()
    assert not server.displayed


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("next", "corpus"), "aloi annotate push"),  # the corpus has no project
        (("next", "corpus", "--every", "daily"), "such as 30m"),
        (("serve", "fr_core_news_md", "--learn"), "--learn requires --to"),
    ],
)
def test_wrong_calls_of_learning_end_with_status_2(
    arguments: tuple[str, ...], message: str
) -> None:
    done = CliRunner().invoke(app, ["annotate", *arguments])
    assert done.exit_code == 2
    assert message in done.output
