"""Rounds on a timer and on events."""

import sys
from pathlib import Path
from threading import Event

import pytest

from aloi.annotation.learning.schedule import EventRounds, parse_interval, repeat
from aloi.corpus.problems import DataError, Problem


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200)])
def test_intervals_have_a_unit(text: str, seconds: float) -> None:
    assert parse_interval(text) == seconds


@pytest.mark.parametrize("text", ["30", "0m", "m", "1d", "-5m", ""])
def test_other_intervals_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 30m"):
        parse_interval(text)


def test_a_failed_round_is_reported_and_the_next_one_follows() -> None:
    problem = Problem("no-answer", "the server does not answer", "Start the server")
    calls: list[str] = []

    def action() -> None:
        calls.append("round")
        if len(calls) == 1:
            raise DataError([problem])

    def wait(seconds: float) -> None:
        calls.append(f"wait {seconds:.0f}")
        if len(calls) == 4:
            raise KeyboardInterrupt

    reported: list[Problem] = []
    repeat(action, 60, reported.extend, wait=wait)
    assert calls == ["round", "wait 60", "round", "wait 60"]
    assert reported == [problem]


def test_an_event_starts_a_round_in_a_child_process(tmp_path: Path) -> None:
    # Each round appends a line to a file.
    log, wake, done = tmp_path / "log", Event(), Event()
    command = [sys.executable, "-c", f"open({str(log)!r}, 'a').write('round\\n')"]
    with EventRounds(command, done.set, wake, settle_time=0):
        for number in (1, 2):
            assert done.wait(30)
            done.clear()
            assert log.read_text() == "round\n" * number
            wake.set()


def test_a_running_round_is_stopped_at_the_end(tmp_path: Path) -> None:
    started = tmp_path / "started"
    code = f"import time; open({str(started)!r}, 'w').close(); time.sleep(60)"
    rounds = EventRounds([sys.executable, "-c", code], lambda: None, Event())
    with rounds:
        while not started.exists():
            pass
    assert rounds._child is not None
    assert rounds._child.returncode not in (None, 0)
