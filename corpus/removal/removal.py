"""Remove a document from a corpus folder: all copies and all mentions of its id, or nothing.

Removed are the document in `gold/`, `restricted/`, `inbox/` and `passes/`, in the folder itself and
in the stand-off corpora below it, and the id in their TOML files (splits, restricted documents,
draw, accepted findings). `removed.toml` keeps the id and the date. Other files, such as reports,
trained models, releases and the history of a repository, are not changed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from aloi.corpus.atomic_files import write_bytes
from aloi.corpus.corpus_folder import (
    CORPUS_MANIFEST,
    REVIEW_FILE,
    STANDOFF_MANIFEST,
    Manifest,
)
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.removal.removed_documents import (
    REMOVED_FILE,
    format_removed,
    removed_documents,
)
from aloi.corpus.removal.toml_edits import without_id
from aloi.corpus.text_files import read_text
from aloi.corpus.toml_files import load_toml

_DOCUMENT_FOLDERS = ("gold", "inbox", "passes/*", "restricted", "restricted/passes/*")

Changes = Mapping[Path, bytes | None]
"""The new content of each file; None if the file is to be deleted."""


def remove_document(folder: Path, id_: str, today: date) -> list[Path]:
    """Remove a document from a corpus folder; return the changed and deleted files.

    The list is empty if the document was removed before, and nothing is left of it.
    `removed.toml` is written first: after an interruption, `aloi corpus check` reports what is left
    of the document, and the same call removes it.

    Raises `DataError` if the corpus has never contained the id, or if a file cannot be changed; all
    files are then as before.
    """
    found: dict[Path, bytes | None] = {}
    records: dict[Path, bytes | None] = {}
    was_removed = False
    for part in corpus_folders(folder):
        removed = removed_documents(part)
        was_removed |= id_ in removed
        if found_in_part := dict(_changes(part, id_)):
            found |= found_in_part
            records[part / REMOVED_FILE] = format_removed({id_: today, **removed}).encode()
    changes = records | found
    if not changes and not was_removed:
        what, fix = "the corpus does not contain the document", "Correct the id"
        raise DataError([Problem("no-document", what, fix, id_, file=str(folder))])
    _apply(changes)
    return sorted(changes)


def corpus_folders(folder: Path) -> list[Path]:
    """Return a corpus folder and the stand-off corpora directly below it."""
    inner = sorted(file.parent for file in folder.glob(f"*/{STANDOFF_MANIFEST}"))
    is_any = (folder / CORPUS_MANIFEST).is_file() or (folder / STANDOFF_MANIFEST).is_file()
    return [*([folder] if is_any else []), *inner]


def _changes(folder: Path, id_: str) -> Iterator[tuple[Path, bytes | None]]:
    """Yield every file to delete, and every TOML file to change with its new content."""
    for documents in _DOCUMENT_FOLDERS:
        for file in sorted(folder.glob(f"{documents}/*.json")):
            if file.stem == id_:
                yield file, None
    for name, keys in _listings(folder).items():
        file = folder / name
        if file.is_file():
            load_toml(file, dict, fix="Correct this file, then repeat the command")
            content = read_text(file)
            if (edited := without_id(content, id_, keys)) != content:
                yield file, edited.encode()


def _listings(folder: Path) -> dict[str, tuple[str, ...] | None]:
    """Return the files that list document ids, with the top-level keys that do (None: all keys)."""
    listings: dict[str, tuple[str, ...] | None] = {
        CORPUS_MANIFEST: ("restricted",),
        REVIEW_FILE: ("right",),
        "draw.toml": ("documents",),
    }
    if (folder / CORPUS_MANIFEST).is_file():
        fix = "Correct the file, then remove the document"
        listings[load_toml(folder / CORPUS_MANIFEST, Manifest, fix=fix).splits] = None
    return listings


def _apply(changes: Changes) -> None:
    """Make all changes; if one fails, restore every file and raise `DataError`."""
    with tempfile.TemporaryDirectory() as folder:
        backups: dict[Path, Path] = {}
        for number, file in enumerate(changes):
            if file.is_file():
                backups[file] = Path(shutil.copy2(file, Path(folder) / str(number)))
        try:
            for file, content in changes.items():
                if content is None:
                    file.unlink()
                else:
                    write_bytes(file, content)
        except OSError as error:
            _restore(changes, backups)
            what = f"cannot change the file: {error.strerror}; nothing was removed"
            fix = "Make the files writable and try again"
            raise DataError(
                [Problem("not-removed", what, fix, file=str(error.filename2 or error.filename))]
            ) from error


def _restore(changes: Changes, backups: Mapping[Path, Path]) -> None:
    for file in changes:
        if file in backups:
            if not file.exists() or file.read_bytes() != backups[file].read_bytes():
                write_bytes(file, backups[file].read_bytes())
        elif file.is_file():
            file.unlink()
