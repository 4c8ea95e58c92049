"""Import of tasks from a server that does not answer: nothing is lost or sent twice."""

from collections.abc import Sequence

import pytest
from memory_server import MemoryServer, MemoryTaskWriter

from aloi.annotation.exchange import task_import
from aloi.annotation.exchange.task_import import (
    delete_duplicates,
    import_batch,
    tasks_by_document,
)
from aloi.annotation.server_protocol import Payload, Project, UnansweredError
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError

TASKS = {f"d{n}": MemoryTaskWriter("marie").task(Document(f"d{n}", "Ana", ())) for n in range(3)}


class SilentServer(MemoryServer):
    """A server that stores `stored` tasks of each of the first `failures` imports, unanswered."""

    def __init__(self, failures: int, stored: int) -> None:
        super().__init__()
        self.failures, self.stored = failures, stored

    def import_tasks(self, project: Project, tasks: Sequence[Payload]) -> None:
        self.failures -= 1
        super().import_tasks(project, tasks if self.failures < 0 else tasks[: self.stored])
        if self.failures >= 0:
            raise UnansweredError("no answer", late=False)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_import, "POLL_INTERVAL", 0.0)


@pytest.mark.parametrize(("failures", "stored"), [(0, 0), (1, 0), (1, 3), (3, 1), (4, 0)])
def test_each_task_is_stored_once(failures: int, stored: int) -> None:
    server = SilentServer(failures, stored)
    project = server.create_project("p", {})
    import_batch(server, project, TASKS)
    assert {id_: len(each) for id_, each in tasks_by_document(server, project).items()} == {
        "d0": 1,
        "d1": 1,
        "d2": 1,
    }


class LateServer(MemoryServer):
    """A server that stores the tasks of its first import only when the second one arrives."""

    late: Sequence[Payload] | None = None

    def import_tasks(self, project: Project, tasks: Sequence[Payload]) -> None:
        if self.late is None:
            self.late = tasks
            raise UnansweredError("no answer", late=False)
        super().import_tasks(project, [*self.late, *tasks])


def test_tasks_that_arrive_late_and_again_are_deleted() -> None:
    server = LateServer()
    project = server.create_project("p", {})
    import_batch(server, project, TASKS)
    assert delete_duplicates(server, project, tasks_by_document(server, project))[1] == 3
    assert [len(each) for each in tasks_by_document(server, project).values()] == [1, 1, 1]


def test_a_server_that_never_answers_is_an_error() -> None:
    server = SilentServer(failures=9, stored=0)
    with pytest.raises(DataError, match="3 tasks could not be imported in 5 attempts: no answer"):
        import_batch(server, server.create_project("p", {}), TASKS)
