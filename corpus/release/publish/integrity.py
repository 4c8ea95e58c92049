"""Whether a release folder may go out: as it was built, and of the version that is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.publish.check import rights_problems, sum_problems
from aloi.corpus.release.read.layout import MANIFEST, Release


def intact_files(folder: Path, *, tag: str) -> dict[str, Path]:
    """The files of a release by their paths in it.

    Raises `DataError` with every file that is missing, changed or not of the release; if a document
    is given with its text and may not be; if the version is not the one of the tag `vX.Y.Z`. The
    whole of `aloi release check` is not repeated.
    """
    release = Release.open(folder)
    problems = [*_version_problems(release, tag), *sum_problems(release)]
    if problems or (problems := list(rights_problems(release))):
        raise DataError(problems)
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in files}


def _version_problems(release: Release, tag: str) -> Iterator[Problem]:
    version = release.manifest.version
    if tag != f"v{version}":
        what = f"the release is version {version}, the tag is {tag}"
        fix = f"Say --tag v{version}, or build a release of the version you mean"
        yield Problem("other-version", what, fix, file=str(release.folder / MANIFEST))
