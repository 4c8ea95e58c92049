"""Decoding and encoding of UTF-8, with problems that name file and line."""

from pathlib import Path

import pytest

from aloi.corpus.problems import DataError
from aloi.corpus.text_files import decode_utf8, encode_utf8, read_text


def test_line_ends_are_kept_and_the_bom_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xef\xbb\xbf\xc3\xa9\r\nb\n")
    assert read_text(file) == "é\r\nb\n"
    assert read_text(file, keep_bom=True) == "\ufeffé\r\nb\n"


def test_invalid_utf8_is_reported_with_its_line() -> None:
    with pytest.raises(DataError) as error:
        decode_utf8(b"a\nb\n\xe9\n", file="a.txt", line=10)
    (problem,) = error.value.problems
    assert (problem.kind, problem.file, problem.line) == ("not-utf8", "a.txt", 12)


def test_a_lone_surrogate_is_reported_with_its_document() -> None:
    assert encode_utf8("é", "d") == b"\xc3\xa9"
    with pytest.raises(
        DataError, match=r"document d: the document contains the lone surrogate '\\ud800'"
    ):
        encode_utf8("a\ud800", "d")
