"""A collection of texts as the git repository of WiNER-fr stores it.

The folder contains `YEAR/MONTH/ID.txt` with the texts and `YEAR/YEAR-MONTH-urls.txt` with the
address of each article, one line per document: the id, a tab, the address. An id has the form
`YYYY_MM_DD-NNN`. The text of a document is the content of its `.txt` file, decoded as UTF-8, with
nothing added or removed: line ends, a newline at the end and a byte order mark are part of the
text. `aloi.corpus.formats.brat` reads `.txt` files in the same way, so the offsets agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import read_text

_ID = re.compile(r"(\d{4})_(\d{2})_(\d{2})-\d{3}")
_TEXTS = "[0-9][0-9][0-9][0-9]/[0-9][0-9]/*.txt"
_ADDRESSES = "[0-9][0-9][0-9][0-9]/*-urls.txt"


@dataclass(frozen=True)
class TextCollection:
    """The texts of a collection by document id, and the file of each text."""

    folder: Path
    files: dict[str, Path]

    @classmethod
    def open(cls, folder: Path) -> TextCollection:
        """Find the texts of a folder; raise `DataError` if there are none or an id occurs twice."""
        files: dict[str, Path] = {}
        problems = []
        for file in sorted(folder.glob(_TEXTS)):
            if file.stem in files:
                what = f"{files[file.stem]} has the same document id"
                fix = "Remove one of the two files"
                problems.append(Problem("document-id-twice", what, fix, file.stem, file=str(file)))
            files[file.stem] = file
        if not files:
            what = "the folder contains no texts of the form YEAR/MONTH/ID.txt"
            fix = "Name the folder of the cloned text repository, which contains the years"
            problems.append(Problem("text-missing", what, fix, file=str(folder)))
        if problems:
            raise DataError(problems)
        return cls(folder, files)

    def text(self, id_: str) -> str:
        """Return the text of a document exactly; raise `KeyError` or `DataError` (not UTF-8)."""
        return read_text(self.files[id_], keep_bom=True)

    @cached_property
    def addresses(self) -> dict[str, str]:
        """The web address of each document that an `-urls.txt` file lists."""
        return {
            id_: address
            for file in sorted(self.folder.glob(_ADDRESSES))
            for id_, address in _address_lines(read_text(file))
        }


def date_of(id_: str) -> str:
    """Return the date in a document id as YYYY-MM-DD; raise `ValueError` if it has none."""
    match = _ID.fullmatch(id_)
    if match is None:
        raise ValueError(f"the document id {id_!r} does not have the form YYYY_MM_DD-NNN")
    return "-".join(match.groups())


def _address_lines(content: str) -> Iterator[tuple[str, str]]:
    for line in content.splitlines():
        id_, _, address = line.partition("\t")
        if address.strip():
            yield id_.strip(), address.strip()
