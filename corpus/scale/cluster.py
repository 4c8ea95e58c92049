"""Parallel work on Ray: on an existing cluster, or on a local node started for the run.

The workers are Ray actors. Each actor loads its model once and then processes one item after
another. An item is the name of a part of a file, and the result of an item is small, so memory use
does not grow with the number of documents. Each finished item is reported individually, which is
necessary to resume a run. Ray restarts an actor that dies and repeats its item. Ray Data is not
used, because it moves documents through its object store and chooses the size of the parts itself.

Source: https://docs.ray.io/en/latest/ray-core/fault_tolerance/actors.html
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib import import_module
from itertools import islice
from typing import Any, Generic, TypeVar

from aloi.corpus.optional_dependencies import need
from aloi.corpus.problems import DataError, Problem

Item = TypeVar("Item")
Result = TypeVar("Result")

MAX_RETRIES = 3
"""Number of times an item is repeated if its actor dies; after that, the item fails."""

NO_ITEM = -1
"""Item number of an actor that is starting and has no item yet."""

OBJECT_STORE_BYTES = 100 << 20
"""Size of a local node's object store; only small objects pass through the store."""

CONNECT_TIMEOUT = 10
"""Seconds to wait for a connection to a cluster."""

_LOCAL_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listen only on loopback, on every system
    "RAY_AUTH_MODE": "token",  # refuse other users of this machine
    "RAY_worker_niceness": "0",  # run workers with the same priority as the local engine
}
"""Environment variables that are set before a local node is started."""


@contextmanager
def connect(address: str | None, workers: int | None) -> Iterator[int]:
    """Connect to the cluster at `address`, or start a local node; yield the number of workers.

    A local node is started if `address` is None; it listens only on loopback and is stopped when
    the block ends. `workers` defaults to the number of processors. Raises `DataError` if Ray is not
    installed or the connection fails.
    """
    need("ray", extra="ray")
    if address is None:
        os.environ |= _LOCAL_ENVIRONMENT
    ray = _import_ray()

    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        settings |= {"num_cpus": workers or os.cpu_count()}
        settings |= {"object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
    try:
        if address and ":" in address:
            _check_reachable(address)
        ray.init(address or "local", **settings)
    except (OSError, ValueError, RuntimeError) as error:
        what = f"cannot connect to the Ray cluster: {str(error).splitlines()[0]}"
        fix = "Start a cluster with `ray start --head`, or omit --address to use this machine"
        raise DataError([Problem("no-cluster", what, fix, file=address)]) from error
    try:
        yield workers or int(ray.cluster_resources().get("CPU", 1))
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Raise `OSError` or `ValueError` if an address is unreachable.

    Without this check, Ray waits for minutes before it raises an error.
    """
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT).close()


def map_unordered(
    make: Callable[[], Callable[[Item], Result]], items: Iterable[Item], *, workers: int
) -> Iterator[tuple[int, Result | DataError]]:
    """Apply a function to items in parallel; yield the number and result of each finished item.

    Each worker calls `make` once to create its function. The result of an item is a `DataError` if
    the function raises a `DataError`, or if the worker dies at every attempt. All other exceptions
    of the function are raised to the caller.
    """
    ray = _import_ray()

    actor = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=MAX_RETRIES)(_Worker)
    busy: dict[Any, tuple[Any, int]] = {}
    for _ in range(workers):
        worker = actor.remote(make)
        busy[worker.start.remote()] = worker, NO_ITEM
    remaining = enumerate(items)
    while busy:
        (answer,), _ = ray.wait(list(busy))
        worker, number = busy.pop(answer)
        result = _receive(answer)
        if number != NO_ITEM:
            yield number, result
        elif isinstance(result, DataError):
            raise result
        for next_number, item in islice(remaining, 1):
            busy[worker.work.remote(item)] = worker, next_number
        del worker  # an idle worker ends, so that a restarted worker can use its processor
        if all(number == NO_ITEM for _, number in busy.values()):
            return


def results_in_order(numbered: Iterable[tuple[int, Result | DataError]]) -> list[Result]:
    """Return the results of `map_unordered` in the order of the items.

    Raises `DataError` with the problems of all failed items.
    """
    results: dict[int, Result] = {}
    problems: list[Problem] = []
    for number, result in numbered:
        if isinstance(result, DataError):
            problems += result.problems
        else:
            results[number] = result
    if problems:
        raise DataError(
            sorted(problems, key=lambda problem: (problem.kind, problem.document or ""))
        )
    return [results[number] for number in sorted(results)]


def _receive(answer: Any) -> Any:  # noqa: ANN401 - the result of the function
    ray = _import_ray()

    try:
        succeeded, result = ray.get(answer)
    except (ray.exceptions.RayActorError, ray.exceptions.OutOfMemoryError) as error:
        what = (
            f"the worker processes died in all {MAX_RETRIES + 1} attempts: "
            f"{str(error).splitlines()[0]}"
        )
        fix = "If the machine runs out of memory, use fewer workers or shorter documents"
        return DataError([Problem("worker-died", what, fix)])
    if succeeded or isinstance(result, DataError):
        return result
    raise result


def _import_ray() -> Any:  # noqa: ANN401 - the types of Ray are incomplete
    return import_module("ray")


class _Worker(Generic[Item, Result]):
    """An actor that creates its function when it starts or restarts."""

    def __init__(self, make: Callable[[], Callable[[Item], Result]]) -> None:
        self.make = make

    @cached_property
    def function(self) -> Callable[[Item], Result]:
        """The function that is applied to each item."""
        return self.make()

    def start(self) -> tuple[bool, object]:
        """Create the function; return True and True, or False and the exception."""
        return self._outcome(lambda: bool(self.function))

    def work(self, item: Item) -> tuple[bool, object]:
        """Apply the function to an item; return True and the result, or False and the exception."""
        return self._outcome(lambda: self.function(item))

    def _outcome(self, work: Callable[[], object]) -> tuple[bool, object]:
        try:
            return True, work()
        except Exception as error:  # noqa: BLE001 - the driver raises it
            return False, error
