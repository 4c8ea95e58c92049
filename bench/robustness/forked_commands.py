"""Calls of `aloi` in forked processes, for `fuzz.py` and `kill.py`."""

from __future__ import annotations

import os
import pkgutil
import resource
import select
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import NoReturn

GROUPS = ("annotate", "corpus", "release")
"""Commands that have subcommands."""


@dataclass(frozen=True)
class Case:
    """A call of `aloi`; `prepare` writes its inputs to the folder in which it runs.

    `secrets`: strings that the command must not print.
    """

    name: str
    arguments: tuple[str, ...]
    prepare: Callable[[Path], object]
    stdin: str = "/dev/null"
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        """Whether the first argument is the name of a group of commands."""
        return self.arguments[0] in GROUPS


def copy_of(source: Path, name: str, damage: Callable[[Path], object]) -> Callable[[Path], None]:
    """Return a function that copies a folder into the folder of a case and damages the copy."""
    return partial(_copy, source, name, damage)


def _copy(source: Path, name: str, damage: Callable[[Path], object], folder: Path) -> None:
    shutil.copytree(source, folder / name, dirs_exist_ok=True)
    damage(folder / name)


def damages(file: str, other: bytes) -> dict[str, Callable[[Path], object]]:
    """Return ways to damage a file of a folder, by name; `other` is the content of another file."""
    return {
        f"{file} removed": lambda folder: (folder / file).unlink(),
        f"{file} empty": lambda folder: (folder / file).write_bytes(b""),
        f"{file} truncated": lambda folder: (folder / file).write_bytes(
            (content := (folder / file).read_bytes())[: len(content) // 2]
        ),
        f"{file} garbage": lambda folder: (folder / file).write_bytes(bytes(range(256)) * 4),
        f"{file} not UTF-8": lambda folder: (folder / file).write_bytes(
            (folder / file).read_bytes() + "é".encode("latin-1")
        ),
        f"{file} swapped": lambda folder: (folder / file).write_bytes(other),
        f"{file} a folder": lambda folder: ((folder / file).unlink(), (folder / file).mkdir()),
    }


def import_commands() -> None:
    """Import what the commands import and build the commands, so that a fork starts at once."""
    import datasets  # noqa: F401, PLC0415
    import label_studio_sdk  # noqa: F401, PLC0415
    import pandas as pd  # noqa: F401, PLC0415
    import typer.main  # noqa: PLC0415

    from aloi.cli.main import app  # noqa: PLC0415

    for part in ("corpus", "annotation", "models", "eval"):
        package = import_module(f"aloi.{part}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with suppress(ImportError, KeyError):  # extras; settings that gunicorn reads
                import_module(module.name)
    typer.main.get_command = cache(typer.main.get_command)  # takes most of the time of a call
    typer.main.get_command(app)


@dataclass(frozen=True)
class Outcome:
    """How a process ended: `status` is its exit status or a description, `text` what it printed."""

    status: str
    text: str


def run_forked(
    arguments: tuple[str, ...],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    stdin: str = "/dev/null",
    setup: Callable[[], object] = lambda: None,
    limits: Mapping[int, int] | None = None,
    timeout: float = 600,
) -> Outcome:
    """Run `aloi` in a fork of this process; `setup` is called there first.

    limits: resource limits, by constant of the module `resource`; timeout: seconds that the process
    may wait for anything but a processor.
    """
    output = folder.parent / "output.txt"
    process = os.fork()
    if process == 0:
        _prepare_process(folder, output, stdin, limits or {})
        os.environ |= environment or {}
        _run_aloi(arguments, setup)
    if not _has_ended(process, timeout):
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return Outcome(f"still running after {timeout} s", _read(output))
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    status = str(code) if code >= 0 else signal.Signals(-code).name
    return Outcome(status, _read(output))


def _has_ended(process: int, timeout: float) -> bool:
    """Wait until a child process ends, or waits for `timeout` seconds; return whether it ended.

    A process that could run waits for other processes on a busy machine: this time does not count.
    """
    descriptor = os.pidfd_open(process)
    waiting = 0.0
    try:
        while waiting < timeout:
            if select.select([descriptor], [], [], 1)[0]:
                return True
            waiting += not _could_run(process)
        return False
    finally:
        os.close(descriptor)


def _could_run(process: int) -> bool:
    """Return whether a thread of a process runs, or waits only for a processor."""
    states = set()
    for file in Path(f"/proc/{process}/task").glob("*/stat"):
        with suppress(OSError):  # the thread has ended
            states.add(file.read_text(encoding="utf-8").rpartition(")")[2].split()[0])
    return "R" in states


def _read(output: Path) -> str:
    return output.read_text(encoding="utf-8", errors="replace")


def _prepare_process(folder: Path, output: Path, stdin: str, limits: Mapping[int, int]) -> None:
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    stream = os.open(output, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    os.dup2(os.open(stdin, os.O_RDONLY), 0)
    os.chdir(folder)


def _run_aloi(arguments: tuple[str, ...], setup: Callable[[], object]) -> NoReturn:
    """Run the command and end this process with its status; 99 after any other exception."""
    from aloi.cli.main import main as aloi  # noqa: PLC0415

    sys.argv = ["aloi", *arguments]
    status = 99
    try:
        setup()
        aloi()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 99
    except BaseException:  # noqa: BLE001 - reported as the failure of the call
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
