"""The French annotation guide that ships with aloi."""

from __future__ import annotations

from pathlib import Path

from aloi.corpus.guides import Guide, read_guide
from aloi.corpus.schema import Schema


def shipped_guide() -> Path:
    """Return the path of the French annotation guide."""
    return Path(__file__).with_name("guide.fr.md")


def guide_for(schema: Schema) -> Guide | None:
    """Return the French annotation guide if it was written for this schema, otherwise None."""
    guide = read_guide(shipped_guide())
    return guide if guide.schema == schema.name else None
