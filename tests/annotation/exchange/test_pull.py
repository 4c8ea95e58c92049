"""Pull from a server in memory: what is written, skipped, reported and fetched again."""

from pathlib import Path

import pytest
from memory_server import MemoryServer

from aloi.annotation.exchange.pull import (
    NoProjectError,
    pass_annotators,
    pull_projects,
    select_projects,
)
from aloi.annotation.exchange.push import PushRequest, push
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import Schema

DOCUMENTS = [Document(id_, "Ana", ()) for id_ in ("d0", "d1", "broken")]


@pytest.fixture
def server() -> MemoryServer:
    """Return a server with a project of marie in which `d0` is finished."""
    server = MemoryServer()
    request = PushRequest(
        corpus="c", schema=Schema("s", "1", {}), documents=DOCUMENTS, annotators=["marie"]
    )
    push(server, request, Notes())
    server.submit("c/marie", DOCUMENTS[0])
    server.fetched.clear()
    return server


def test_only_changed_tasks_are_fetched(server: MemoryServer, tmp_path: Path) -> None:
    projects = select_projects(server, "c")
    first = pull_projects(server, projects.values(), tmp_path, Notes())
    assert (first.written, server.fetched) == ({"marie": 1}, [1, 2, 3])
    server.submit("c/marie", DOCUMENTS[1])
    second = pull_projects(server, projects.values(), tmp_path, Notes())
    assert (second.written, second.unchanged) == ({"marie": 1}, {"marie": 1})
    assert server.fetched[3:] == [2]
    assert [document.id for document in document_files.read(tmp_path)] == ["d0", "d1"]


def test_a_deleted_file_is_written_again(server: MemoryServer, tmp_path: Path) -> None:
    projects = select_projects(server, "c").values()
    for _ in range(2):
        assert pull_projects(server, projects, tmp_path, Notes()).written == {"marie": 1}
        (tmp_path / "marie" / "d0.json").unlink()


def test_an_unreadable_task_is_reported_at_every_pull(server: MemoryServer, tmp_path: Path) -> None:
    server.submit("c/marie", DOCUMENTS[2])
    for _ in range(2):
        report = pull_projects(server, server.titles.values(), tmp_path, Notes())
        assert [problem.kind for problem in report.problems] == ["broken"]


def test_documents_of_deleted_tasks_are_kept_and_counted(
    server: MemoryServer, tmp_path: Path
) -> None:
    notes, (project,) = Notes(), server.titles.values()
    pull_projects(server, [project], tmp_path, notes)
    server.delete_tasks(project, [1])
    pull_projects(server, [project], tmp_path, notes)
    assert notes.counts == {"documents kept after their task was deleted": 1}
    assert (tmp_path / "marie" / "d0.json").exists()


def test_inherited_refs_are_written_and_counted(server: MemoryServer, tmp_path: Path) -> None:
    ana = Entity(id="a", start=0, end=3, label="PER", ref="ana")
    again = Entity(id="b", start=8, end=11, label="PER")
    server.submit("c/marie", Document("d1", "Ana dit Ana", (ana, again)))
    for inherited, expected in [(True, ["ana", "ana"]), (False, ["ana", None])]:
        notes = Notes()
        pull_projects(server, server.titles.values(), tmp_path, notes, inherited_refs=inherited)
        (written,) = document_files.read(tmp_path / "marie" / "d1.json")
        assert [entity.ref for entity in written.entities] == expected
        assert sum(notes.counts.values()) == inherited


def test_projects_are_selected_by_annotator(server: MemoryServer) -> None:
    assert list(select_projects(server, "c")) == ["marie"]
    assert list(select_projects(server, "c", ["marie"])) == ["marie"]
    with pytest.raises(
        NoProjectError, match="there is no project for paul; existing projects: marie"
    ):
        select_projects(server, "c", ["paul"])
    with pytest.raises(
        NoProjectError,
        match="memory: contains no project «other · …»; run `aloi annotate push` first",
    ):
        select_projects(server, "other")


def test_adjudication_and_practice_are_not_passes() -> None:
    assert pass_annotators(["marie", "adjudication", "practice-marie"]) == ["marie"]
