"""Counts in messages: "1 document", "2 documents"."""

from __future__ import annotations


def count_noun(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural (`-s`) unless the number is 1."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
