"""Forked workers: results in order, bounded memory, and an error when a worker dies."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aloi.corpus.problems import DataError, Problem
from aloi.models.prediction.workers import ITEMS_PER_WORKER, map_forked


def uneven(number: int) -> tuple[int, int]:
    """Return the number and process id; every fourth item takes longer."""
    time.sleep(0.05 if number % 4 == 0 else 0)
    return number, os.getpid()


def test_results_come_in_order_from_other_processes() -> None:
    found = list(map_forked(uneven, range(40), workers=3))
    assert [number for number, _ in found] == list(range(40))
    assert len({process for _, process in found} - {os.getpid()}) == 3
    assert not multiprocessing.active_children()


def first_is_slowest(number: int) -> int:
    """Return the number; the first item takes longest."""
    time.sleep(0.3 if number == 0 else 0)
    return number


def test_results_that_wait_for_a_slow_first_item_are_not_lost() -> None:
    count = 5 * ITEMS_PER_WORKER * 2
    assert list(map_forked(first_is_slowest, range(count), workers=2)) == list(range(count))


def test_no_items() -> None:
    assert list(map_forked(uneven, [], workers=2)) == []


def test_only_a_few_items_are_taken_in_advance() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = map_forked(uneven, items(), workers=2)
    next(results)
    assert len(taken) <= 2 * ITEMS_PER_WORKER + 1
    results.close()
    assert not multiprocessing.active_children()


def die_at_five(number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_worker_that_dies_is_an_error() -> None:
    with pytest.raises(DataError, match=r"a worker process died \(SIGKILL\)"):
        list(map_forked(die_at_five, range(20), workers=2))
    assert not multiprocessing.active_children()


def print_process_id(number: int) -> int:
    """Write the process id to standard output, and take some time."""
    os.write(1, f"{os.getpid()}\n".encode())
    time.sleep(0.05)
    return number


def test_workers_end_when_their_parent_is_killed() -> None:
    here = Path(__file__)
    code = (
        f"import sys; sys.path.insert(0, {str(here.parent)!r}); import {here.stem} as t\n"
        "list(t.map_forked(t.print_process_id, range(10**6), workers=2))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = set()
    while len(workers) < 2:
        workers.add(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.read()  # ends when no worker has standard output open
    parent.stdout.close()


def fail_at_three(number: int) -> int:
    if number == 3:
        raise DataError([Problem("bad", "three is wrong", "Take four", "d3")])
    return number


def test_problems_of_a_worker_are_raised_with_all_their_fields() -> None:
    with pytest.raises(DataError) as raised:
        list(map_forked(fail_at_three, range(9), workers=2))
    assert raised.value.problems == (Problem("bad", "three is wrong", "Take four", "d3"),)


class LibraryError(Exception):
    """An error that pickle cannot rebuild: it needs a second argument."""

    def __init__(self, what: str, code: int) -> None:
        super().__init__(f"{what} ({code})")


class OpenError(Exception):
    """An error that cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("the device is busy")
        self.stream = sys.stderr


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (LibraryError("no kernel", 7), r"LibraryError: no kernel \(7\)"),
        (OpenError(), "OpenError: the device is busy"),
    ],
)
def test_an_error_of_any_library_is_raised_with_its_message(
    error: Exception, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(number: int) -> int:
        raise error

    with pytest.raises(RuntimeError, match=f"^{message}$"):
        list(map_forked(fail, range(3), workers=2))
    assert capfd.readouterr().err == ""


def run_out_of_memory(number: int) -> int:
    raise MemoryError


def test_a_worker_without_memory_is_reported() -> None:
    with pytest.raises(DataError, match="a worker process ran out of memory"):
        list(map_forked(run_out_of_memory, range(3), workers=2))
