"""Likely mistakes of annotation: what a corpus allows and a second look should be taken at.

Each rule walks over the documents and yields findings; none names a label (see
`aloi.corpus.quality.review_settings` for the settings of a corpus). Unlike a problem of
`aloi.corpus.quality.checks`, a finding may be right; it is then recorded by rule, document and
surface, which do not depend on offsets.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.quality.review_settings import (
    AcceptedFinding,
    Expected,
    Forbidden,
    Settings,
    load_settings,
)

CONTEXT = 30
"""How many characters of the text a finding shows on each side."""

_PAIRS = {"(": ")", "[": "]", "{": "}", "«": "»", "“": "”"}
_EDGES = frozenset(",;:.!?…·'\"’‘-–—/") | _PAIRS.keys() | frozenset(_PAIRS.values())
_CLOSING = frozenset(_PAIRS.values()) | {'"'}
_ABBREVIATED = re.compile(r"(?:^|[\s.\-–])\w\.$")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Finding:
    """One likely mistake; `surface` is the mention's, or for a relation `head LABEL tail`."""

    rule: str
    document: str
    item: str | None
    surface: str
    context: str
    what: str
    fix: str

    def __str__(self) -> str:
        item = "" if self.item is None else f"{self.item} "
        place = f"document {self.document}: {item}«{self.surface}»"
        return f"{place}: {self.what} [{self.rule}]. {self.fix}. In: {self.context}"


@dataclass(frozen=True, slots=True)
class Review:
    """The findings that are open, and the records of right ones that match none any more."""

    open: tuple[Finding, ...]
    stale: tuple[AcceptedFinding, ...]


def review(corpus: Corpus) -> Review:
    """Apply every rule to a corpus; raises `DataError` if it or its `review.toml` is broken.

    What is recorded as right is left out; a record is stale if no finding needs it, unless its
    document is one that this copy of the corpus lacks.
    """
    settings = load_settings(corpus.folder, corpus.schema)
    found = findings(corpus.documents, settings, symmetric=corpus.schema.symmetric)
    right = {(entry.rule, entry.document, entry.surface): entry for entry in settings.right}
    keys = {(finding.rule, finding.document, finding.surface) for finding in found}
    lacking = set(corpus.manifest.restricted) - {document.id for document in corpus.documents}
    return Review(
        open=tuple(f for f in found if (f.rule, f.document, f.surface) not in right),
        stale=tuple(e for key, e in right.items() if key not in keys and e.document not in lacking),
    )


def findings(
    documents: Sequence[Document], settings: Settings, *, symmetric: frozenset[str] = frozenset()
) -> list[Finding]:
    """What all rules find, rule by rule, in the order of the documents."""
    found = [
        *labels_differ(documents),
        *bare_surfaces(documents, settings),
        *inner_mentions_differ(documents),
    ]
    for document in documents:
        found += labels_of_one_ref(document, settings.same_ref)
        found += refs_alone(document)
        found += edges(document)
        found += mentions_twice(document)
        found += relations_twice(document, symmetric)
        for expected in settings.expected:
            found += outside(document, expected)
        for forbidden in settings.forbidden:
            found += inside(document, forbidden)
    return sorted(found, key=lambda finding: finding.rule)


def labels_differ(documents: Iterable[Document]) -> Iterator[Finding]:
    """A surface that bears another label than most often; of labels equally frequent, each.

    Surfaces without a letter are left aside: what a number is depends on what it counts.
    """
    documents = tuple(documents)
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for entity in document.entities:
            labels[document.surface(entity)][entity.label] += 1
    for document in documents:
        for entity in document.entities:
            counts = labels[document.surface(entity)]
            (_, most), *others = counts.most_common()
            ties = bool(others) and others[0][1] == most
            lettered = any(map(str.isalpha, document.surface(entity)))
            if lettered and (counts[entity.label] < most or ties):
                what = f"{entity.label} here, in the whole corpus {_counted(counts)}"
                fix = "Give it the label of the others, or record why it is right"
                yield _on_entity("label-differs", document, entity, what, fix)


def bare_surfaces(documents: Iterable[Document], settings: Settings) -> Iterator[Finding]:
    """A surface that is nearly always labelled (see `Settings`) where no mention touches it.

    Compared by case, from word edge to word edge; the longest from the left, nothing within it.
    """
    documents = tuple(documents)
    labels: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        for entity in document.entities:
            labels[document.surface(entity)][entity.label] += 1
    sought = {
        surface: counts
        for surface, counts in labels.items()
        if len(surface) >= settings.least_length and counts.total() >= settings.least_count
    }
    places = [(d, start, surface) for d in documents for start, surface in _bare(d, sought)]
    bare = Counter(surface for _, _, surface in places)
    for document, start, surface in places:
        labelled = sought[surface].total()
        if labelled >= settings.least_share * (labelled + bare[surface]):
            what = f"no mention here, elsewhere {_counted(sought[surface])}; bare {bare[surface]}"
            fix = "Mark it, or record why it is right"
            span = (start, start + len(surface))
            yield _on_span("bare-surface", document, span, what, fix)


def _bare(document: Document, surfaces: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Where the surfaces stand in a text and no mention touches them."""
    beginning: dict[str, list[str]] = defaultdict(list)
    for surface in sorted(surfaces, key=len, reverse=True):
        if first := _WORD.match(surface):
            beginning[first[0]].append(surface)
    covered = bytearray(len(document.text))
    for entity in document.entities:
        covered[entity.start : entity.end] = b"\1" * (entity.end - entity.start)
    reach = 0
    for word in _WORD.finditer(document.text):
        for surface in beginning.get(word[0], ()) if word.start() >= reach else ():
            end = word.start() + len(surface)
            if document.text.startswith(surface, word.start()) and not _joins(document, end):
                if not any(covered[word.start() : end]):
                    reach = end
                    yield word.start(), surface
                break


def _joins(document: Document, position: int) -> bool:
    """Whether a word goes on over this position."""
    around = document.text[position - 1 : position + 1]
    return len(around) == 2 and all(map(_WORD.match, around))


def inner_mentions_differ(documents: Iterable[Document]) -> Iterator[Finding]:
    """A mention that holds other mentions than those of its surface and label most often do.

    Of ways equally frequent, each.
    """
    ways: dict[tuple[str, str], Counter[frozenset[str]]] = defaultdict(Counter)
    cases = [
        (document, entity, _inner(document, entity))
        for document in documents
        for entity in document.entities
    ]
    for document, entity, inner in cases:
        ways[document.surface(entity), entity.label][inner] += 1
    for document, entity, inner in cases:
        counts = ways[document.surface(entity), entity.label]
        (usual, most), *others = counts.most_common()
        ties = bool(others) and others[0][1] == most
        if counts[inner] < most or ties:
            other = others[0][0] if inner == usual else usual
            what = f"holds {_listed(inner)}; {counts[other]} alike hold {_listed(other)}"
            fix = "Mark in it what is marked in the others, or record why it is right"
            yield _on_entity("inner-differs", document, entity, what, fix)


def _inner(document: Document, outer: Entity) -> frozenset[str]:
    """The mentions within a longer one, as `surface label`."""
    return frozenset(
        f"{document.surface(entity)} {entity.label}"
        for entity in document.entities
        if outer.start <= entity.start
        and entity.end <= outer.end
        and entity.end - entity.start < outer.end - outer.start
    )


def _listed(inner: frozenset[str]) -> str:
    return ", ".join(sorted(inner)) or "none"


def labels_of_one_ref(
    document: Document, allowed: Iterable[frozenset[str]] = ()
) -> Iterator[Finding]:
    """A `ref` whose mentions bear labels that no allowed group holds together.

    One finding a `ref`, on the first mention of its rarest label.
    """
    mentions: dict[str, list[Entity]] = defaultdict(list)
    for entity in document.entities:
        if entity.ref is not None:
            mentions[entity.ref].append(entity)
    allowed = tuple(allowed)
    for ref, entities in mentions.items():
        counts = Counter(entity.label for entity in entities)
        if len(counts) > 1 and not any(counts.keys() <= group for group in allowed):
            odd = min(entities, key=lambda entity: counts[entity.label])
            what = f"{odd.label} with the ref {ref}, which here is {_counted(counts)}"
            fix = "Correct the label or the ref, or allow both together in same_ref"
            yield _on_entity("ref-labels", document, odd, what, fix)


def refs_alone(document: Document) -> Iterator[Finding]:
    """A mention whose `ref` no other has, where one alike has another.

    Alike are mentions of the same surface, label and attributes.
    """
    shared = Counter(entity.ref for entity in document.entities)
    alike: dict[tuple[str, str, str], list[Entity]] = defaultdict(list)
    for entity in document.entities:
        if entity.ref is not None:
            attributes = str(sorted(entity.attributes.items()))
            alike[document.surface(entity), entity.label, attributes].append(entity)
    for group in alike.values():
        for entity in group:
            others = {other.ref for other in group if other.ref not in (None, entity.ref)}
            if shared[entity.ref] == 1 and others:
                named = ", ".join(sorted(filter(None, others)))
                what = f"only mention with the ref {entity.ref}; alike with the ref {named}"
                fix = "Give it the other's ref, or record that it is another thing"
                yield _on_entity("ref-alone", document, entity, what, fix)


def edges(document: Document) -> Iterator[Finding]:
    """Brackets or quotes that open or close outside the mention, and punctuation at its edge.

    A full stop may end an abbreviation (a single letter before it), a bracket what it opened.
    """
    for entity in document.entities:
        surface = document.surface(entity)
        if not _balanced(surface):
            what, fix = "a bracket or quote without its fellow", "Take both in or leave both out"
        elif surface[0] in _EDGES or _ends_badly(surface):
            what, fix = "punctuation at its edge", "Move its start or end past it"
        else:
            continue
        yield _on_entity("edge", document, entity, what, fix)


def _ends_badly(surface: str) -> bool:
    abbreviated = _ABBREVIATED.search(surface) is not None
    return surface[-1] in _EDGES - _CLOSING and not abbreviated


def _balanced(surface: str) -> bool:
    awaited: list[str] = []
    for character in surface:
        if character in _PAIRS:
            awaited.append(_PAIRS[character])
        elif character in _PAIRS.values() and (not awaited or awaited.pop() != character):
            return False
    return not awaited and surface.count('"') % 2 == 0


def mentions_twice(document: Document) -> Iterator[Finding]:
    """A mention on the same stretch with the same label as one before it."""
    seen: set[tuple[int, int, str]] = set()
    for entity in document.entities:
        key = (entity.start, entity.end, entity.label)
        if key in seen:
            what, fix = f"marked as {entity.label} twice", "Remove one; mind its relations"
            yield _on_entity("mention-twice", document, entity, what, fix)
        seen.add(key)


def relations_twice(document: Document, symmetric: frozenset[str]) -> Iterator[Finding]:
    """A relation between the same two mentions under the same label as one before it."""
    seen: set[tuple[str, str, str]] = set()
    for relation in document.relations:
        ends = (relation.head, relation.tail)
        head, tail = sorted(ends) if relation.label in symmetric else ends
        if (head, relation.label, tail) in seen:
            yield _on_relation("relation-twice", document, relation)
        seen.add((head, relation.label, tail))


def outside(document: Document, expected: Expected) -> Iterator[Finding]:
    """What the pattern matches and no mention of the expected labels holds whole."""
    spans = [(e.start, e.end) for e in document.entities if e.label in expected.labels]
    for match in re.finditer(expected.pattern, document.text):
        if not any(start <= match.start() and match.end() <= end for start, end in spans):
            what = f"in no mention of {' or '.join(expected.labels)}"
            yield _on_span(expected.rule, document, match.span(), what, expected.fix)


def inside(document: Document, forbidden: Forbidden) -> Iterator[Finding]:
    """The mentions that match a forbidden pattern."""
    pattern = re.compile(forbidden.pattern)
    for entity in document.entities:
        match = pattern.search(document.surface(entity))
        if match and (not forbidden.labels or entity.label in forbidden.labels):
            what = f"{entity.label} with «{match[0]}» in it"
            yield _on_entity(forbidden.rule, document, entity, what, forbidden.fix)


def _on_entity(rule: str, document: Document, entity: Entity, what: str, fix: str) -> Finding:
    span = (entity.start, entity.end)
    around = context(document, span)
    return Finding(rule, document.id, entity.id, document.surface(entity), around, what, fix)


def _on_span(rule: str, document: Document, span: tuple[int, int], what: str, fix: str) -> Finding:
    surface = document.text[slice(*span)]
    return Finding(rule, document.id, None, surface, context(document, span), what, fix)


def _on_relation(rule: str, document: Document, relation: Relation) -> Finding:
    entities = document.by_id()
    head, tail = entities[relation.head], entities[relation.tail]
    surface = f"{document.surface(head)} {relation.label} {document.surface(tail)}"
    around = context(document, (head.start, head.end))
    what, fix = "the same relation twice", "Remove one"
    return Finding(rule, document.id, str(relation), surface, around, what, fix)


def context(document: Document, span: tuple[int, int]) -> str:
    """The stretch in brackets with what stands around it, on one line."""
    start, end = span
    before = document.text[max(0, start - CONTEXT) : start]
    after = document.text[end : end + CONTEXT]
    return re.sub(r"\s+", " ", f"…{before}[{document.text[start:end]}]{after}…")


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{label} {count}" for label, count in counts.most_common())
