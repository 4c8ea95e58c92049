"""Restoration of projects that is interrupted: an incomplete project never looks complete."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from aloi.annotation.labelstudio.backup import FORMAT, FORMAT_VERSION, provisional_title, restore
from aloi.annotation.labelstudio.client import MAX_TITLE_LENGTH
from aloi.annotation.server_protocol import Payload, Project
from aloi.corpus.problems import DataError

TITLES = ["c · marie", "c · paul"]


@dataclass
class Server:
    """What a restoration needs of a server; call number `calls` of the method `failing` fails."""

    failing: str = ""
    calls: int = 1
    error: BaseException = field(default_factory=KeyboardInterrupt)
    titles: dict[int, str] = field(default_factory=dict)

    def _call(self, name: str) -> None:
        self.calls -= name == self.failing
        if name == self.failing and self.calls == 0:
            raise self.error

    def find_project(self, title: str) -> Project | None:
        return next((Project(k, x, "url") for k, x in self.titles.items() if x == title), None)

    def create_project(self, title: str, settings: dict[str, Any]) -> Project:
        project = Project(len(self.titles), title, "url")
        self.titles[project.id] = title
        self._call("create_project")
        return project

    def import_tasks(self, project: Project, tasks: Sequence[Payload]) -> None:
        self._call("import_tasks")

    def update_project(self, project: Project, settings: dict[str, Any]) -> None:
        self._call("update_project")
        self.titles[project.id] = settings["title"]

    def user_emails(self) -> dict[str, str]:
        return {"1": "ana@example.org"}

    def account(self) -> str:
        return "ana@example.org"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a backup of two projects with one task each."""
    task = {"data": {"text": "Ana"}, "meta": None, "annotations": [], "predictions": []}
    lines: list[dict[str, Any]] = [{"format": FORMAT, "version": FORMAT_VERSION}]
    for title in TITLES:
        lines += [{"project": {"title": title, "settings": {}}}, {"task": {**task, "drafts": []}}]
    (tmp_path / "backup.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return tmp_path / "backup.jsonl"


def test_complete_projects_have_their_titles(file: Path) -> None:
    server = Server()
    report = restore(server, file)
    assert [project.title for project in report.projects] == TITLES
    assert list(server.titles.values()) == TITLES


@pytest.mark.parametrize("failing", ["create_project", "import_tasks", "update_project"])
def test_an_interrupted_restoration_leaves_a_provisional_title(file: Path, failing: str) -> None:
    server = Server(failing, calls=2)
    with pytest.raises(KeyboardInterrupt):
        restore(server, file)
    assert list(server.titles.values()) == ["c · marie", "restoring c · paul"]
    with pytest.raises(DataError) as caught:
        restore(server, file)
    assert [problem.kind for problem in caught.value.problems] == [
        "title-taken",
        "incomplete-project",
    ]
    assert "«restoring c · paul» is incomplete" in caught.value.problems[1].what
    assert len(server.titles) == 2


def test_an_error_names_the_incomplete_project(file: Path) -> None:
    with pytest.raises(DataError, match="«restoring c · marie» was restored incompletely"):
        restore(Server("import_tasks", error=DataError([])), file)


def test_provisional_titles_are_short_and_different() -> None:
    long = ["x" * (MAX_TITLE_LENGTH - 1) + end for end in "ab"]
    titles = {provisional_title(title) for title in [*TITLES, *long]}
    assert len(titles) == 4
    assert all(len(title) <= MAX_TITLE_LENGTH for title in titles)
