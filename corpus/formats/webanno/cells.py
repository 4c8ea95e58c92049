"""Encoding of WebAnno TSV cells: escape sequences, stacked values and annotation numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable

NO_ANNOTATION = "_"
"""The content of a cell if the unit has no annotation."""

NO_VALUE = "*"
"""The content of a cell if the annotation has no value for the feature."""

_STACK_ITEM = re.compile(r"\\.|\|", re.DOTALL)
_NUMBERED = re.compile(r"((?:\\.|[^\\])*?)(?:\[([0-9]{1,9})\])?", re.DOTALL)
_RESERVED = re.compile(r"->|[\\\[\]|_;*\t\n]")
_ESCAPED = re.compile(r"\\(->|[\\\[\]|_;*tn])")
_TEXT_RESERVED = re.compile(r"[\x00-\x0a\x0c-\x1f\\]")
_TEXT_ESCAPED = re.compile(r"\\([\x00-\x07\x0e-\x1f\\tnfrb])")
_JAVA_ESCAPED = re.compile(r"""(?:\\u[0-9a-fA-F]{4})+|\\([\\tnfrb"'/])""")
_LETTERS = {"\t": "t", "\n": "n", "\f": "f", "\r": "r", "\b": "b"}
_CHARACTERS = {letter: character for character, letter in _LETTERS.items()}


def split_stack(cell: str) -> list[str]:
    """Return the values in a cell, one per annotation; `|` separates the values."""
    bars = [match.start() for match in _STACK_ITEM.finditer(cell) if match[0] == "|"]
    starts = [0, *(bar + 1 for bar in bars)]
    return [cell[start:end] for start, end in zip(starts, [*bars, None], strict=True)]


def split_number(value: str) -> tuple[str, int]:
    """Return a value without its annotation number, and the number (0 if there is no number)."""
    match = _NUMBERED.fullmatch(value)
    return (match[1], int(match[2] or 0)) if match else (value, 0)


def align_stacks(stacks: list[list[str]]) -> list[list[str]]:
    """Return the values of the columns of a layer with a placeholder for each missing value.

    If all values have annotation numbers, values with the same number belong together. Otherwise, a
    column that contains only `_` has no value for any annotation, and all other columns are
    returned unchanged.
    """
    columns = [[value for value in values if value != NO_ANNOTATION] for values in stacks]
    numbered = [{split_number(value)[1]: value for value in values} for values in columns]
    if all(0 not in by_number for by_number in numbered) and [*map(len, numbered)] == [
        *map(len, columns)
    ]:
        longest_first = sorted(numbered, key=len, reverse=True)
        order = dict.fromkeys(number for by_number in longest_first for number in by_number)
        return [[by_number.get(n, f"{NO_VALUE}[{n}]") for n in order] for by_number in numbered]
    longest = max(map(len, stacks))
    return [[NO_VALUE] * longest if values == [NO_ANNOTATION] else values for values in stacks]


def stack(annotations: Iterable[list[str]], width: int) -> list[str]:
    """Return the cells of a unit; each annotation is a list with one value per column.

    `width` is the number of columns.
    """
    columns = list(zip(*annotations, strict=True))
    return ["|".join(column) for column in columns] if columns else [NO_ANNOTATION] * width


def format_value(value: str | None) -> str:
    """Return the escaped value of a feature, or `*` for None."""
    return NO_VALUE if value is None else _escape(value)


def has_value(value: str) -> bool:
    """Return whether a value from `split_stack` is a feature value, not a placeholder."""
    return value not in (NO_VALUE, NO_ANNOTATION)


def _escape(value: str) -> str:
    return _RESERVED.sub(lambda match: "\\" + _LETTERS.get(match[0], match[0]), value)


def unescape(value: str) -> str:
    """Return a feature value with its escape sequences decoded."""
    return _ESCAPED.sub(lambda match: _CHARACTERS.get(match[1], match[1]), value)


def escape_text(text: str) -> str:
    """Return a text with escape sequences for a `#Text=` line or a token cell."""
    return _TEXT_RESERVED.sub(lambda match: "\\" + _LETTERS.get(match[0], match[0]), text)


def unescape_text(text: str, minor_version: int) -> str:
    """Return the text of a `#Text=` line or a token cell with its escape sequences decoded.

    Versions 3.0 and 3.1 use the escape sequences of Java.
    """
    if minor_version > 1:
        return _TEXT_ESCAPED.sub(lambda match: _CHARACTERS.get(match[1], match[1]), text)
    return _JAVA_ESCAPED.sub(_java_characters, text)


def _java_characters(match: re.Match[str]) -> str:
    """Return the characters of a Java escape sequence."""
    if match[1]:
        return _CHARACTERS.get(match[1], match[1])
    return bytes.fromhex(match[0].replace("\\u", "")).decode("utf-16-be", "replace")
