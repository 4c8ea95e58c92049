"""Documents that were removed from a corpus: `removed.toml` keeps their ids.

The file contains the id and the date of removal of each document, and nothing else. A removed
document must not be added again: `aloi corpus add` and `aloi corpus detach` refuse its id, and
`aloi corpus check` reports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import msgspec

from aloi.corpus.problems import Problem
from aloi.corpus.toml_files import load_toml

REMOVED_FILE = "removed.toml"
"""Name of the file in the corpus folder."""

_HEAD = (
    "# Documents that were removed and must not be added again: id and date of removal.\n"
    "# Written by `aloi corpus remove`.\n\n[documents]\n"
)


class RemovedDocuments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `removed.toml`: the date of removal by document id."""

    documents: dict[str, date] = {}


def removed_documents(folder: Path) -> dict[str, date]:
    """Return the removed documents of a corpus folder; raise `DataError` if the file is invalid."""
    file = folder / REMOVED_FILE
    if not file.is_file():
        return {}
    fix = 'Write lines of the form "ID" = YYYY-MM-DD under [documents]'
    return load_toml(file, RemovedDocuments, fix=fix).documents


def format_removed(documents: dict[str, date]) -> str:
    """Return the content of `removed.toml`, sorted by id."""
    lines = (f'"{id_}" = {day.isoformat()}\n' for id_, day in sorted(documents.items()))
    return _HEAD + "".join(lines)


def removed_problems(folder: Path, ids: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each id that belongs to a removed document."""
    removed = removed_documents(folder)
    for id_ in sorted(set(ids)):
        if id_ in removed:
            what = f"the document was removed on {removed[id_]} and must not be added again"
            fix = f"Run `aloi corpus remove {id_}` again to remove every copy"
            yield Problem("removed-document", what, fix, id_, file=str(folder / REMOVED_FILE))
