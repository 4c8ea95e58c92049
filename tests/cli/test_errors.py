"""Errors that no reader converts: one line with a hint, and the traceback with `--debug`."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from toy_releases import ALOI

from aloi.cli.shared.errors import error_problem

FAILING = (
    "import sys, aloi.corpus.quality.checks as checks\n"
    "def broken(*_, **__): raise KeyError('colour\\nblind')\n"
    "checks.check_path = broken\n"
    "from aloi.cli.main import main; main()"
)


CONVERTED = """
import sys, aloi.corpus.quality.checks as checks
from aloi.corpus.problems import DataError, Problem
def broken(*_, **__):
    try: raise KeyError('cause')
    except KeyError as error: raise DataError([Problem('kind', 'what', 'Fix')]) from error
checks.check_path = broken
from aloi.cli.main import main; main()
"""


def run(*arguments: str, code: str = FAILING) -> subprocess.CompletedProcess[str]:
    call = [sys.executable, "-c", code, *arguments]
    return subprocess.run(call, capture_output=True, text=True, check=False)


def test_an_unexpected_error_is_one_line_with_a_hint(tmp_path: Path) -> None:
    done = run("corpus", "check", str(tmp_path))
    assert done.returncode == 1
    line, count = done.stderr.splitlines()
    assert line.startswith(r"unexpected error: KeyError: 'colour\nblind' (<string>:2)")
    assert "run `aloi --debug` with the same arguments" in line
    assert count == "1 problem"


def test_debug_prints_the_traceback(tmp_path: Path) -> None:
    done = run("--debug", "corpus", "check", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")


def test_debug_prints_the_traceback_of_an_error_that_caused_a_problem(tmp_path: Path) -> None:
    problem = run("corpus", "check", str(tmp_path), code=CONVERTED).stderr
    assert problem.splitlines()[0] == "what [kind]. Fix."
    done = run("--debug", "corpus", "check", str(tmp_path), code=CONVERTED)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith(f"KeyError: 'cause'\n{problem}")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.ENOENT, "No such file", "a\x1b[2Jb"), "a"),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory found"), "set TMPDIR"),
        (MemoryError(), "the memory is not sufficient"),
        (RecursionError("maximum recursion depth"), "nested too deeply"),
    ],
)
def test_errors_of_the_system_say_what_to_do(error: Exception, expected: str) -> None:
    text = str(error_problem(error))
    assert expected in text
    assert "None" not in text
    assert "\x1b" not in text


def test_sigterm_ends_like_ctrl_c(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = subprocess.Popen(
        [*ALOI, "corpus", "check", str(pipe)],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    with pipe.open("wb") as stream:  # opens when the command has opened the other end
        stream.write(b"{")
        stream.flush()
        while not any(path.name.startswith("aloi-") for path in tmp_path.iterdir()):
            time.sleep(0.01)
        time.sleep(0.5)  # Python notices a signal only after it waits for the next bytes
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    assert "Traceback" not in stderr
    assert process.returncode in (1, 130)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]
