"""Check the files of a release against their checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from aloi.corpus.problems import Problem
from aloi.corpus.release.read.release_folder import CHECKSUM_FILE, Release
from aloi.corpus.text_files import read_text

REBUILD = "Build the release again"
"""Fix for problems that only a new build can correct."""


def checksum_problems(release: Release) -> Iterator[Problem]:
    """Yield a problem for each file that is missing, changed or not listed in SHA256SUMS."""
    lines = read_text(release.folder / CHECKSUM_FILE).splitlines()
    listed = {path: sha256 for sha256, _, path in (line.partition("  ") for line in lines)}
    existing = {
        path.relative_to(release.folder).as_posix()
        for path in release.folder.rglob("*")
        if path.is_file()
    }
    for path in sorted(listed.keys() ^ (existing - {CHECKSUM_FILE})):
        missing = path in listed
        what = "the file is missing" if missing else f"{CHECKSUM_FILE} does not list the file"
        yield Problem("checksum", what, REBUILD, file=path)
    for path in sorted(listed.keys() & existing):
        content = (release.folder / path).read_bytes()
        if hashlib.sha256(content).hexdigest() != listed[path]:
            yield Problem("checksum", "the file was changed after the build", REBUILD, file=path)
