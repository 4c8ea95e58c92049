"""The changes from an earlier version of a corpus, as tables for the site.

Only documents that may be redistributed in both versions are compared. Of a document that the new
version lacks, the site names only the id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import chain
from typing import Any

from aloi.corpus.document import Document
from aloi.corpus.release.versions.annotation_changes import Correction, Details, list_corrections
from aloi.corpus.release.versions.snapshots import CorpusSnapshot
from aloi.corpus.release.versions.version_comparison import CorpusDifferences, compare_snapshots
from aloi.corpus.rights import is_restricted
from aloi.corpus.site.contents import SiteContents, sort_key

CONTEXT = 40
"""The number of characters on each side of a changed mention."""

MAX_COMPARED = 2000
"""Longer texts are not compared word by word, because this takes quadratic time."""

Part = tuple[int, str]
"""A part of a text: 0 in both versions, -1 only in the old one, 1 only in the new one."""


def compare_versions(
    old: CorpusSnapshot, new: CorpusSnapshot, contents: SiteContents
) -> CorpusDifferences:
    """Return the differences between the documents of two versions that the site may show."""
    shown = {document.id: document for document in contents.documents}
    restricted = contents.corpus.restricted_ids
    earlier = {
        id_: document
        for id_, document in old.documents.items()
        if id_ not in restricted and _is_open(old, document)
    }
    return compare_snapshots(
        replace(old, documents=earlier, missing=frozenset()),
        replace(new, documents=shown, missing=frozenset()),
    )


def _is_open(snapshot: CorpusSnapshot, document: Document) -> bool:
    """Return whether a version allows redistribution; files without a corpus state no rights."""
    has_rights = snapshot.schema is not None
    if has_rights and not snapshot.rights[document.id].redistributable:
        return False
    return not is_restricted(document.meta)


def change_rows(differences: CorpusDifferences) -> Iterator[list[Any]]:
    """Yield each changed document: id, title, status lines, parts of the text, corrections.

    The parts are those of the changed paragraphs, one list for each. A correction is [sign, label,
    is relation, words, details, mention id]: the words are left context, surface and right context,
    or head and tail; the id is that of a mention in the new version, or empty.
    """
    old, new = differences.old, differences.new
    statuses = _statuses(differences)
    for id_ in sorted(statuses, key=sort_key):
        before, after = old.documents.get(id_), new.documents.get(id_)
        parts: list[list[Part]] = []
        corrections: list[list[Any]] = []
        if before is not None and after is not None:
            if before.text != after.text:
                parts = list(text_changes(before.text, after.text))
            corrections = [*_corrections(before, after, _symmetric(differences))]
        title = str(after.meta.get("title") or id_) if after is not None else id_
        yield [id_, title, statuses[id_], parts, corrections]


def _statuses(differences: CorpusDifferences) -> dict[str, list[str]]:
    """Return what changed in each document, in words."""
    lines: dict[str, list[str]] = {}
    for ids, status in (
        (differences.added, "added"),
        (differences.removed, "removed"),
        (differences.rewritten, "text changed"),
        (differences.annotated, "annotations changed"),
        (differences.rights, "rights changed"),
        (differences.metadata, "metadata changed"),
    ):
        for id_ in ids:
            lines.setdefault(id_, []).append(status)
    for id_, (before, after) in differences.moved.items():
        lines.setdefault(id_, []).append(
            f"moved from {before or 'no split'} to {after or 'no split'}"
        )
    return lines


def _symmetric(differences: CorpusDifferences) -> frozenset[str]:
    schemas = [each.schema for each in (differences.old, differences.new) if each.schema]
    return frozenset.intersection(*(schema.symmetric for schema in schemas))


def _corrections(old: Document, new: Document, symmetric: frozenset[str]) -> Iterator[list[Any]]:
    """Yield the corrections of a document in text order."""
    same_text = old.text == new.text
    found = list_corrections(old, new, same_text=same_text, symmetric=symmetric)
    places = _Places(old, new, same_text)
    yield from (places.row(each) for each in sorted(found, key=places.order))


@dataclass(frozen=True)
class _Places:
    """The places of annotations in two versions of a document."""

    old: Document
    new: Document
    same_text: bool

    def order(self, correction: Correction) -> tuple[Any, ...]:
        """Return a key that sorts corrections by their place in the text."""
        is_relation = correction.kind == "relations"
        place: Any = correction.place[0] if is_relation else correction.place
        text = (self.old if correction.after is None else self.new).text
        start = place[0] if self.same_text else text.find(place[0])
        return start, is_relation, correction.label, correction.place

    def row(self, correction: Correction) -> list[Any]:
        is_relation = correction.kind == "relations"
        ends: tuple[Any, ...] = correction.place if is_relation else (correction.place,)
        words = [self._words(end) for end in ends] if is_relation else self._context(ends[0])
        before, after = correction.before, correction.after
        sign = "+" if before is None else "−" if after is None else "~"
        details = _details(before, after)
        label = None if is_relation else correction.label
        link = "" if after is None else self._mention_id(ends[0], label)
        return [sign, correction.label, int(is_relation), words, details, link]

    def _words(self, place: tuple[Any, ...]) -> str:
        text = self.new.text[slice(*place)] if self.same_text else place[0]
        return " ".join(text.split())

    def _context(self, place: tuple[Any, ...]) -> list[str]:
        if not self.same_text:
            return ["", self._words(place), ""]
        start, end = place
        text = self.new.text
        left, right = text[max(start - CONTEXT, 0) : start], text[end : end + CONTEXT]
        return [re.sub(r"\s", " ", part) for part in (left, text[start:end], right)]

    def _mention_id(self, place: tuple[Any, ...], label: str | None) -> str:
        """Return the id of the first mention at a place, with a label if one is given."""
        for entity in self.new.entities:
            own = (entity.start, entity.end) if self.same_text else (self.new.surface(entity),)
            if own == place and label in (None, entity.label):
                return entity.id
        return ""


def _details(before: Details | None, after: Details | None) -> str:
    """Return the ref and attributes of an annotation, or how they changed."""
    if before is None or after is None:
        return _format(before or after)
    return f"{_format(before) or '–'} → {_format(after) or '–'}"


def _format(details: Details | None) -> str:
    ref, attributes = details or (None, ())
    named = (f"{name}={value}" for name, value in attributes)
    return ", ".join(chain([ref] if ref else [], named))


def text_changes(old: str, new: str) -> Iterator[list[Part]]:
    """Yield the parts of each changed run of lines, compared word by word."""
    one, other = old.split("\n"), new.split("\n")
    if max(len(one), len(other)) > MAX_COMPARED:
        yield _word_changes(old, new)
        return
    for tag, start, end, new_start, new_end in _opcodes(one, other):
        if tag != "equal":
            yield _word_changes("\n".join(one[start:end]), "\n".join(other[new_start:new_end]))


def _word_changes(old: str, new: str) -> list[Part]:
    one, other = (re.findall(r"\w+|\s+|.", text, re.DOTALL) for text in (old, new))
    if max(len(one), len(other)) > MAX_COMPARED:
        return [(-1, old), (1, new)]
    parts: list[Part] = []
    for tag, start, end, new_start, new_end in _opcodes(one, other):
        before, after = "".join(one[start:end]), "".join(other[new_start:new_end])
        parts += [(0, before)] if tag == "equal" else [(-1, before), (1, after)]
    return [part for part in parts if part[1]]


def _opcodes(one: list[str], other: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    return SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
