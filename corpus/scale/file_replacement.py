"""The replacement of many files of a folder: all of them, or none.

The new files are first written to a staging folder. When the staging folder is complete, a marker
is added and the files are moved to their places. After an interruption, `finish_replacement`
completes the moves if the marker exists; otherwise nothing was replaced, and the staging folder is
removed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from aloi.corpus.atomic_files import write_bytes
from aloi.corpus.corpus_folder import STAGING_FOLDER, STAGING_MARKER
from aloi.corpus.text_files import JSON_ERRORS


def replace_files(folder: Path, contents: Mapping[Path, bytes]) -> None:
    """Replace files in a folder, all or none; the keys are paths relative to the folder."""
    if not contents:
        return
    staging = folder / STAGING_FOLDER
    try:
        write_bytes(staging / ".gitignore", b"*\n")  # it may contain restricted texts
        for path, content in contents.items():
            write_bytes(staging / "files" / path, content)
        write_bytes(folder / STAGING_MARKER, msgspec.json.encode([str(path) for path in contents]))
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    finish_replacement(folder)


def finish_replacement(folder: Path) -> frozenset[Path]:
    """Complete an interrupted `replace_files`, or remove what it left before it was complete.

    Returns the relative paths of all files of the completed replacement; without an interrupted
    one, the set is empty.
    """
    staging, marker = folder / STAGING_FOLDER, folder / STAGING_MARKER
    replaced: frozenset[Path] = frozenset()
    if marker.exists():
        with suppress(*JSON_ERRORS):  # an earlier version of aloi wrote an empty marker
            replaced = frozenset(
                map(Path, msgspec.json.decode(marker.read_bytes(), type=list[str]))
            )
        files = staging / "files"
        for path in sorted(path for path in files.rglob("*") if path.is_file()):
            os.replace(path, folder / path.relative_to(files))
        shutil.rmtree(files, ignore_errors=True)
        marker.unlink()  # last, so that a repeated call returns the same paths
    if staging.exists():
        shutil.rmtree(staging)
    return replaced
