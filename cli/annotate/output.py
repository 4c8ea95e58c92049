"""Messages of the commands: counts with their nouns, and notes."""

from __future__ import annotations

import sys
from collections.abc import Iterable


def plural(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural: `1 document`, `2 documents`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def print_notes(notes: Iterable[str]) -> None:
    """Print notes to standard error, one per line."""
    for note in notes:
        print(note, file=sys.stderr)
