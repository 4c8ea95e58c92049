"""What a team lead needs, on a real server: authors of work, status, backup and restoration."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
import spacy
from label_studio import LabelStudio, User

from aloi.annotation.exchange.pull import PullReport, pull_corpus
from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.exchange.status import CorpusStatus, corpus_status
from aloi.annotation.exchange.task_import import tasks_by_document
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.backup import back_up, restore
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.live_predictions import connect_projects, running_backend
from aloi.annotation.server_protocol import Project, StoredTask
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError
from aloi.corpus.schema import EntityType, RelationType, Schema

SCHEMA = Schema(
    "team",
    "1",
    {"PER": EntityType(), "LOC": EntityType()},
    {"IN": RelationType(("PER",), ("LOC",))},
)
DOCUMENTS = [Document(f"d{number}", "Ana vit à Rome", ()) for number in range(5)]


def region(id_: str, start: int, end: int, label: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]}
    return {"id": id_, "type": "labels", "from_name": "label", "to_name": "text", "value": value}


ANA, ROME = region("ana", 0, 3, "PER"), region("rome", 10, 14, "LOC")
BACKWARDS = {"type": "relation", "from_id": "rome", "to_id": "ana", "direction": "right"}


class Team:
    """A corpus with the projects of two annotators, `marie` and `paul`, and a lead."""

    def __init__(self, running: LabelStudio, studio: LabelStudioServer, name: str) -> None:
        self.running, self.studio, self.corpus = running, studio, name
        self.marie, self.paul, self.lead = (
            running.user(f"{each}-{name}") for each in ("marie", "paul", "lead")
        )
        self.annotators = tuple(user.email.partition("@")[0] for user in (self.marie, self.paul))
        for annotator in self.annotators:
            request = PushRequest(
                corpus=name, schema=SCHEMA, documents=DOCUMENTS, annotators=[annotator]
            )
            push(studio, request, Notes())

    def project(self, annotator: str) -> Project:
        return self.studio.list_projects(self.corpus)[annotator]

    def task(self, annotator: str, document: str) -> int:
        return tasks_by_document(self.studio, self.project(annotator))[document][0].id

    def post(self, user: User, annotator: str, document: str, *results: Any, **more: Any) -> int:
        """Submit work under a user's account; return the number of the annotation."""
        path = f"/api/tasks/{self.task(annotator, document)}/annotations/"
        with self.running.client(user.token) as client:
            answer = client.post(path, json={"result": results, "lead_time": 8.0, **more})
        return int(answer.raise_for_status().json()["id"])

    def save_draft(self, user: User, annotator: str, document: str) -> int:
        path = f"/api/tasks/{self.task(annotator, document)}/drafts"
        with self.running.client(user.token) as client:
            answer = client.post(path, json={"result": [ANA], "lead_time": 1.0})
        return int(answer.raise_for_status().json()["id"])

    def patch(self, user: User, path: str, *results: Any) -> None:
        with self.running.client(user.token) as client:
            client.patch(path, json={"result": results}).raise_for_status()

    def pull(self, out: Path) -> PullReport:
        return pull_corpus(self.studio, self.corpus, out, Notes(), schema=SCHEMA)

    def delete_projects(self) -> None:
        with self.running.client() as client:
            for project in self.studio.list_projects(self.corpus).values():
                client.delete(f"/api/projects/{project.id}/").raise_for_status()


@pytest.fixture
def team(label_studio: LabelStudio, request: pytest.FixtureRequest) -> Iterator[Team]:
    name = f"t{abs(hash(request.node.nodeid)) % 10**6:06}"
    with LabelStudioServer(Access(label_studio.url, label_studio.token)) as studio:
        yield Team(label_studio, studio, name)


def contents(folder: Path) -> dict[str, tuple[Any, ...]]:
    """Return what a pull wrote, without numbers and dates of the server."""
    read = {
        str(file.relative_to(folder)): document_files.read(file)[0]
        for file in folder.rglob("*.json")
    }
    return {
        path: (each.text, each.entities, each.relations, each.meta["annotator"])
        for path, each in read.items()
    }


def settings(team: Team, name: str) -> dict[str, Any]:
    """Return the settings of a project; the prediction backend is not restored."""
    saved = team.studio.saved_settings(team.project(name))
    return saved | {"model_version": ""}


def test_authors_status_and_backup_of_a_team(team: Team, tmp_path: Path) -> None:
    marie, paul = team.annotators
    team.post(team.marie, marie, "d0", ANA, ROME, {**BACKWARDS, "labels": ["IN"]})
    number = team.post(team.marie, marie, "d1", ANA)
    team.post(team.marie, marie, "d3", was_cancelled=True)
    team.post(team.paul, paul, "d1", ANA, ROME)
    team.post(team.paul, marie, "d4", ROME)
    team.save_draft(team.marie, marie, "d2")

    # Labels and ends are checked: Rome IN Ana is forbidden.
    (problem,) = team.pull(tmp_path / "first").problems
    assert (problem.kind, problem.document, problem.item) == (
        "forbidden-ends",
        "d0",
        "relation rome IN ana",
    )
    assert problem.file == f"{team.corpus} · {marie}, task {team.task(marie, 'd0')}"
    pulled = contents(tmp_path / "first")
    assert sorted(pulled) == sorted(
        [f"{marie}/d0.json", f"{marie}/d1.json", f"{paul}/d1.json", f"{paul}/d4.json"]
    )

    # The lead empties marie's annotation: her file stays, the change is reported and kept.
    team.patch(team.lead, f"/api/annotations/{number}/")
    report = team.pull(tmp_path / "first")
    assert [each.kind for each in report.problems] == ["forbidden-ends", "other-account"]
    assert f"--account {marie}={team.lead.email}" in report.problems[1].fix
    unassigned = f".unassigned/{team.lead.email}/d1.json"
    assert contents(tmp_path / "first") == {
        **pulled,
        unassigned: ("Ana vit à Rome", (), (), marie),
    }

    spacy.blank("fr").to_disk(tmp_path / "model")
    with running_backend(tmp_path / "model", "127.0.0.1", 0) as (backend, _):
        connect_projects(team.studio, [team.project(marie)], backend.url)
        (connected,) = team.studio.prediction_backends(team.project(marie))
        assert (connected.url, connected.answers) == (backend.url, True)
    status = corpus_status(team.studio, team.corpus, schema=SCHEMA)
    assert [each.answers for each in status.annotators[marie].backends] == [False]
    assert status.annotators[paul].backends == ()
    states = {"not begun": 2, "draft": 1, "finished": 1, "skipped": 1}
    assert status.annotators[marie].states == states
    assert status.annotators[marie].by_others == 2
    assert (status.annotators[marie].per_document, status.annotators[marie].per_mention) == (8, 4)
    assert status.annotators[paul].states == {"not begun": 4, "finished": 1}

    # A draft of somebody else is work: the task is never replaced.
    (stored,) = team.studio.fetch_tasks(team.project(marie), [team.task(marie, "d2")])
    assert stored.has_work

    check_backup(team, status, tmp_path)


def check_interrupted_restoration(team: Team, file: Path) -> None:
    """An incomplete project is not read by other commands, and is reported until it is deleted."""
    interrupted = patch.object(team.studio, "create_draft", side_effect=KeyboardInterrupt)
    with interrupted, pytest.raises(KeyboardInterrupt):
        restore(team.studio, file)
    assert team.studio.list_projects(team.corpus) == {}
    with pytest.raises(DataError, match=r"«restoring .*» is incomplete"):
        restore(team.studio, file)
    (incomplete,) = (x for x in team.studio.all_projects() if x.title.startswith("restoring "))
    with team.running.client() as client:
        client.delete(f"/api/projects/{incomplete.id}/").raise_for_status()


def check_backup(team: Team, status: CorpusStatus, tmp_path: Path) -> None:
    """Restored projects are pulled to the same documents and have the same states."""
    file = tmp_path / "backup.jsonl"
    projects = team.studio.list_projects(team.corpus).values()
    saved = back_up(team.studio, file, projects=projects)
    assert (len(saved.projects), saved.tasks, saved.annotations, saved.drafts) == (2, 10, 5, 1)
    with pytest.raises(DataError, match="already contains the project"):
        restore(team.studio, file)
    before = {name: settings(team, name) for name in team.annotators}
    assert not team.pull(tmp_path / "before").unchanged
    team.delete_projects()
    check_interrupted_restoration(team, file)
    restored = restore(team.studio, file)
    assert (restored.tasks, restored.annotations, restored.drafts) == (10, 5, 1)
    assert restored.moved_drafts == {team.marie.email: 1}
    team.pull(tmp_path / "after")
    assert contents(tmp_path / "after") == contents(tmp_path / "before")
    for name in team.annotators:
        assert settings(team, name) == before[name]
    after = corpus_status(team.studio, team.corpus, schema=SCHEMA)
    for name in team.annotators:
        assert after.annotators[name].states == status.annotators[name].states

    # A user who is missing on the server is reported, with the number of annotations.
    team.delete_projects()
    file.write_text(file.read_text().replace(team.paul.email, "gone@example.org"))
    (missing, _) = restore(team.studio, file).problems()
    assert "no user gone@example.org; annotations of this user: 2" in missing.what


def test_work_with_renamed_labels_keeps_its_author(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marie = team.annotators[0]
    number = team.post(team.marie, marie, "d0", ANA)
    old = rename_with_interruptions(team, monkeypatch, tmp_path)

    # While labels are renamed, marie changes her annotation and her draft, which were listed.
    draft = team.save_draft(team.marie, marie, "d2")
    ana = region("ana", 0, 3, old)
    team.patch(team.marie, f"/api/drafts/{draft}/", ana)

    def change() -> None:
        team.patch(team.marie, f"/api/annotations/{number}/", ana, ROME)
        team.patch(team.marie, f"/api/drafts/{draft}/", ana, ROME)

    with monkeypatch.context() as patch:
        change_after_listing(patch, change)
        assert team.studio.rename_labels(team.project(marie), {old: "HUMAN"}) == 2
    (stored,) = team.studio.fetch_tasks(team.project(marie), [team.task(marie, "d2")])
    (saved,) = stored.payload["drafts"]
    assert [each["value"]["labels"] for each in saved["result"]] == [["HUMAN"], ["LOC"]]

    # A backup contains the authors; finished work remains the annotator's.
    ready = Document("d9", "Ana vit à Rome", (Entity(id="r", start=10, end=14, label="LOC"),))
    schema = msgspec.structs.replace(SCHEMA, entities={"HUMAN": EntityType(), "LOC": EntityType()})
    finished = PushRequest(
        corpus=team.corpus, schema=schema, documents=[ready], annotators=[marie], finished=True
    )
    push(team.studio, finished, Notes())
    team.studio.rename_labels(team.project(marie), {"LOC": "PLACE"})
    expected = {f"{marie}/d0.json": ["HUMAN", "PLACE"], f"{marie}/d9.json": ["PLACE"]}
    assert labels(team, tmp_path / "before") == expected
    projects = team.studio.list_projects(team.corpus).values()
    back_up(team.studio, tmp_path / "backup.jsonl", projects=projects)
    for project in projects:  # they remain: the restored annotations get other numbers
        team.studio.update_project(project, {"title": f"before restoration {project.id}"})
    restore(team.studio, tmp_path / "backup.jsonl")
    assert labels(team, tmp_path / "after") == expected


def rename_with_interruptions(team: Team, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Interrupt a renaming after each of its changes, and repeat it; return the current label."""
    project = team.project(team.annotators[0])
    file, old, new = f"{team.annotators[0]}/d0.json", "PER", "PERSON"
    for number in itertools.count():
        with monkeypatch.context() as patch:
            interrupt_after(patch, number)
            try:
                team.studio.rename_labels(project, {old: new})
            except KeyboardInterrupt:
                team.studio.rename_labels(project, {old: new})
            else:
                break
        assert labels(team, tmp_path / f"repeated-{number}") == {file: [new]}
        old, new = new, old
    assert number == 2
    return new


def interrupt_after(patch: pytest.MonkeyPatch, number: int) -> None:
    """Press Ctrl+C after the PATCH request with this number, counted from 0."""
    send, changes = LabelStudioServer._request, itertools.count()

    def request(
        studio: LabelStudioServer, method: str, path: str, content: bytes | None = None
    ) -> str:
        answer = send(studio, method, path, content)
        if method == "PATCH" and next(changes) == number:
            raise KeyboardInterrupt
        return answer

    patch.setattr(LabelStudioServer, "_request", request)


def change_after_listing(patch: pytest.MonkeyPatch, change: Callable[[], None]) -> None:
    """Call a function whenever tasks were fetched."""
    fetch = LabelStudioServer.fetch_tasks

    def fetch_tasks(
        studio: LabelStudioServer, project: Project, tasks: Sequence[int]
    ) -> list[StoredTask]:
        listed = list(fetch(studio, project, tasks))
        change()
        return listed

    patch.setattr(LabelStudioServer, "fetch_tasks", fetch_tasks)


def labels(team: Team, out: Path) -> dict[str, list[str]]:
    """Return the labels of mentions in each file of a pull, which reports no problem."""
    assert pull_corpus(team.studio, team.corpus, out, Notes()).problems == []
    return {path: [each.label for each in found[1]] for path, found in contents(out).items()}
