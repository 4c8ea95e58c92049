"""Label Studio's own virtual environment: what it pins and we need do not go together."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from aloi.corpus.problems import DataError, Problem

LOCK = Path(__file__).with_name("label-studio.lock")
"""Every package with its hashes; how it was made stands in it."""

READY = "aloi-installed"
"""Written into an environment last: the hash of the lock that it was made from."""

SAID = 1000
"""How much of what pip said, in code points, an error repeats."""


def version() -> str:
    """A name for what the lock holds: another lock has another."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]


def installed(environment: Path) -> bool:
    """Whether an environment was made whole from the lock as it is now."""
    ready = environment / READY
    return ready.is_file() and ready.read_text(encoding="utf-8") == version()


def install(environment: Path) -> None:
    """Make the environment from the lock (1 GB; minutes); a broken-off one is made anew.

    Raises `DataError` with what pip said.
    """
    shutil.rmtree(environment, ignore_errors=True)
    _run(sys.executable, "-m", "venv", environment)
    options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes")
    _run(environment / "bin" / "python", "-I", "-m", "pip", "install", *options, "-r", LOCK)
    (environment / READY).write_text(version(), encoding="utf-8")


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip()[-SAID:]
        fix = "Look to the connection and the disk (it takes 1 GB), then start again"
        raise DataError([Problem("not-installed", f"Label Studio: {said}", fix)])
