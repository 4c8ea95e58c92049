"""Rounds on a timer or on the server's events, in a process that never blocks labelling."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Self

from aloi.corpus.problems import DataError, Problem

PRIORITY = 10
"""The niceness of processes that train, so that the server on the same machine stays responsive."""

CHECK_INTERVAL = 300.0
"""Seconds without an event after which a round is started anyway."""

SETTLE_TIME = 5.0
"""Seconds after an event during which further events start no second round."""

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_interval(text: str) -> float:
    """Return an interval such as `30m`, `2h` or `90s` in seconds; raise `ValueError` otherwise."""
    match = re.fullmatch(r"([1-9]\d*)([smh])", text)
    if match is None:
        raise ValueError(f"an interval must be a number with s, m or h, such as 30m, not {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def repeat(
    action: Callable[[], object],
    interval: float,
    report: Callable[[Iterable[Problem]], object],
    *,
    wait: Callable[[float], object] = time.sleep,
) -> None:
    """Call `action` every `interval` seconds until `KeyboardInterrupt`.

    The problems of a failed call are reported, and the next call follows after the interval.
    """
    with suppress(KeyboardInterrupt):
        while True:
            try:
                action()
            except DataError as error:
                report(error.problems)
            wait(interval)


def lower_priority(process: int = 0) -> None:
    """Lower the CPU priority of a process (default: this process) if the system supports it."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, process, PRIORITY)


@dataclass
class EventRounds:
    """A thread that runs rounds in child processes, used as a context manager.

    A round starts at the beginning, after each event, and after `check_interval` seconds without an
    event. `command` runs one round; events set `wake`. `on_success` is called after each round that
    ended with status 0 or 1. At the end, a running round is stopped; the next one resumes its work.
    """

    command: Sequence[str]
    on_success: Callable[[], object]
    wake: Event
    check_interval: float = CHECK_INTERVAL
    settle_time: float = SETTLE_TIME
    _stopped: Event = field(default_factory=Event)
    _child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._loop, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.wake.set()
        if (child := self._child) is not None:
            child.terminate()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stopped.is_set():
            self.wake.clear()
            if self._run_child() in (0, 1) and not self._stopped.is_set():
                self.on_success()
            if self.wake.wait(self.check_interval):
                self._stopped.wait(self.settle_time)

    def _run_child(self) -> int:
        with subprocess.Popen(self.command) as child:
            self._child = child
            lower_priority(child.pid)
            if self._stopped.is_set():  # set before `_child` was
                child.terminate()
            return child.wait()
