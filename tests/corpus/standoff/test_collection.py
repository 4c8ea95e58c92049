"""Tests of reading a text collection."""

from __future__ import annotations

from pathlib import Path

import pytest
from standoff_texts import TEXTS, write_texts

from aloi.corpus.formats.registry import read
from aloi.corpus.problems import DataError
from aloi.corpus.standoff.collection import TextCollection, date_of


def test_texts_are_those_of_the_brat_reader(tmp_path: Path) -> None:
    """Offsets agree with brat: CR LF, byte order mark and last newline are part of the text."""
    collection = TextCollection.open(write_texts(tmp_path, TEXTS))
    for file in collection.files.values():
        file.with_suffix(".ann").write_text("", encoding="utf-8")
    documents = {document.id.rpartition("/")[2]: document.text for document in read(str(tmp_path))}
    assert documents == {id_: collection.text(id_) for id_ in TEXTS} == TEXTS


def test_addresses_come_from_the_url_files(tmp_path: Path) -> None:
    collection = TextCollection.open(write_texts(tmp_path, TEXTS))
    assert collection.addresses["2017_03_09-002"] == "https://example.org/wiki/2017_03_09-002"


def test_a_folder_without_texts_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no texts of the form YEAR/MONTH/ID\.txt"):
        TextCollection.open(tmp_path)


def test_a_date_needs_an_id_of_the_collection() -> None:
    assert date_of("2017_03_09-002") == "2017-03-09"
    with pytest.raises(ValueError, match="YYYY_MM_DD-NNN"):
        date_of("2017-03-09")
