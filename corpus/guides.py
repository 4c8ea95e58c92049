"""The tables of the annotation guide, made from the schema so that the two never differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aloi.corpus.files import atomic_text_file
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema

_TABLE = re.compile(r"(<!-- schema:(entities|relations) -->\n).*?(<!-- /schema -->)", re.DOTALL)

_VERSION = re.compile(r"^Version (\S+) · schéma `([^`]+)`", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide's version, the name of the schema it is for, and its text in Markdown."""

    version: str
    schema: str
    text: str = field(repr=False)


def refresh(guide: Path, schema: Schema) -> None:
    """Write the schema's tables between the marks `<!-- schema:… -->` and `<!-- /schema -->`."""
    text = with_tables(guide.read_text(encoding="utf-8"), schema)
    with atomic_text_file(guide) as stream:
        stream.write(text)


def with_tables(text: str, schema: Schema) -> str:
    """A guide's text with its tables as the schema has them."""
    rows = {"entities": _entity_rows, "relations": _relation_rows}
    return _TABLE.sub(lambda m: m[1] + "\n".join(rows[m[2]](schema)) + "\n" + m[3], text)


def _entity_rows(schema: Schema) -> Iterator[str]:
    yield "| type | ce que c'est |"
    yield "|---|---|"
    for label, type_ in schema.entities.items():
        yield f"| {label} | {type_.fr} |"
    yield ""
    yield from _attribute_lines("Attribut des entités", schema, relations=False)


def _relation_rows(schema: Schema) -> Iterator[str]:
    yield "| relation | de | vers | ce qu'elle dit |"
    yield "|---|---|---|---|"
    for label, type_ in schema.relations.items():
        arrow = " (symétrique)" if type_.symmetric else ""
        head, tail = ", ".join(type_.head), ", ".join(type_.tail)
        yield f"| {label}{arrow} | {head} | {tail} | {type_.fr} |"
    yield ""
    yield from _attribute_lines("Attribut des relations", schema, relations=True)


def _attribute_lines(title: str, schema: Schema, *, relations: bool) -> Iterator[str]:
    types = schema.relation_attributes if relations else schema.entity_attributes
    for name, type_ in types.items():
        borne = f" ({', '.join(type_.labels)})" if type_.labels else ""
        values = ", ".join(f"`{value}`" for value in type_.values)
        yield f"{title} : `{name}`{borne}, {values} – {type_.fr}."


def read_guide(file: Path) -> Guide:
    """A guide; raises `DataError` if no line of it says its version and schema."""
    text = file.read_text(encoding="utf-8")
    if (found := _VERSION.search(text)) is None:
        what, fix = (
            "the guide does not say its version",
            "Write a line «Version 1.0 · schéma `name`»",
        )
        raise DataError([Problem("no-version", what, fix, file=str(file))])
    return Guide(found[1], found[2], text)
