"""Run git; its errors become problems."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from aloi.corpus.problems import DataError, Problem

_REPOSITORY_VARIABLES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""Variables that git sets for hooks, and that would name another repository than the folder's."""


def run_git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return its output, or raise `DataError` with one line of its error."""
    git = shutil.which("git")
    if git is None:
        raise DataError([Problem("no-git", "git is not installed", "Install git")])
    variables = {k: v for k, v in os.environ.items() if k not in _REPOSITORY_VARIABLES}
    done = subprocess.run(
        [git, "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=variables | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        reason = next((line for line in lines if line.startswith("fatal:")), lines[-1])
        raise DataError([Problem("git-failed", reason, "Check the repository")])
    return done.stdout.strip()
