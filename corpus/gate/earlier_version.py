"""The earlier version of a corpus that the gate compares with: a path, or a commit of its git."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path

from aloi.corpus.corpus_folder import CORPUS_MANIFEST
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.versions.snapshots import CorpusSnapshot, open_snapshot
from aloi.corpus.standoff.git_commands import run_git


def last_tag(folder: Path) -> str | None:
    """Return the last tag before the files in a corpus folder, or None if there is no such tag.

    If the commit that is checked out has a tag, and the corpus was not changed since, the tag
    before it is returned. A tag without the corpus counts as none. Raises `DataError` if the
    history is incomplete, or if git cannot read the repository.
    """
    try:
        is_shallow = run_git(folder, "rev-parse", "--is-shallow-repository") == "true"
    except DataError as error:
        if "not a git repository" in str(error):
            return None
        raise
    start = "HEAD^" if _is_tagged_version(folder) else "HEAD"
    tag = _try_git(folder, "describe", "--tags", "--abbrev=0", start)
    if tag and _contains_corpus(folder, tag):
        return tag
    if is_shallow:
        what = "the history of the repository is incomplete (a shallow clone): tags may be missing"
        fix = (
            "Fetch the history and the tags: `git fetch --unshallow --tags`, or `fetch-depth: 0` "
            "of actions/checkout"
        )
        raise DataError([Problem("shallow-clone", what, fix, file=str(folder))])
    return None


def earlier_version(folder: Path, name: str) -> CorpusSnapshot:
    """Return an earlier version of the corpus in `folder`.

    `name`: the path of a release, corpus or documents; otherwise, a tag or commit of the git
    repository that contains the folder. Raises `DataError` if there is no such version, or if it is
    invalid.
    """
    if Path(name).exists():
        return open_snapshot(Path(name))
    commit = _try_git(folder, "rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    if not commit or not _contains_corpus(folder, commit):
        what = f"there is no earlier version {name}: no such path, tag or commit with this corpus"
        fix = "Give a tag, a commit, or the path of a release, a corpus or documents"
        raise DataError([Problem("no-earlier-version", what, fix, file=str(folder))])
    with tempfile.TemporaryDirectory() as scratch:
        archive, copy = Path(scratch, "corpus.tar"), Path(scratch, name.replace("/", "-"))
        run_git(folder, "archive", "--format=tar", f"--output={archive}", commit)
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(copy, filter="data")
        except tarfile.TarError as error:
            fix = "Replace links to files outside the corpus folder by these files"
            raise DataError([Problem("bad-archive", f"{name}: {error}", fix)]) from error
        return open_snapshot(copy)


def _is_tagged_version(folder: Path) -> bool:
    """Return whether the corpus is exactly as in a tag of the commit that is checked out."""
    is_tagged = _try_git(folder, "describe", "--tags", "--exact-match", "HEAD")
    return bool(is_tagged) and not run_git(folder, "status", "--porcelain", "--", ".")


def _contains_corpus(folder: Path, commit: str) -> bool:
    """Return whether a commit contains the manifest of the corpus in a folder."""
    # Paths that begin with ./ are relative to the folder in which git runs.
    return bool(_try_git(folder, "rev-parse", "--verify", f"{commit}:./{CORPUS_MANIFEST}"))


def _try_git(folder: Path, *arguments: str) -> str | None:
    """Run git in a folder; return its output, or None if it reports an error."""
    try:
        return run_git(folder, *arguments)
    except DataError as error:
        if error.problems[0].kind != "git-failed":
            raise
        return None
