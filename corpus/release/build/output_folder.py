"""The output folder of a build: its checksums, and whether a new build may replace it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from aloi.corpus.locks import lock_file
from aloi.corpus.problems import Problem
from aloi.corpus.release.read.release_folder import CHECKSUM_FILE


def output_problems(out: Path, *, manifest: str, what: str) -> Iterator[Problem]:
    """Yield a problem if `out` is neither an unchanged earlier build nor an empty folder.

    `manifest` is the name of the file that marks a folder as such a build, and `what` names the
    build in messages, for example "release".
    """
    is_build = (out / manifest).is_file()
    if out.exists() and not is_build and (not out.is_dir() or any(out.iterdir())):
        message = f"the output path exists, but is neither a {what} nor an empty folder"
        fix = "Give the path of a new folder"
        yield Problem(f"not-a-{what}", message, fix, file=str(out))
    elif is_build and (foreign := _foreign_files(out)):
        files = ", ".join(foreign)
        message = f"files of this {what} were added or changed after its build: {files}"
        fix = "Move these files to another place, or give the path of a new folder"
        yield Problem("foreign-files", message, fix, file=str(out))


def write_checksums(folder: Path) -> None:
    """Write the SHA-256 of all files of a finished build."""
    lines = (f"{sha256}  {path}\n" for path, sha256 in file_hashes(folder).items())
    (folder / CHECKSUM_FILE).write_bytes("".join(lines).encode())


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by path relative to the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def _foreign_files(folder: Path) -> list[str]:
    """Return the files of a build that are not as the build wrote them."""
    sums = folder / CHECKSUM_FILE
    lines = sums.read_bytes().decode("utf-8", "replace").splitlines() if sums.is_file() else []
    listed = {path: sha256 for sha256, _, path in (line.partition("  ") for line in lines)}
    own = (CHECKSUM_FILE, lock_file(folder).name)
    hashes = file_hashes(folder)
    return sorted(path for path in hashes if path not in own and hashes[path] != listed.get(path))
