"""Parallel processing of items in forked processes, which share the memory of this process.

`concurrent.futures.ProcessPoolExecutor` is not used, for three reasons. Its workers keep running if
the parent is killed. A cancelled run waits for unfinished items. The exit code of a dead worker is
not reported.
"""

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

Item = TypeVar("Item")
Result = TypeVar("Result")
Pool = dict[Connection, BaseProcess]

ITEMS_PER_WORKER = 4
"""The maximum number of items per worker, on average, that are in progress or not yet yielded.

The limit bounds memory. It is greater than 1, so that a slow worker does not stop other workers.
"""


def map_forked(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Iterator[Result]:
    """Apply a function to items in forked processes; yield the results in the order of the items.

    Objects that the function uses are shared, not copied; only items and results are pickled.
    Raises the errors of `attempt`, and `DataError` if a process dies or if the system cannot fork.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        what, fix = "this system cannot fork processes", "Use a single worker process"
        raise DataError([Problem("no-fork", what, fix)])
    with _start_pool(function, workers) as pool:
        numbered = enumerate(items)
        idle, busy = list(pool), dict[Connection, int]()
        results = dict[int, Result]()
        next_number = 0
        while True:
            while next_number in results:
                yield results.pop(next_number)
                next_number += 1
            while idle and len(busy) + len(results) < ITEMS_PER_WORKER * workers:
                number, item = next(numbered, (-1, None))
                if number < 0:
                    break
                free = idle.pop()
                _send(pool, free, item)
                busy[free] = number
            if not busy:
                return
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                results[busy.pop(ready)] = _receive(pool, ready)
                idle.append(ready)


@contextmanager
def _start_pool(function: Callable[[Any], Any], workers: int) -> Iterator[Pool]:
    """Start worker processes, yield them in a dictionary by connection, and terminate them."""
    context = multiprocessing.get_context("fork")
    pool: Pool = {}
    try:
        for _ in range(workers):
            ours, theirs = context.Pipe()
            arguments = function, theirs, [*pool, ours]
            process: BaseProcess = context.Process(target=_serve, args=arguments, daemon=True)
            process.start()
            theirs.close()  # otherwise the connection would stay open when the process ends
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
    """Process items in a worker until the parent closes the connection.

    inherited: the parent's ends of the connections, which the fork copied. The worker closes its
    copies, because a connection stays open until all processes have closed it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent's handler would print a traceback
    for other in inherited:
        other.close()
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)  # torch would wait for threads that do not exist after a fork
    try:
        while True:
            connection.send(attempt(function, connection.recv()))
    except (EOFError, OSError):
        return


def attempt(function: Callable[[Item], Result], item: Item) -> tuple[bool, Result | Exception]:
    """Return True and the result of a function, or False and its error, for another process.

    The error is a `DataError`, or a `RuntimeError` with the type and the message of any other
    error, because pickle can rebuild only some exceptions of libraries.
    """
    try:
        return True, function(item)
    except DataError as error:
        return False, error
    except MemoryError:
        what = "a worker process ran out of memory"
        fix = "Use fewer workers or shorter documents"
        return False, DataError([Problem("out-of-memory", what, fix)])
    except Exception as error:  # noqa: BLE001 - the parent raises any error
        return False, RuntimeError(f"{type(error).__name__}: {error}")


def _send(pool: Pool, connection: Connection, item: object) -> None:
    try:
        connection.send(item)
    except OSError as error:
        raise death_error(pool[connection]) from error


def _receive(pool: Pool, connection: Connection) -> Any:  # noqa: ANN401 - the function's result
    try:
        succeeded, answer = connection.recv()
    except (EOFError, OSError) as error:
        raise death_error(pool[connection]) from error
    if not succeeded:
        raise answer
    return answer


def death_error(process: BaseProcess) -> DataError:
    """Return an error that reports the signal or exit status of a dead process."""
    process.join()
    code = process.exitcode or 0
    cause = signal.Signals(-code).name if code < 0 else f"status {code}"
    what = f"a worker process died ({cause})"
    fix = "If the process ran out of memory, use fewer workers or shorter documents"
    return DataError([Problem("worker-died", what, fix)])
