"""Work shared out on Ray: a cluster that is there, or a node started here for the run.

Plain actors take one item after another, so that each loads what it needs once. Ray Data would
carry the documents themselves through its object store and decide what a block is; here an item
names a part of a file, and what comes back is small: nothing is held that grows with the
documents, and which items are done is known one by one, which is what going on after a stop needs.
Ray starts an actor again that dies, and repeats what it was doing.

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

from aloi.corpus.extras import need
from aloi.corpus.problems import DataError, Problem

T = TypeVar("T")
R = TypeVar("R")

REPEATS = 3
"""How often an item is tried again whose actor died: one that kills them all is given up."""

NONE = -1
"""The number of no item."""

STORE = 100 << 20
"""Bytes of the object store of a node started here; what goes through it is small."""

CONNECT_TIMEOUT = 10
"""Seconds that a cluster has to answer."""

_HERE = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on every system: listen on loopback alone
    "RAY_AUTH_MODE": "token",  # and serve nobody else of this machine
    "RAY_worker_niceness": "0",  # as fast as the local engine
}
"""What Ray reads from the environment when it is imported and started."""


@contextmanager
def connected(address: str | None, workers: int | None) -> Iterator[int]:
    """Ray at `address`, or started here on loopback and stopped at the end; yields the workers.

    `workers`: how many are asked for; as many as there are processors unless said. Raises
    `DataError` if Ray is not installed or nobody answers.
    """
    need("ray", extra="ray")
    if address is None:
        os.environ |= _HERE
    ray = _ray()

    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address is None:
        settings |= {"num_cpus": workers or os.cpu_count(), "object_store_memory": STORE}
        settings |= {"include_dashboard": False}
    try:
        if address and ":" in address:
            _knock(address)
        ray.init(address or "local", **settings)
    except (OSError, ValueError, RuntimeError) as error:
        what = f"no Ray cluster can be used there: {str(error).splitlines()[0]}"
        fix = "Start one (`ray start --head`), or leave --address out"
        raise DataError([Problem("no-cluster", what, fix, file=address)]) from error
    try:
        yield workers or int(ray.cluster_resources().get("CPU", 1))
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raise `OSError` or `ValueError` unless somebody listens there; Ray would wait for minutes."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT).close()


def map_unordered(
    make: Callable[[], Callable[[T], R]], items: Iterable[T], *, workers: int
) -> Iterator[tuple[int, R | DataError]]:
    """The number of each item and what a function makes of it, in the order they are done.

    Every worker calls `make` for its own function, once. A `DataError` stands for the result of an
    item that raises it, and of one whose workers died again and again; what else is raised there
    is raised here.
    """
    ray = _ray()

    actor = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=REPEATS)(_Worker)
    busy: dict[Any, tuple[Any, int]] = {}
    for _ in range(workers):
        worker = actor.remote(make)
        busy[worker.ready.remote()] = worker, NONE
    todo = enumerate(items)
    while busy:
        (answer,), _ = ray.wait(list(busy))
        worker, number = busy.pop(answer)
        result = _received(answer)
        if number != NONE:
            yield number, result
        elif isinstance(result, DataError):
            raise result
        for following, item in islice(todo, 1):
            busy[worker.work.remote(item)] = worker, following
        del worker  # without an item it ends, and leaves its processor to one that was lost
        if all(number == NONE for _, number in busy.values()):
            return


def in_order(found: Iterable[tuple[int, R | DataError]]) -> list[R]:
    """Return the results of `map_unordered` in the order of its items; raises `DataError`."""
    results: dict[int, R] = {}
    problems: list[Problem] = []
    for number, result in found:
        if isinstance(result, DataError):
            problems += result.problems
        else:
            results[number] = result
    if problems:
        raise DataError(
            sorted(problems, key=lambda problem: (problem.kind, problem.document or ""))
        )
    return [results[number] for number in sorted(results)]


def _received(answer: Any) -> Any:  # noqa: ANN401 - the function's result
    ray = _ray()

    try:
        fine, result = ray.get(answer)
    except (ray.exceptions.RayActorError, ray.exceptions.OutOfMemoryError) as error:
        what = f"a worker died on it {REPEATS + 1} times: {str(error).splitlines()[0]}"
        fix = "Memory may be short: take fewer workers or shorter documents"
        return DataError([Problem("worker-died", what, fix)])
    if fine or isinstance(result, DataError):
        return result
    raise result


def _ray() -> Any:  # noqa: ANN401 - its types are partial
    return import_module("ray")


class _Worker(Generic[T, R]):
    """An actor: it makes its function when it starts, or starts again."""

    def __init__(self, make: Callable[[], Callable[[T], R]]) -> None:
        self.make = make

    @cached_property
    def function(self) -> Callable[[T], R]:
        """What is done with each item."""
        return self.make()

    def ready(self) -> tuple[bool, object]:
        """Have the function made."""
        return self._outcome(lambda: bool(self.function))

    def work(self, item: T) -> tuple[bool, object]:
        """What the function makes of an item."""
        return self._outcome(lambda: self.function(item))

    def _outcome(self, work: Callable[[], object]) -> tuple[bool, object]:
        try:
            return True, work()
        except Exception as error:  # noqa: BLE001 - the driver raises it
            return False, error
