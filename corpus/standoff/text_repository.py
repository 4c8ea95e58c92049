"""Fetch the texts of a stand-off corpus: one commit of a git repository."""

from __future__ import annotations

from pathlib import Path

from aloi.corpus.atomic_files import replacement_folder
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.standoff.git_commands import run_git
from aloi.corpus.standoff.standoff_folder import TextSource

_MARK = "aloi.fetched"
"""Configuration key of the repositories that this module makes."""


def fetch_texts(source: TextSource, out: Path) -> bool:
    """Fetch the commit of a repository, without its history, into the folder `out`.

    Returns False if `out` already contains the commit without changes. Line ends are not converted.
    Raises `DataError` if git is missing, the repository cannot be reached or lacks the commit, or
    `out` is something else than an earlier result.
    """
    if _head(out) == source.commit and not run_git(out, "status", "--porcelain"):
        return False
    if out.exists() and any(out.iterdir()) and not _is_own(out):
        what = "the folder exists and was not written by `aloi corpus fetch`"
        raise DataError([Problem("output-exists", what, "Name another folder", file=str(out))])
    if added := _added_files(out):
        what = f"the folder contains files of another origin: {', '.join(added)}"
        fix = "Move these files to another place, or name another folder"
        raise DataError([Problem("foreign-files", what, fix, file=str(out))])
    with replacement_folder(out) as folder:
        run_git(folder, "init", "--quiet")
        run_git(folder, "config", "core.autocrlf", "false")
        run_git(folder, "config", _MARK, "true")
        _fetch(folder, source)
        run_git(folder, "checkout", "--quiet", "--detach", source.commit)
    return True


def _fetch(folder: Path, source: TextSource) -> None:
    try:
        run_git(folder, "fetch", "--quiet", "--depth=1", source.repository, source.commit)
    except DataError as error:
        reason = error.problems[0].what
        what = f"cannot fetch commit {source.commit} from {source.repository}: {reason}"
        fix = "Check the network and the address, or name a folder that contains the texts"
        raise DataError([Problem("fetch-failed", what, fix)]) from error


def _head(folder: Path) -> str | None:
    """Return the commit that a folder contains, or None if it is not the root of a repository."""
    if not (folder / ".git").is_dir():
        return None
    try:
        return run_git(folder, "rev-parse", "HEAD")
    except DataError:
        return ""


def _added_files(folder: Path) -> list[str]:
    """Return the files in an earlier result that were added to it."""
    if not _is_own(folder):
        return []
    lines = run_git(folder, "status", "--porcelain", "--untracked-files=all").splitlines()
    return [line[3:] for line in lines if line.startswith("??")]


def _is_own(folder: Path) -> bool:
    try:
        return (folder / ".git").is_dir() and bool(run_git(folder, "config", "--local", _MARK))
    except DataError:
        return False
