"""The annotation guide that ships with aloi: `guide.fr.md`, in French."""

from __future__ import annotations

from pathlib import Path

from aloi.corpus.guides import Guide, read_guide
from aloi.corpus.languages.language import DEFAULT_LANGUAGE
from aloi.corpus.schema import Schema


def shipped_guide(language: str = DEFAULT_LANGUAGE) -> Path:
    """Return the path of the annotation guide in a language; the file may be missing."""
    return Path(__file__).with_name(f"guide.{language}.md")


def guide_for(schema: Schema) -> Guide | None:
    """Return aloi's guide in the schema's language if it was written for the schema, or None."""
    file = shipped_guide(schema.language)
    guide = read_guide(file) if file.is_file() else None
    return guide if guide and guide.schema == schema.name else None
