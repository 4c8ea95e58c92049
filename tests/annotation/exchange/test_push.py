"""Push to a server in memory: what is sent, kept, replaced and refused."""

import copy
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from memory_server import MemoryServer

from aloi.annotation.exchange import push as pushing
from aloi.annotation.exchange.push import (
    ProjectPush,
    PushRequest,
    make_plan,
    push,
    push_document,
)
from aloi.annotation.exchange.refs import RefTable
from aloi.annotation.server_protocol import PREDICTIONS_SHOWN, KnownRef, Payload, Project
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError
from aloi.corpus.schema import EntityType, Schema

SCHEMA = Schema("s", "1", {"PER": EntityType()})
DOCUMENTS = [
    Document(f"d{n}", "Ana vit à Rome", (Entity(id="e", start=0, end=3, label="PER"),))
    for n in range(4)
]
PROJECT = Project(0, "c/marie", "memory:c/marie")
PREDICTIONS = {document.id: document for document in DOCUMENTS}


def request(documents: list[Document], **settings: Any) -> PushRequest:
    settings = {"annotators": ["marie"], **settings}
    return PushRequest(corpus="c", schema=SCHEMA, documents=documents, **settings)


def tasks(server: MemoryServer, annotator: str = "marie") -> list[Payload]:
    return list(server.tasks[server.titles[f"c/{annotator}"].id].values())


def with_text(document: Document, text: str) -> Document:
    return msgspec.structs.replace(document, text=text)


def test_documents_are_sent_once() -> None:
    server = MemoryServer()
    first = push(server, request(DOCUMENTS[:2]), Notes())["marie"]
    second = push(server, request(DOCUMENTS), Notes())["marie"]
    assert (first.sent, first.present, second.sent, second.present) == (2, 0, 2, 2)
    assert [task["document"].id for task in tasks(server)] == ["d0", "d1", "d2", "d3"]


def test_doubled_documents_go_to_two_annotators() -> None:
    server = MemoryServer()
    pushed = push(server, request(DOCUMENTS, annotators=["marie", "paul"], double=0.5), Notes())
    assert sum(each.sent for each in pushed.values()) == 6


def test_a_plan_changes_nothing_on_the_server() -> None:
    server = MemoryServer()
    push(server, request(DOCUMENTS[:2]), Notes())
    before = copy.deepcopy((server.tasks, server.settings, server.titles))
    new = [with_text(DOCUMENTS[0], "Ana vit à Lima"), *DOCUMENTS[1:]]
    asked = request(new, annotators=["marie", "lea"], changed="replace", rebalance=True)
    plan = make_plan(server, asked, Notes())
    assert [len(each.send) for each in plan.projects.values()] == [1, 2]
    assert (server.tasks, server.settings, server.titles) == before


def test_a_task_started_since_the_plan_is_not_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    server, new = MemoryServer(), with_text(DOCUMENTS[0], "Ana vit à Lima")
    push(server, request(DOCUMENTS[:1]), Notes())
    asked = request([new], changed="replace")
    plan = make_plan(server, asked, Notes())
    monkeypatch.setattr(pushing, "make_plan", lambda *_, **__: plan)
    server.submit("c/marie", DOCUMENTS[0])
    with pytest.raises(DataError, match="marie has started task 1"):
        push(server, asked, Notes())
    assert len(tasks(server)) == 1


def test_moved_tasks_keep_their_predictions() -> None:
    server = MemoryServer()
    push(server, request(DOCUMENTS, predictions=PREDICTIONS, model_version="m"), Notes())
    moved = push(server, request(DOCUMENTS, annotators=["marie", "lea"], rebalance=True), Notes())
    assert (moved["marie"].moved, moved["lea"].sent) == (2, 2)
    assert [task["predictions"][0]["model_version"] for task in tasks(server, "lea")] == ["m"] * 2
    assert len(tasks(server)) == 2


def test_refs_are_filled_in_and_offered() -> None:
    server, person = MemoryServer(), Entity(id="e", start=0, end=3, label="PER", ref="ana")
    gold = [Document(f"g{n}", "Ana", (person,)) for n in range(2)]
    table = RefTable.from_documents(gold)
    push(server, request(DOCUMENTS[:2], predictions={"d0": DOCUMENTS[0]}, refs=table), Notes())
    first, second = tasks(server)
    assert [e.ref for e in first["predictions"][0]["document"].entities] == ["ana"]
    assert first["known_refs"] == second["known_refs"] == [KnownRef("ana", ("Ana",))]


def test_changed_predictions_replace_those_of_the_same_model_version() -> None:
    server = MemoryServer()
    first = request(DOCUMENTS[:2], predictions=PREDICTIONS, model_version="m")
    push(server, first, Notes())
    assert push(server, first, Notes())["marie"].predictions == 0
    changed = {**PREDICTIONS, "d1": msgspec.structs.replace(DOCUMENTS[1], entities=())}
    again = request(DOCUMENTS[:2], predictions=changed, model_version="m")
    assert push(server, again, Notes())["marie"].predictions == 1
    other = request(DOCUMENTS[:2], predictions=changed, model_version="other")
    assert push(server, other, Notes())["marie"].predictions == 2
    stored = [[x["document"] for x in task["predictions"]] for task in tasks(server)]
    assert stored == [[DOCUMENTS[0]] * 2, [changed["d1"]] * 2]


def test_duplicate_tasks_without_work_are_deleted() -> None:
    server = MemoryServer()
    project = push(server, request(DOCUMENTS[:1]), Notes())["marie"].project
    server.import_tasks(
        project, [server.task_writer("marie", SCHEMA, None, Notes()).task(DOCUMENTS[0])]
    )
    server.submit("c/marie", DOCUMENTS[0])
    assert push(server, request(DOCUMENTS[:1]), Notes())["marie"].duplicates == 1
    assert [bool(task["work"]) for task in tasks(server)] == [True]


class LateServer(MemoryServer):
    """A server that stores the tasks of an interrupted first import during the second import.

    If `opened` is true, marie changes the first of these tasks at once.
    """

    late: list[Payload] | None = None
    opened = False

    def import_tasks(self, project: Project, tasks: Sequence[Payload]) -> None:
        if self.late is None:
            self.late = copy.deepcopy(list(tasks))
            raise KeyboardInterrupt
        super().import_tasks(project, self.late)
        if self.opened:
            self.submit("c/marie", DOCUMENTS[0], user=1)
        super().import_tasks(project, tasks)
        self.late = []


def interrupted(**settings: Any) -> LateServer:
    """Return a server with a push of two documents that was interrupted."""
    server = LateServer()
    with pytest.raises(KeyboardInterrupt):
        push(server, request(DOCUMENTS[:2], **settings), Notes())
    return server


@pytest.mark.parametrize("finished", [False, True])
def test_a_push_that_is_repeated_at_once_creates_no_task_twice(finished: bool) -> None:
    server = interrupted(finished=finished)
    pushed = push(server, request(DOCUMENTS[:3], finished=finished), Notes())["marie"]
    assert [task["document"].id for task in tasks(server)] == ["d0", "d1", "d2"]
    assert (pushed.sent, pushed.duplicates) == (3, 2)


def test_tasks_are_listed_once_if_their_number_is_right_at_the_end() -> None:
    server = MemoryServer()
    push(server, request(DOCUMENTS[:2]), Notes())
    with patch.object(server, "list_tasks", wraps=server.list_tasks) as listing:
        push(server, request(DOCUMENTS), Notes())
    assert listing.call_count == 1


@pytest.mark.parametrize("finished", [False, True])
def test_of_two_copies_the_one_that_was_changed_remains(finished: bool) -> None:
    server = interrupted(finished=finished)
    server.opened = True
    push(server, request(DOCUMENTS[:1], finished=finished), Notes())
    assert [(each["document"].id, len(each["work"])) for each in tasks(server)] == [
        ("d0", 1 + finished),
        ("d1", int(finished)),
    ]


def test_copies_with_different_finished_work_remain() -> None:
    server = interrupted(finished=True)
    empty = msgspec.structs.replace(DOCUMENTS[0], entities=())
    for _ in range(2):
        assert push(server, request([empty], finished=True), Notes())["marie"].duplicates == 0
    assert [task["document"].id for task in tasks(server)] == ["d0", "d1", "d0"]


def test_equal_copies_of_finished_work_are_deleted_by_the_next_push() -> None:
    server = MemoryServer()
    project = push(server, request(DOCUMENTS[:2], finished=True), Notes())["marie"].project
    server.import_tasks(project, copy.deepcopy(tasks(server)))
    server.submit("c/marie", DOCUMENTS[1], user=1)
    assert push(server, request(DOCUMENTS[:2], finished=True), Notes())["marie"].duplicates == 1
    assert [(task["document"].id, len(task["work"])) for task in tasks(server)] == [
        ("d0", 1),
        ("d1", 2),
        ("d1", 1),
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("keep", ProjectPush(project=PROJECT, present=1)),
        ("replace", ProjectPush(project=PROJECT, sent=1, replaced=1)),
    ],
)
def test_a_task_with_another_text_is_kept_or_replaced(changed: Any, expected: ProjectPush) -> None:
    server, new = MemoryServer(), with_text(DOCUMENTS[0], "Ana vit à Lima")
    push(server, request(DOCUMENTS[:1]), Notes())
    assert push(server, request([new], changed=changed), Notes())["marie"] == expected


def test_a_task_with_another_text_is_refused_and_one_with_work_never_replaced() -> None:
    server, new = MemoryServer(), with_text(DOCUMENTS[0], "Ana vit à Lima")
    push(server, request(DOCUMENTS[:1], finished=True), Notes())
    for changed, message in (
        ("refuse", "text of marie's task differs"),
        ("replace", "contains work"),
    ):
        with pytest.raises(DataError, match=f"document d0: .*{message}"):
            push(server, request([new], changed=changed), Notes())
    assert len(tasks(server)) == 1


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"predictions": {"d0": with_text(DOCUMENTS[0], "Ana vit à Lima")}}, "different-text"),
        ({"documents": [Document("x", "Ana\0", ())]}, "nul"),
        (
            {
                "documents": [Document("x", "Ana", (Entity(id="e", start=0, end=3, label="ORG"),))],
                "finished": True,
            },
            "unknown-entity-label",
        ),
    ],
)
def test_nothing_is_sent_if_there_is_a_problem(settings: dict[str, Any], kind: str) -> None:
    server = MemoryServer()
    with pytest.raises(DataError) as caught:
        push(server, request(**{"documents": DOCUMENTS, **settings}), Notes())
    assert [problem.kind for problem in caught.value.problems] == [kind]
    assert server.titles == {}


def test_pushing_one_document_returns_the_address_of_its_task() -> None:
    server = MemoryServer()
    assert push_document(server, request(DOCUMENTS[:1]), Notes()) == "memory:c/marie#1"
    assert push_document(server, request(DOCUMENTS[:1]), Notes()) == "memory:c/marie#1"


def shown(server: MemoryServer, annotator: str = "marie") -> dict[str, tuple[object, int]]:
    """Return what each task records on predictions, and its number of predictions."""
    return {
        task["document"].id: (
            task["document"].meta.get(PREDICTIONS_SHOWN),
            len(task["predictions"]),
        )
        for task in tasks(server, annotator)
    }


def many(count: int) -> list[Document]:
    return [msgspec.structs.replace(DOCUMENTS[0], id=f"m{number}") for number in range(count)]


def bare_request(documents: list[Document], **settings: Any) -> PushRequest:
    predictions = {document.id: document for document in documents}
    return request(documents, predictions=predictions, without_predictions=0.2, **settings)


def test_a_random_share_of_the_tasks_gets_no_predictions() -> None:
    server = MemoryServer()
    documents = many(400)
    push(server, bare_request(documents, annotators=["marie", "paul"], double=1.0), Notes())
    marie, paul = shown(server), shown(server, "paul")
    assert set(marie.values()) == {(True, 1), (False, 0)}
    assert 50 <= sum(bare == (False, 0) for bare in marie.values()) <= 110
    assert marie != paul  # drawn for each annotator

    other = MemoryServer()
    push(other, bare_request(documents, annotators=["marie"], seed=1), Notes())
    assert shown(other) != marie


def test_tasks_without_predictions_remain_so() -> None:
    server = MemoryServer()
    documents = many(40)
    push(server, bare_request(documents), Notes())
    before = shown(server)
    new = [msgspec.structs.replace(each, entities=()) for each in documents]
    predictions = {each.id: each for each in new}
    pushed = push(server, request(documents, predictions=predictions), Notes())["marie"]
    assert shown(server) == before
    assert pushed.predictions == sum(has for has, _ in before.values())


def test_a_project_of_tasks_without_predictions() -> None:
    """The server refuses to display a model version without predictions."""
    server = MemoryServer()
    predictions = {document.id: document for document in DOCUMENTS}
    push(server, request(DOCUMENTS, predictions=predictions, without_predictions=1.0), Notes())
    assert set(shown(server).values()) == {(False, 0)}


def test_nothing_is_recorded_if_all_tasks_get_predictions() -> None:
    server = MemoryServer()
    push(server, request(DOCUMENTS, predictions=PREDICTIONS), Notes())
    assert set(shown(server).values()) == {(None, 1)}


def test_a_moved_task_can_lose_its_predictions() -> None:
    server = MemoryServer()
    documents = many(40)
    push(server, bare_request(documents), Notes())
    asked = bare_request(documents, annotators=["marie", "paul"], rebalance=True)
    assert push(server, asked, Notes())["paul"].sent == 20
    assert set(shown(server, "paul").values()) == {(True, 1), (False, 0)}
