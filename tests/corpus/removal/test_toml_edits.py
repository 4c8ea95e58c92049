"""Tests of the removal of an id from TOML."""

from __future__ import annotations

import tomllib

import pytest

from aloi.corpus.removal.toml_edits import without_id


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('a = ["x", "y"]', 'a = ["y"]'),
        ('a = ["y", "x"]', 'a = ["y"]'),
        ('a = ["x"]', "a = []"),
        ('a = [\n  "x",  # old\n  "y",\n]\n', 'a = [\n  "y",\n]\n'),
        ('a = [\n  "y",\n  "x"\n]\n', 'a = [\n  "y",\n]\n'),
        ("[d]\nx = 1\ny = 2\n", "[d]\ny = 2\n"),
        ('[d]\n"x" = 1\n# kept\ny = 2\n', "[d]\n# kept\ny = 2\n"),
        ('[[a]]\ndocument = "x"\n\n[[a]]\ndocument = "y"\n', '[[a]]\ndocument = "y"\n'),
        ('a = "x"  # not a list', 'a = "x"  # not a list'),
    ],
)
def test_the_id_is_removed_and_the_layout_kept(before: str, after: str) -> None:
    assert without_id(before, "x") == after


def test_unusual_layout_is_formatted_anew() -> None:
    edited = without_id('a = [ # list\n "y", "x", "z" ]\nb = { x = 1, y = 2 }\n', "x")
    assert tomllib.loads(edited) == {"a": ["y", "z"], "b": {"y": 2}}


def test_an_id_in_a_comment_or_string_is_kept() -> None:
    content = '# "x",\na = "the document x"\n'
    assert without_id(content, "x") == content


def test_only_the_given_keys_are_searched() -> None:
    content = 'a = ["x"]\nb = [\n  "x",\n]\n'
    assert tomllib.loads(without_id(content, "x", ["b"])) == {"a": ["x"], "b": []}
