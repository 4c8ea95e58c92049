"""Small git repositories for tests."""

import subprocess
from pathlib import Path

IDENTITY = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *IDENTITY, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> None:
    """Commit everything in a folder of a repository."""
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "change")


def replace_in(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
