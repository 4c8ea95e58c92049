"""Work shared out to processes: in order, a little at a time, and with an end when one dies."""

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
    """Every fourth takes longer than those after it."""
    time.sleep(0.05 if number % 4 == 0 else 0)
    return number, os.getpid()


def test_results_come_in_order_from_other_processes() -> None:
    found = list(map_forked(uneven, range(40), workers=3))
    assert [number for number, _ in found] == list(range(40))
    assert len({process for _, process in found} - {os.getpid()}) == 3
    assert not multiprocessing.active_children()


def first_is_slowest(number: int) -> int:
    """All that are held wait for the first."""
    time.sleep(0.3 if number == 0 else 0)
    return number


def test_what_waits_for_a_slow_first_is_not_the_end() -> None:
    count = 5 * ITEMS_PER_WORKER * 2
    assert list(map_forked(first_is_slowest, range(count), workers=2)) == list(range(count))


def test_nothing_in_gives_nothing() -> None:
    assert list(map_forked(uneven, [], workers=2)) == []


def test_no_more_is_taken_than_the_workers_need() -> None:
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


def killed(number: int) -> int:
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_worker_that_dies_is_told() -> None:
    with pytest.raises(DataError, match=r"a worker process died \(SIGKILL\)"):
        list(map_forked(killed, range(20), workers=2))
    assert not multiprocessing.active_children()


def tell(number: int) -> int:
    """Write the process's id to standard output, and take some time."""
    os.write(1, f"{os.getpid()}\n".encode())
    time.sleep(0.05)
    return number


def test_workers_end_when_their_parent_is_killed() -> None:
    here = Path(__file__)
    code = (
        f"import sys; sys.path.insert(0, {str(here.parent)!r}); import {here.stem} as t\n"
        "list(t.forked(t.tell, range(10**6), workers=2))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    workers = set()
    while len(workers) < 2:
        workers.add(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.read()  # to the end: it comes when no worker holds the other side
    parent.stdout.close()


def failing(number: int) -> int:
    if number == 3:
        raise DataError([Problem("bad", "three is wrong", "Take four", "d3")])
    return number


def test_problems_cross_from_one_process_to_the_other_whole() -> None:
    with pytest.raises(DataError) as raised:
        list(map_forked(failing, range(9), workers=2))
    assert raised.value.problems == (Problem("bad", "three is wrong", "Take four", "d3"),)
