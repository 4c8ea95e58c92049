"""The virtual environment of Label Studio.

Label Studio has its own environment, because it requires package versions that conflict with those
of aloi.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from aloi.annotation.progress import Progress, ignore_progress
from aloi.corpus.problems import DataError, Problem

LOCK_FILE = Path(__file__).with_name("label-studio.lock")
"""The lock file: every package with its hashes. Its header explains how to generate the file."""

READY_FILE = "aloi-installed"
"""The file that marks a complete installation; it contains the hash of the lock file."""

LOG_FILE = "install.log"
"""The file beside the environment with pip's output."""

POLL_INTERVAL = 1.0
"""Seconds between two progress messages of the installation."""

MAX_PIP_OUTPUT = 1000
"""The number of code points of pip's output that an error message quotes."""


def lock_hash() -> str:
    """Return a short hash of the lock file."""
    return hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:16]


def is_installed(environment: Path) -> bool:
    """Return whether an environment was installed from the current lock file and still has Python.

    Its Python is a link to an installation that the user may have removed.
    """
    ready = environment / READY_FILE
    complete = ready.is_file() and ready.read_text(encoding="utf-8") == lock_hash()
    return complete and (environment / "bin" / "python").exists()


def install(environment: Path, *, progress: Progress = ignore_progress) -> None:
    """Create the environment from the lock file; an existing environment is deleted first.

    This takes 1 GB of disk space and several minutes. pip's output is written to `install.log`
    beside the environment. Raise `DataError` if the installation fails.
    """
    shutil.rmtree(environment, ignore_errors=True)
    environment.parent.mkdir(parents=True, exist_ok=True)
    progress("installing Label Studio: creating a virtual environment")
    log = environment.with_name(LOG_FILE)
    log.write_bytes(b"")
    _run((sys.executable, "-m", "venv", environment), log)
    python = environment / "bin" / "python"
    # Compiling all modules takes long; Python compiles the few that the server imports.
    options = ("--disable-pip-version-check", "--no-deps", "--require-hashes", "--no-compile")
    pip = (python, "-I", "-m", "pip", "install", "--progress-bar=off", *options, "-r", LOCK_FILE)
    _run(pip, log, lambda: progress(_current_step(environment, log)))
    (environment / READY_FILE).write_text(lock_hash(), encoding="utf-8")


def _run(command: Sequence[str | Path], log: Path, report: Callable[[], object] = bool) -> None:
    """Run a command with its output in `log`; call `report` every second while it runs."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        while _is_running(process):
            report()
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        output_text = log.read_text(encoding="utf-8", errors="replace").strip()
        what = f"Label Studio could not be installed: {output_text[-MAX_PIP_OUTPUT:]}"
        fix = "Check the network connection and the free disk space (1 GB), then repeat the command"
        raise DataError([Problem("not-installed", what, fix, file=str(log))])


def _is_running(process: subprocess.Popen[bytes]) -> bool:
    """Wait one second for a process to exit; return whether it is still running."""
    try:
        process.wait(POLL_INTERVAL)
    except subprocess.TimeoutExpired:
        return True
    return False


def _current_step(environment: Path, log: Path) -> str:
    """Return the current step of pip and the number of packages that this step has processed."""
    lines = LOCK_FILE.read_text(encoding="utf-8").splitlines()
    total = sum("==" in line and not line.startswith("#") for line in lines)
    output = log.read_text(encoding="utf-8", errors="replace")
    if "Installing collected packages" in output:
        done = sum(1 for _ in environment.glob("lib/python*/site-packages/*.dist-info"))
        return f"installing Label Studio: {min(done, total)} of {total} packages installed"
    done = output.count("Collecting ")
    return f"installing Label Studio: {done} of {total} packages downloaded"
