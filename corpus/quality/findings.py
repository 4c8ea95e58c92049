"""Findings of the review: likely annotation errors with the text around them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aloi.corpus.document import Document, Entity, Relation

CONTEXT_CHARACTERS = 30
"""Number of characters that a finding shows before and after its span."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One likely annotation error.

    `item` is a mention's id, or a relation as a string, or None if the span is not a mention.
    `surface` is the text of the span, or `head LABEL tail` for a relation. `start` is the offset of
    the span, or of the head of a relation.
    """

    rule: str
    document: str
    item: str | None
    surface: str
    start: int
    context: str
    what: str
    fix: str

    def __str__(self) -> str:
        item = "" if self.item is None else f"{self.item} "
        place = f"document {self.document}: {item}«{self.surface}»"
        return f"{place}: {self.what} [{self.rule}]. {self.fix}. In: {self.context}"


def entity_finding(rule: str, document: Document, entity: Entity, what: str, fix: str) -> Finding:
    """Return a finding for a mention."""
    context = span_context(document, (entity.start, entity.end))
    surface = document.surface(entity)
    return Finding(rule, document.id, entity.id, surface, entity.start, context, what, fix)


def span_finding(
    rule: str, document: Document, span: tuple[int, int], what: str, fix: str
) -> Finding:
    """Return a finding for a span of the text; the offsets of the span are code points."""
    surface, context = document.text[slice(*span)], span_context(document, span)
    return Finding(rule, document.id, None, surface, span[0], context, what, fix)


def relation_finding(
    rule: str, document: Document, relation: Relation, what: str, fix: str
) -> Finding:
    """Return a finding for a relation, with the text around its head."""
    entities = document.by_id()
    head, tail = entities[relation.head], entities[relation.tail]
    surface = f"{document.surface(head)} {relation.label} {document.surface(tail)}"
    context = span_context(document, (head.start, head.end))
    return Finding(rule, document.id, str(relation), surface, head.start, context, what, fix)


def span_context(document: Document, span: tuple[int, int]) -> str:
    """Return one line: the span in square brackets, with the text before and after the span."""
    start, end = span
    before = document.text[max(0, start - CONTEXT_CHARACTERS) : start]
    after = document.text[end : end + CONTEXT_CHARACTERS]
    return re.sub(r"\s+", " ", f"…{before}[{document.text[start:end]}]{after}…")
