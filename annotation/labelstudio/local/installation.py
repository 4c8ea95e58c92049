"""The virtual environment of Label Studio.

Label Studio has its own environment, because it requires package versions that conflict with those
of aloi.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from aloi.corpus.problems import DataError, Problem

LOCK_FILE = Path(__file__).with_name("label-studio.lock")
"""The lock file: every package with its hashes. Its header explains how to generate the file."""

READY_FILE = "aloi-installed"
"""The file that marks a complete installation; it contains the hash of the lock file."""

MAX_PIP_OUTPUT = 1000
"""The number of code points of pip's output that an error message quotes."""


def lock_hash() -> str:
    """Return a short hash of the lock file."""
    return hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:16]


def is_installed(environment: Path) -> bool:
    """Return whether an environment was installed completely from the current lock file."""
    ready = environment / READY_FILE
    return ready.is_file() and ready.read_text(encoding="utf-8") == lock_hash()


def install(environment: Path) -> None:
    """Create the environment from the lock file; an existing environment is deleted first.

    This takes 1 GB of disk space and several minutes. Raise `DataError` with pip's output if the
    installation fails.
    """
    shutil.rmtree(environment, ignore_errors=True)
    _run(sys.executable, "-m", "venv", environment)
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes")
    python = environment / "bin" / "python"
    _run(python, "-I", "-m", "pip", "install", *options, "-r", LOCK_FILE)
    (environment / READY_FILE).write_text(lock_hash(), encoding="utf-8")


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        what = f"Label Studio could not be installed: {done.stderr.strip()[-MAX_PIP_OUTPUT:]}"
        fix = "Check the network connection and the free disk space (1 GB), then repeat the command"
        raise DataError([Problem("not-installed", what, fix)])
