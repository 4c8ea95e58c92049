"""Write WebAnno TSV: one file per document, with a mention layer and a relation layer."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from aloi.corpus.atomic_files import atomic_folder
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.duplicate_ids import FileNames
from aloi.corpus.formats.shared import utf16
from aloi.corpus.formats.shared.names import NameChecker
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.webanno.cells import escape_text, format_value, stack
from aloi.corpus.formats.webanno.options import REF_FEATURE, VALUE_FEATURE, WriteOptions
from aloi.corpus.formats.webanno.units import (
    Unit,
    number_units,
    split_sentences,
    split_tokens,
    units_of,
)
from aloi.corpus.problems import Problem
from aloi.corpus.text_files import encode_utf8

_FEATURE_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write a folder with one file per document; return the number of documents."""
    legal, rule = re.compile(r"[^\r]*"), "WebAnno TSV cannot represent carriage returns"
    count = 0
    with atomic_folder(path) as scratch:
        names = NameChecker(legal, rule, FileNames.of(path, ".tsv", scratch=scratch))
        for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is the result
            name = names.check(document)
            names.problems += _unwritable_features(document)
            if name and not names.bad_labels:
                file = os.path.join(scratch, f"{name}.tsv")
                os.makedirs(os.path.dirname(file), exist_ok=True)
                with open(file, "wb") as stream:
                    stream.write(encode_utf8(format_document(document, options), document.id))
        names.raise_problems()
    return count


def _unwritable_features(document: Document) -> Iterator[Problem]:
    """Yield a problem for each attribute name or value that the format cannot represent."""
    items: list[Entity | Relation] = [*document.entities, *document.relations]
    for item in items:
        place = item.id if isinstance(item, Entity) else str(item)
        reserved = {VALUE_FEATURE, REF_FEATURE} if isinstance(item, Entity) else {VALUE_FEATURE}
        for name, value in item.attributes.items():
            is_role = name.startswith(("ROLE_", "BT_"))
            if not _FEATURE_NAME.fullmatch(name) or name in reserved or is_role:
                what = f"the attribute name {name!r} is not a valid feature name"
                fix = (
                    "Rename the attribute: begin with a letter, use only letters, digits and _, "
                    "and avoid the reserved names value and identifier"
                )
                yield Problem("bad-attribute", what, fix, document.id, place)
            if "\r" in value:
                what = f"the attribute {name!r} contains a carriage return"
                fix = "Remove the carriage return"
                yield Problem("bad-attribute", what, fix, document.id, place)
        if isinstance(item, Entity) and "\r" in (item.ref or ""):
            what, fix = "the ref contains a carriage return", "Remove the carriage return"
            yield Problem("bad-ref", what, fix, document.id, place)


def format_document(document: Document, options: WriteOptions) -> str:
    """Return the content of the file for a document."""
    sheet = _Sheet(document)
    header = ["#FORMAT=WebAnno TSV 3.3"]
    if sheet.mention_features:
        header.append("|".join((f"#T_SP={options.layer}", *sheet.mention_features)))
    if sheet.relation_features:
        base = f"BT_{options.layer}"
        header.append("|".join((f"#T_RL={options.relations}", *sheet.relation_features, base)))
    header.append("")
    return "".join(f"{line}\n" for line in (*header, *sheet.lines()))


class _Sheet:
    """The units of a document, with their addresses, annotation numbers and feature columns."""

    def __init__(self, document: Document) -> None:
        self.mention_features = _feature_columns(document.entities)
        self.relation_features = _feature_columns(document.relations)
        self._text = document.text
        self._utf16_offsets = utf16.unit_offsets(document.text)
        tokens = split_tokens(document)
        sentences = split_sentences(document, tokens)
        self._sentence_ends = dict(sentences)
        self._mentions: dict[Unit, list[Entity]] = {
            Unit(index, False, *token): [] for index, token in enumerate(tokens)
        }
        self._first_unit: dict[str, Unit] = {}
        # The reader numbers mentions with the same span and label in file order: e2 before e10.
        for entity in sorted(
            document.entities, key=lambda e: (e.start, -e.end, e.label, len(e.id), e.id)
        ):
            for unit in units_of(entity, tokens):
                self._mentions.setdefault(unit, []).append(entity)
                self._first_unit.setdefault(entity.id, unit)
        self._incoming: dict[Unit, list[Relation]] = {}
        for relation in document.relations:
            self._incoming.setdefault(self._first_unit[relation.tail], []).append(relation)
        self._addresses = number_units(list(self._mentions), sentences)
        self._numbers = self._number_mentions()

    def _number_mentions(self) -> dict[str, int]:
        """Return an annotation number for each mention with several units or a shared unit.

        All other mentions need no number.
        """
        seen: set[str] = set()
        numbered: dict[str, None] = {}
        for unit in self._addresses:
            ids = [entity.id for entity in self._mentions[unit]]
            ambiguous = ids if len(ids) > 1 else [id_ for id_ in ids if id_ in seen]
            numbered |= dict.fromkeys(ambiguous)
            seen.update(ids)
        return {id_: number for number, id_ in enumerate(numbered, start=1)}

    def lines(self) -> Iterator[str]:
        """Yield the lines of each sentence: an empty line, the text, and one line per unit."""
        for unit, address in self._addresses.items():
            if not unit.is_part and unit.token in self._sentence_ends:
                text = self._text[unit.start : self._sentence_ends[unit.token]]
                yield ""
                yield from (f"#Text={escape_text(line)}" for line in text.split("\n"))
            offsets = f"{self._utf16_offsets[unit.start]}-{self._utf16_offsets[unit.end]}"
            token = escape_text(self._text[unit.start : unit.end])
            yield "\t".join((address, offsets, token, *self._cells(unit)))

    def _cells(self, unit: Unit) -> list[str]:
        """Return the cells of a unit: first the mention columns, then the relation columns."""
        mentions = (self._mention_values(entity) for entity in self._mentions[unit])
        relations = (self._relation_values(relation) for relation in self._incoming.get(unit, ()))
        relation_width = len(self.relation_features) + bool(self.relation_features)
        return [
            *stack(mentions, len(self.mention_features)),
            *stack(relations, relation_width),
        ]

    def _mention_values(self, entity: Entity) -> list[str]:
        number = f"[{self._numbers[entity.id]}]" if entity.id in self._numbers else ""
        values = {**entity.attributes, VALUE_FEATURE: entity.label}
        if entity.ref is not None:
            values[REF_FEATURE] = entity.ref
        return [f"{format_value(values.get(name))}{number}" for name in self.mention_features]

    def _relation_values(self, relation: Relation) -> list[str]:
        values = {**relation.attributes, VALUE_FEATURE: relation.label}
        head, tail = (self._numbers.get(end, 0) for end in (relation.head, relation.tail))
        numbers = f"[{head}_{tail}]" if head or tail else ""
        source = self._addresses[self._first_unit[relation.head]]
        return [
            *(format_value(values.get(name)) for name in self.relation_features),
            f"{source}{numbers}",
        ]


def _feature_columns(items: Sequence[Entity | Relation]) -> list[str]:
    """Return the features that occur in mentions or relations, for the header.

    Unused features are not declared, because an importing project must define every declared
    feature.
    """
    refs = [REF_FEATURE for item in items if isinstance(item, Entity) and item.ref is not None]
    names = {name for item in items for name in item.attributes}
    return [*refs[:1], VALUE_FEATURE, *sorted(names)] if items else []
