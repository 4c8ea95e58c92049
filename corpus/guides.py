"""Annotation guides; their tables of labels are generated from the schema."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.languages.language import Language, language_codes, load_language
from aloi.corpus.problems import DataError, Problem, table_cell
from aloi.corpus.schema import AttributeType, Schema

_TABLE = re.compile(r"(<!-- schema:(entities|relations) -->\n).*?(<!-- /schema -->)", re.DOTALL)


_RULE_NAME = re.compile(r"^[-*] \*\*(\w*\d[\w.]*)", re.MULTILINE)

MAX_RULE_LENGTH = 240
"""The maximum length of a label's explanation in code points, without the rule names."""


@dataclass(frozen=True, slots=True)
class Guide:
    """An annotation guide: version, name of the schema, and text in Markdown."""

    version: str
    schema: str
    text: str = field(repr=False)

    def section(self, title: str) -> str:
        """Return the text below the heading with this title; it is empty if there is none."""
        heading = re.search(rf"^(#+) +`?{re.escape(title)}`?[ \t]*$", self.text, re.MULTILINE)
        if heading is None:
            return ""
        rest = self.text[heading.end() :]
        end = re.search(rf"^#{{1,{len(heading[1])}}} ", rest, re.MULTILINE)
        return rest[: end.start() if end else None].strip()

    def rules_about(self, name: str) -> str:
        """Return the list items that contain a name as code, such as `ref`, or its value."""
        quoted = re.compile(rf"^- .*`{re.escape(name)}[`=].*$", re.MULTILINE)
        return "\n".join(match[0] for match in quoted.finditer(self.text))


def refresh_tables(guide: Path, schema: Schema) -> None:
    """Replace the tables of labels in a guide with tables generated from the schema.

    The table of entities is between the lines `<!-- schema:entities -->` and `<!-- /schema -->`.
    The table of relations is between `<!-- schema:relations -->` and `<!-- /schema -->`.
    """
    text = replace_tables(guide.read_text(encoding="utf-8"), schema)
    with atomic_text_file(guide) as stream:
        stream.write(text)


def replace_tables(text: str, schema: Schema) -> str:
    """Return the text of a guide with tables of labels generated from the schema."""
    rows = {"entities": _entity_rows, "relations": _relation_rows}
    return _TABLE.sub(lambda m: m[1] + "\n".join(rows[m[2]](schema)) + "\n" + m[3], text)


def _entity_rows(schema: Schema) -> Iterator[str]:
    texts = schema.interface.texts.guide
    yield _row(texts.label, texts.label_meaning)
    yield "|---|---|"
    for label, type_ in schema.entities.items():
        yield _row(label, type_.describe(schema.language))
    yield ""
    yield from _attribute_lines(texts.entity_attribute, schema.entity_attributes, schema.interface)


def _relation_rows(schema: Schema) -> Iterator[str]:
    texts = schema.interface.texts.guide
    yield _row(texts.relation, texts.head, texts.tail, texts.relation_meaning)
    yield "|---|---|---|---|"
    for label, type_ in schema.relations.items():
        arrow = f" ({texts.symmetric})" if type_.symmetric else ""
        head, tail = ", ".join(type_.head), ", ".join(type_.tail)
        yield _row(f"{label}{arrow}", head, tail, type_.describe(schema.language))
    yield ""
    yield from _attribute_lines(
        texts.relation_attribute, schema.relation_attributes, schema.interface
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(table_cell, cells))} |"


def _attribute_lines(
    title: str, types: Mapping[str, AttributeType], language: Language
) -> Iterator[str]:
    for name, type_ in types.items():
        labels = f" ({', '.join(type_.labels)})" if type_.labels else ""
        values = ", ".join(f"`{value}`" for value in type_.values)
        meaning = type_.describe(language.code)
        yield f"{title}{language.typography.colon}`{name}`{labels}, {values} – {meaning}."


def read_guide(file: Path) -> Guide:
    """Read a guide; raise `DataError` if no line of the guide states its version and schema."""
    text = file.read_text(encoding="utf-8")
    if (version := _version_line().search(text)) is None:
        what = "the guide has no line that states its version and schema"
        fix = "Add a line such as «Version 1.0 · schema `name`»"
        raise DataError([Problem("no-version", what, fix, file=str(file))])
    return Guide(version[1], version[2], text)


@cache
def _version_line() -> re.Pattern[str]:
    """Return the pattern of the line with the version and schema, in any language."""
    words = (load_language(code).texts.guide.schema for code in language_codes())
    return re.compile(rf"^Version (\S+) · (?:{'|'.join(words)}) `([^`]+)`", re.MULTILINE)


def explain_label(guide: Guide, label: str) -> str | None:
    """Return what a guide says about a label: the first paragraph and the names of the rules.

    The section of a label has the label as its heading, for example `### PER`. A rule is a list
    item that begins with its name in bold, for example `- **P1** …`. Return None if the guide has
    no section with this heading, or the section is empty.
    """
    if not (section := guide.section(label)):
        return None
    first, *_ = section.split("\n\n")
    paragraph = (
        ""
        if _RULE_NAME.match(first)
        else textwrap.shorten(first, MAX_RULE_LENGTH, placeholder=" …")
    )
    names = ", ".join(_RULE_NAME.findall(section))
    return " ".join(filter(None, (paragraph, f"({names})" if names else ""))) or None
