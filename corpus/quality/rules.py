"""Rules that find likely annotation errors.

Each rule yields findings for one document or for a whole corpus. The rules do not depend on
particular labels; settings come from `aloi.corpus.quality.review_settings`. In contrast to the
problems of `aloi.corpus.quality.checks`, a finding may be correct. It is then recorded in
`review.toml` with rule, document and surface, which do not change when offsets do.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from aloi.corpus.document import Document, Entity
from aloi.corpus.quality.findings import Finding, entity_finding, relation_finding, span_finding
from aloi.corpus.quality.review_settings import (
    ExpectedPattern,
    ForbiddenPattern,
    ReviewSettings,
)

_PAIRS = {"(": ")", "[": "]", "{": "}", "«": "»", "“": "”"}
_EDGES = frozenset(",;:.!?…·'\"’‘-–—/") | _PAIRS.keys() | frozenset(_PAIRS.values())
"""Characters that a mention may not begin or end with; see `punctuation_edges`."""

_CLOSING = frozenset(_PAIRS.values()) | {'"'}
_ABBREVIATION = re.compile(r"(?:^|[\s.\-–])\w\.$")
_WORD = re.compile(r"\w+")


def rare_labels(documents: Iterable[Document]) -> Iterator[Finding]:
    """Find mentions with another label than the most frequent one of their surface.

    If several labels are most frequent, all mentions of the surface are found. Surfaces without a
    letter are ignored, because the label of a number depends on its context.
    """
    documents = tuple(documents)
    counts_of = _label_counts(documents)
    for document in documents:
        for entity in document.entities:
            surface = document.surface(entity)
            counts = counts_of[surface]
            highest, tied = _highest_count(counts)
            if any(map(str.isalpha, surface)) and (counts[entity.label] < highest or tied):
                what = f"label {entity.label}; labels in the whole corpus: {_format(counts)}"
                fix = "Use the label of the other mentions, or record why this one is correct"
                yield entity_finding("label-differs", document, entity, what, fix)


def _label_counts(documents: Iterable[Document]) -> dict[str, Counter[str]]:
    """Return the number of mentions with each label, by surface."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for entity in document.entities:
            counts[document.surface(entity)][entity.label] += 1
    return counts


def _highest_count(counts: Counter[str] | Counter[frozenset[str]]) -> tuple[int, bool]:
    """Return the highest count, and whether several keys have it."""
    highest = max(counts.values())
    return highest, list(counts.values()).count(highest) > 1


def unlabelled_surfaces(
    documents: Iterable[Document], settings: ReviewSettings
) -> Iterator[Finding]:
    """Find unlabelled occurrences of surfaces that are usually mentions (see `ReviewSettings`).

    Case matters, and an occurrence begins and ends at a word boundary. It must not overlap a
    mention. Of overlapping occurrences, the first one is found, and of those the longest.
    """
    documents = tuple(documents)
    counts_of = {
        surface: counts
        for surface, counts in _label_counts(documents).items()
        if len(surface) >= settings.least_length and counts.total() >= settings.least_count
    }
    places = [
        (document, start, surface)
        for document in documents
        for start, surface in _unlabelled_places(document, counts_of)
    ]
    unlabelled = Counter(surface for _, _, surface in places)
    for document, start, surface in places:
        labelled = counts_of[surface].total()
        if labelled >= settings.least_share * (labelled + unlabelled[surface]):
            what = (
                f"not labelled; labels in the whole corpus: {_format(counts_of[surface])}, "
                f"{unlabelled[surface]} unlabelled"
            )
            fix = "Add the mention, or record why there is none"
            span = (start, start + len(surface))
            yield span_finding("bare-surface", document, span, what, fix)


def _unlabelled_places(document: Document, surfaces: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the offset and surface of each occurrence that does not overlap a mention."""
    by_first_word: dict[str, list[str]] = defaultdict(list)
    for surface in sorted(surfaces, key=len, reverse=True):
        if first := _WORD.match(surface):
            by_first_word[first[0]].append(surface)
    covered = bytearray(len(document.text))
    for entity in document.entities:
        covered[entity.start : entity.end] = b"\1" * (entity.end - entity.start)
    reach = 0
    for word in _WORD.finditer(document.text):
        for surface in by_first_word.get(word[0], ()) if word.start() >= reach else ():
            end = word.start() + len(surface)
            matches = document.text.startswith(surface, word.start())
            if matches and not _is_inside_word(document, end):
                if not any(covered[word.start() : end]):
                    reach = end
                    yield word.start(), surface
                break


def _is_inside_word(document: Document, position: int) -> bool:
    """Return whether the characters before and after a position are both word characters."""
    around = document.text[position - 1 : position + 1]
    return len(around) == 2 and all(map(_WORD.match, around))


def rare_inner_mentions(documents: Iterable[Document]) -> Iterator[Finding]:
    """Find mentions with other nested mentions than is usual for their surface and label.

    If several sets of nested mentions are most frequent, all mentions are found.
    """
    cases = [
        (document, entity, _inner_mentions(document, entity))
        for document in documents
        for entity in document.entities
    ]
    counts_of: dict[tuple[str, str], Counter[frozenset[str]]] = defaultdict(Counter)
    for document, entity, inner in cases:
        counts_of[document.surface(entity), entity.label][inner] += 1
    for document, entity, inner in cases:
        counts = counts_of[document.surface(entity), entity.label]
        highest, tied = _highest_count(counts)
        if counts[inner] < highest or tied:
            other = next(each for each, _ in counts.most_common() if each != inner)
            what = (
                f"nested mentions: {_join(inner)}; "
                f"{counts[other]} equal mentions have: {_join(other)}"
            )
            fix = "Annotate the same nested mentions, or record why they differ"
            yield entity_finding("inner-differs", document, entity, what, fix)


def _inner_mentions(document: Document, outer: Entity) -> frozenset[str]:
    """Return the mentions nested in a longer one, each as `surface label`."""
    return frozenset(
        f"{document.surface(entity)} {entity.label}"
        for entity in document.entities
        if outer.start <= entity.start
        and entity.end <= outer.end
        and entity.end - entity.start < outer.end - outer.start
    )


def _join(inner: frozenset[str]) -> str:
    return ", ".join(sorted(inner)) or "none"


def ref_label_conflicts(
    document: Document, allowed: Iterable[frozenset[str]] = ()
) -> Iterator[Finding]:
    """Find a `ref` with several labels, unless one group of `allowed` contains all of them.

    There is one finding per `ref`, on the first mention with the rarest label.
    """
    mentions: dict[str, list[Entity]] = defaultdict(list)
    for entity in document.entities:
        if entity.ref is not None:
            mentions[entity.ref].append(entity)
    allowed = tuple(allowed)
    for ref, entities in mentions.items():
        counts = Counter(entity.label for entity in entities)
        if len(counts) > 1 and not any(counts.keys() <= group for group in allowed):
            rarest = min(entities, key=lambda entity: counts[entity.label])
            what = f"label {rarest.label} and ref {ref}; labels of this ref: {_format(counts)}"
            fix = "Correct the label or the ref, or allow these labels together in same_ref"
            yield entity_finding("ref-labels", document, rarest, what, fix)


def single_refs(document: Document) -> Iterator[Finding]:
    """Find mentions with a `ref` that occurs once, if an equal mention has another `ref`.

    Mentions are equal if they have the same surface, label and attributes.
    """
    ref_counts = Counter(entity.ref for entity in document.entities)
    equal: dict[tuple[str, str, str], list[Entity]] = defaultdict(list)
    for entity in document.entities:
        if entity.ref is not None:
            attributes = str(sorted(entity.attributes.items()))
            equal[document.surface(entity), entity.label, attributes].append(entity)
    for group in equal.values():
        for entity in group:
            others = {other.ref for other in group if other.ref not in (None, entity.ref)}
            if ref_counts[entity.ref] == 1 and others:
                refs = ", ".join(sorted(filter(None, others)))
                what = f"only mention with the ref {entity.ref}; equal mentions have the ref {refs}"
                fix = "Use the same ref, or record that it is another entity"
                yield entity_finding("ref-alone", document, entity, what, fix)


def punctuation_edges(document: Document) -> Iterator[Finding]:
    """Find mentions with an unpaired bracket or quote, or with punctuation at the start or end.

    Allowed at the end are closing brackets and quotes, and the full stop of an abbreviation (after
    a single letter).
    """
    for entity in document.entities:
        surface = document.surface(entity)
        if not _is_balanced(surface):
            what = "unpaired bracket or quote"
            fix = "Include both brackets or quotes in the mention, or neither"
        elif surface[0] in _EDGES or _ends_with_punctuation(surface):
            what, fix = "punctuation at its edge", "Move the start or end past it"
        else:
            continue
        yield entity_finding("edge", document, entity, what, fix)


def _ends_with_punctuation(surface: str) -> bool:
    abbreviated = _ABBREVIATION.search(surface) is not None
    return surface[-1] in _EDGES - _CLOSING and not abbreviated


def _is_balanced(surface: str) -> bool:
    expected: list[str] = []
    for character in surface:
        if character in _PAIRS:
            expected.append(_PAIRS[character])
        elif character in _PAIRS.values() and (not expected or expected.pop() != character):
            return False
    return not expected and surface.count('"') % 2 == 0


def duplicate_mentions(document: Document) -> Iterator[Finding]:
    """Find mentions with the same span and label as an earlier mention."""
    keys: set[tuple[int, int, str]] = set()
    for entity in document.entities:
        key = (entity.start, entity.end, entity.label)
        if key in keys:
            what = f"duplicate {entity.label} mention"
            fix = "Remove one of the two; keep its relations"
            yield entity_finding("mention-twice", document, entity, what, fix)
        keys.add(key)


def duplicate_relations(document: Document, symmetric: frozenset[str]) -> Iterator[Finding]:
    """Find relations with the same mentions and label as an earlier relation.

    Direction is ignored for the labels in `symmetric`.
    """
    keys: set[tuple[str, str, str]] = set()
    for relation in document.relations:
        ends = (relation.head, relation.tail)
        head, tail = sorted(ends) if relation.label in symmetric else ends
        if (head, relation.label, tail) in keys:
            what, fix = "duplicate relation", "Remove one of the two"
            yield relation_finding("relation-twice", document, relation, what, fix)
        keys.add((head, relation.label, tail))


def unlabelled_matches(document: Document, expected: ExpectedPattern) -> Iterator[Finding]:
    """Find matches of a pattern that are not completely inside a mention with an expected label."""
    spans = [(e.start, e.end) for e in document.entities if e.label in expected.labels]
    for match in re.finditer(expected.pattern, document.text):
        if not any(start <= match.start() and match.end() <= end for start, end in spans):
            what = f"not inside a mention with the label {' or '.join(expected.labels)}"
            yield span_finding(expected.rule, document, match.span(), what, expected.fix)


def forbidden_matches(document: Document, forbidden: ForbiddenPattern) -> Iterator[Finding]:
    """Find mentions that match a forbidden pattern."""
    pattern = re.compile(forbidden.pattern)
    for entity in document.entities:
        match = pattern.search(document.surface(entity))
        if match and (not forbidden.labels or entity.label in forbidden.labels):
            what = f"{entity.label} mention that contains «{match[0]}»"
            yield entity_finding(forbidden.rule, document, entity, what, forbidden.fix)


def _format(counts: Counter[str]) -> str:
    return ", ".join(f"{label} {count}" for label, count in counts.most_common())
