"""Rules that find likely annotation errors.

Each rule yields findings for one document or for a whole corpus. The rules do not depend on
particular labels; settings come from `aloi.corpus.quality.review_settings`. Unlike a problem of
`aloi.corpus.quality.checks`, a finding may turn out to be a correct annotation. Such a finding is
recorded in `review.toml` by rule, document and surface, so that the entry remains valid when
offsets change, or by offset, if the texts are not stored.
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
"""Characters not allowed at the start or end of a mention; see `punctuation_edges`."""

_CLOSING = frozenset(_PAIRS.values()) | {'"'}
_ABBREVIATION = re.compile(r"(?:^|[\s.\-–])\w\.$")
_WORD = re.compile(r"\w+")


def rare_labels(documents: Iterable[Document]) -> Iterator[Finding]:
    """Yield a finding for each mention whose label is not the most frequent label of its surface.

    If several labels are tied as most frequent, every mention with this surface is a finding.
    Surfaces without letters are ignored, because the label of a number depends on the context.
    """
    documents = tuple(documents)
    counts_of = _label_counts(documents)
    for document in documents:
        for entity in document.entities:
            surface = document.surface(entity)
            counts = counts_of[surface]
            highest, tied = _highest_count(counts)
            if any(map(str.isalpha, surface)) and (counts[entity.label] < highest or tied):
                what = (
                    f"the label is {entity.label}; "
                    f"labels of this surface in the corpus: {_format(counts)}"
                )
                fix = (
                    "Use the most frequent label, or record in review.toml why the label is correct"
                )
                yield entity_finding("label-differs", document, entity, what, fix)


def _label_counts(documents: Iterable[Document]) -> dict[str, Counter[str]]:
    """Return the number of mentions per label for each surface."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for entity in document.entities:
            counts[document.surface(entity)][entity.label] += 1
    return counts


def _highest_count(counts: Counter[str] | Counter[frozenset[str]]) -> tuple[int, bool]:
    """Return the highest count, and whether several keys have this count."""
    highest = max(counts.values())
    return highest, list(counts.values()).count(highest) > 1


def unlabelled_surfaces(
    documents: Iterable[Document], settings: ReviewSettings
) -> Iterator[Finding]:
    """Yield a finding for each unlabelled occurrence of a surface that is usually a mention.

    `ReviewSettings` defines "usually". Surfaces are compared case-sensitively. An occurrence begins
    and ends at a word boundary and does not overlap a mention. Only the first of several
    overlapping occurrences is a finding. Of several occurrences with the same start, only the
    longest is considered.
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
                f"the span is not a mention; labels of this surface in the corpus: "
                f"{_format(counts_of[surface])}, {unlabelled[surface]} unlabelled"
            )
            fix = "Add the mention, or record in review.toml why the span is not a mention"
            span = (start, start + len(surface))
            yield span_finding("bare-surface", document, span, what, fix)


def _unlabelled_places(document: Document, surfaces: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield the offset and surface of each occurrence of `surfaces` that overlaps no mention."""
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
    """Yield a finding for each mention that has unusual nested mentions.

    The nested mentions are unusual if another set of nested mentions is more frequent for the same
    surface and label. If several sets are tied as most frequent, every mention with this surface
    and label is a finding.
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
                f"the nested mentions are: {_join(inner)}; "
                f"in {counts[other]} other mentions with this surface and label: {_join(other)}"
            )
            fix = "Annotate the same nested mentions, or record the reason in review.toml"
            yield entity_finding("inner-differs", document, entity, what, fix)


def _inner_mentions(document: Document, outer: Entity) -> frozenset[str]:
    """Return the mentions nested in `outer`, each as a string `surface LABEL`."""
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
    """Yield a finding for each `ref` whose mentions have several labels.

    There is no finding if one group in `allowed` contains all these labels. The finding names the
    first mention with the rarest label.
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
            what = f"the label is {rarest.label}; labels of the ref {ref}: {_format(counts)}"
            fix = "Correct the label or the ref, or add these labels to same_ref in review.toml"
            yield entity_finding("ref-labels", document, rarest, what, fix)


def single_refs(document: Document) -> Iterator[Finding]:
    """Yield a finding for each mention with a unique `ref` if equal mentions have another `ref`.

    A `ref` is unique if only one mention in the document has this `ref`. Mentions are equal if they
    have the same surface, label and attributes.
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
                what = (
                    f"no other mention has the ref {entity.ref}; "
                    f"refs of other mentions with the same surface and label: {refs}"
                )
                fix = "Use the same ref, or record in review.toml that the entities differ"
                yield entity_finding("ref-alone", document, entity, what, fix)


def punctuation_edges(document: Document) -> Iterator[Finding]:
    """Yield a finding for each mention with misplaced punctuation.

    A mention must not contain unpaired brackets or quotes, and must not begin or end with
    punctuation. At its end, however, closing brackets and quotes are allowed, and so is a full stop
    after a single letter (an abbreviation).
    """
    for entity in document.entities:
        surface = document.surface(entity)
        if not _is_balanced(surface):
            what = "the mention contains an unpaired bracket or quote"
            fix = "Include the opening and closing character in the mention, or exclude both"
        elif surface[0] in _EDGES or _ends_with_punctuation(surface):
            what = "the mention begins or ends with punctuation"
            fix = "Move the start or end so that the punctuation is outside the mention"
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
    """Yield a finding for each mention with the same span and label as an earlier mention."""
    keys: set[tuple[int, int, str]] = set()
    for entity in document.entities:
        key = (entity.start, entity.end, entity.label)
        if key in keys:
            what = f"another mention with the label {entity.label} has the same span"
            fix = "Remove one of the two mentions, and move its relations to the remaining mention"
            yield entity_finding("mention-twice", document, entity, what, fix)
        keys.add(key)


def duplicate_relations(document: Document, symmetric: frozenset[str]) -> Iterator[Finding]:
    """Yield a finding for each relation with the head, tail and label of an earlier relation.

    For the labels in `symmetric`, head and tail may be exchanged.
    """
    keys: set[tuple[str, str, str]] = set()
    for relation in document.relations:
        ends = (relation.head, relation.tail)
        head, tail = sorted(ends) if relation.label in symmetric else ends
        if (head, relation.label, tail) in keys:
            what = "another relation with the same label connects the same mentions"
            fix = "Remove one of the two relations"
            yield relation_finding("relation-twice", document, relation, what, fix)
        keys.add((head, relation.label, tail))


def unlabelled_matches(document: Document, expected: ExpectedPattern) -> Iterator[Finding]:
    """Yield a finding for each match that is not inside a mention with an expected label.

    A match that is only partly inside such a mention is a finding too.
    """
    spans = [(e.start, e.end) for e in document.entities if e.label in expected.labels]
    for match in re.finditer(expected.pattern, document.text):
        if not any(start <= match.start() and match.end() <= end for start, end in spans):
            what = f"the span is not inside a mention with the label {' or '.join(expected.labels)}"
            yield span_finding(expected.rule, document, match.span(), what, expected.fix)


def forbidden_matches(document: Document, forbidden: ForbiddenPattern) -> Iterator[Finding]:
    """Yield a finding for each mention that contains a match of a forbidden pattern."""
    pattern = re.compile(forbidden.pattern)
    for entity in document.entities:
        match = pattern.search(document.surface(entity))
        if match and (not forbidden.labels or entity.label in forbidden.labels):
            what = f"the mention has the label {entity.label} and contains «{match[0]}»"
            yield entity_finding(forbidden.rule, document, entity, what, forbidden.fix)


def _format(counts: Counter[str]) -> str:
    return ", ".join(f"{label} {count}" for label, count in counts.most_common())
