"""Import of tasks in batches, with recovery if the server does not answer.

If the outcome of an import is unknown, the tasks on the server are listed, and missing tasks are
sent again. Label Studio also completes a request that nobody waits for: of this command, of an
earlier command that was interrupted, or of another command that runs at the same time. Therefore,
the tasks are checked once more after the last batch, and duplicates are deleted. Of two commands,
the one that checks its tasks last finds the tasks of both.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from aloi.annotation.server_protocol import (
    AnnotationServer,
    Payload,
    Project,
    TaskSummary,
    UnansweredError,
)
from aloi.corpus.problems import DataError, Problem

BATCH_SIZE = 1000
"""Tasks per import request. Label Studio takes about 8 ms per task and keeps a batch in memory."""

MAX_ATTEMPTS = 5
"""The maximum number of attempts to send a batch when the server does not answer."""

RECONNECT_TIMEOUT = 120.0
"""Seconds to wait for a server that does not answer."""

POLL_INTERVAL = 3.0
"""Seconds between two listings of tasks. Two equal listings mean that the import has ended."""

LATE_TIMEOUT = 60.0
"""Seconds during which tasks may still arrive after a request that timed out."""

T = TypeVar("T")

TasksByDocument = dict[str, list[TaskSummary]]
"""The tasks of a project by document id, oldest first; tasks that aloi did not send have no id."""


def split_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield items in lists of at most `BATCH_SIZE` items."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH_SIZE)):
        yield batch


def tasks_by_document(server: AnnotationServer, project: Project) -> TasksByDocument:
    """Return the tasks of a project by document id."""
    tasks: defaultdict[str, list[TaskSummary]] = defaultdict(list)
    for task in server.list_tasks(project):
        tasks[task.document_id].append(task)
    return dict(tasks)


def distinct_tasks(
    tasks: Sequence[TaskSummary], work_keys: Mapping[int, str | None]
) -> list[TaskSummary]:
    """Return the tasks of a document that are not duplicates: one for each work, or the oldest.

    `work_keys` contains the key of each task's work by task number: see `StoredTask`.
    """
    by_key: dict[tuple[str, str], TaskSummary] = {}
    for task in tasks:
        if (key := work_keys.get(task.id)) is not None:
            by_key.setdefault((key, task.text_hash), task)
    return list(by_key.values()) or list(tasks[:1])


def delete_duplicates(
    server: AnnotationServer, project: Project, tasks: TasksByDocument
) -> tuple[TasksByDocument, int]:
    """Delete duplicates of tasks that were just sent; return the remaining tasks and the number.

    At least one task per document remains, and every task with work that was not sent with it. If
    there is no such work, each different work that was sent remains. `pull` reports documents with
    several finished tasks. The tasks are fetched, because the counts in Label Studio's listings are
    wrong after a crash.
    """
    doubled = {id_: listed for id_, listed in tasks.items() if id_ and len(listed) > 1}
    ids = [task.id for listed in doubled.values() for task in listed]
    keys, changed = dict[int, str | None](), set[int]()
    for stored in server.fetch_tasks(project, ids):
        keys[stored.id] = stored.work_key
        if stored.has_new_work:
            changed.add(stored.id)
    kept = {
        id_: [task for task in listed if task.id in changed] or distinct_tasks(listed, keys)
        for id_, listed in doubled.items()
    }
    surplus = [
        task.id for id_, listed in doubled.items() for task in listed if task not in kept[id_]
    ]
    server.delete_tasks(project, surplus)
    return tasks | kept, len(surplus)


def import_batch(server: AnnotationServer, project: Project, tasks: Mapping[str, Payload]) -> None:
    """Import tasks, keyed by document id.

    If the server does not answer, wait until the server is ready and send the missing tasks again.
    Raise `DataError` after `MAX_ATTEMPTS` attempts. The server may complete a request later that it
    did not answer: call `delete_duplicates` after the last batch.
    """
    unanswered, missing = 0, dict(tasks)
    while missing:
        try:
            server.import_tasks(project, list(missing.values()))
            missing = {}
        except UnansweredError as error:
            unanswered += 1
            if unanswered == MAX_ATTEMPTS:
                raise DataError([_failed_import(len(missing), error)]) from None
            arrived = _wait_for_import(server, project, missing.keys(), late=error.late)
            missing = {id_: task for id_, task in missing.items() if id_ not in arrived}


def _failed_import(number: int, error: UnansweredError) -> Problem:
    what = f"{number} tasks could not be imported in {MAX_ATTEMPTS} attempts: {error}"
    fix = "Read the server's log, then repeat the push; imported tasks are not sent again"
    return Problem("no-answer", what, fix)


def _wait_for_import(
    server: AnnotationServer, project: Project, ids: Collection[str], *, late: bool
) -> TasksByDocument:
    """Wait until all tasks are on the server or no more tasks arrive; return the project's tasks.

    If `late` is true, wait at least `LATE_TIMEOUT` seconds for missing tasks.
    """
    server.wait_until_ready(RECONNECT_TIMEOUT)
    deadline = time.monotonic() + (LATE_TIMEOUT if late else 0)
    before, tasks = None, tasks_by_document(server, project)
    while not set(ids) <= tasks.keys() and (before != tasks or time.monotonic() < deadline):
        time.sleep(POLL_INTERVAL)
        before, tasks = tasks, tasks_by_document(server, project)
    return tasks
