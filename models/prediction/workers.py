"""One function over many items, in several processes that share what this one has loaded."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from aloi.corpus.problems import DataError, Problem

T = TypeVar("T")
R = TypeVar("R")

ITEMS_PER_WORKER = 4
"""How many items a worker are held at once, so that a slow one does not stop the others."""


def map_forked(function: Callable[[T], R], items: Iterable[T], *, workers: int) -> Iterator[R]:
    """What `function` makes of each item, in order, by so many forked processes.

    The processes share what the function refers to; only items and results are sent. What the
    function raises is raised here. Raises `DataError` if a process dies or the system has no fork.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        what, fix = "this system cannot fork processes", "Leave the number of workers at 1"
        raise DataError([Problem("no-fork", what, fix)])
    with _started(function, workers) as pool:
        numbered = enumerate(items)
        idle, busy = list(pool), dict[Connection, int]()
        done = dict[int, R]()
        expected = 0
        while True:
            while expected in done:
                yield done.pop(expected)
                expected += 1
            while idle and len(busy) + len(done) < ITEMS_PER_WORKER * workers:
                number, item = next(numbered, (-1, None))
                if number < 0:
                    break
                busy[_sent(pool, idle.pop(), item)] = number
            if not busy:
                return
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                done[busy.pop(connection)] = _received(pool, connection)
                idle.append(connection)


Pool = dict[Connection, BaseProcess]


@contextmanager
def _started(function: Callable[[Any], Any], workers: int) -> Iterator[Pool]:
    """The processes by the connection to each; they end with the block."""
    context = multiprocessing.get_context("fork")
    pool: Pool = {}
    try:
        for _ in range(workers):
            ours, theirs = context.Pipe()
            arguments = function, theirs, [*pool, ours]
            process: BaseProcess = context.Process(target=_serve, args=arguments, daemon=True)
            process.start()
            theirs.close()  # or the end of the process would not be seen
            pool[ours] = process
        yield pool
    finally:
        for connection, process in pool.items():
            connection.close()
            process.terminate()
            process.join()


def _serve(
    function: Callable[[Any], Any], connection: Connection, inherited: list[Connection]
) -> None:
    """What a worker does: answer until the other side is gone.

    The fork copied the parent's ends of all connections so far, which would keep them open.
    """
    for other in inherited:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)  # threads do not survive a fork, and torch would wait for them
    try:
        while True:
            item = connection.recv()
            try:
                answer = True, function(item)
            except Exception as error:  # noqa: BLE001 - the parent raises it
                answer = False, error
            connection.send(answer)
    except (EOFError, OSError):
        return


def _sent(pool: Pool, connection: Connection, item: object) -> Connection:
    try:
        connection.send(item)
    except OSError as error:
        raise _death(pool[connection]) from error
    return connection


def _received(pool: Pool, connection: Connection) -> Any:  # noqa: ANN401 - the function's result
    try:
        fine, answer = connection.recv()
    except (EOFError, OSError) as error:
        raise _death(pool[connection]) from error
    if not fine:
        raise answer
    return answer


def _death(process: BaseProcess) -> DataError:
    process.join()
    code = process.exitcode or 0
    how = signal.Signals(-code).name if code < 0 else f"status {code}"
    what = f"a worker process died ({how})"
    fix = "Memory may be short: take fewer workers or shorter documents"
    return DataError([Problem("worker-died", what, fix)])
