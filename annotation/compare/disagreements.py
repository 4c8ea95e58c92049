"""Disagreements between the annotators of a text on mentions, values of mentions, and relations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aloi.annotation.compare.alignment import AlignedVersions
from aloi.annotation.compare.content import (
    DocumentContent,
    MentionKey,
    extract_content,
    mention_key,
    mention_values,
)
from aloi.corpus.document import Document, Entity
from aloi.corpus.schema import Schema
from aloi.eval.agreement.mention_disagreements import NO_MENTION, find_mention_disagreements
from aloi.eval.columns import Annotations

MENTION, RELATION, ENDS = "mention", "relation", "ends"

MAX_SURFACE_LENGTH = 24
"""The longest text of the end of a relation, in code points, that is displayed uncut."""

_FORWARD, _BACKWARD, _SYMMETRIC = " →", "← ", " ↔"
_NO_ARROWS = str.maketrans("", "", "→←↔")


@dataclass(frozen=True, slots=True)
class PassDisagreement:
    """A disagreement between the annotators of a document.

    `aspect` is the subject of the disagreement:

    - `MENTION`: a group of overlapping mentions; `spans` contains one span;
    - `RELATION`: the relations between two mentions; `spans` contains two spans in text order;
    - `ENDS`: a relation whose ends have different types or boundaries; `spans` contains two spans
      in the order of head and tail;
    - `ref` or the name of an attribute: the value in one mention; `spans` contains one span.

    Spans are in code points, end exclusive.

    `versions` contains each annotator's annotations as display strings, such as `ROLE «président»`,
    `REPRESENTS →` or `← SUPPORTS assertion=negated`. In a disagreement on a value or relation,
    annotators who did not mark the mentions are omitted. `relation` is the label of the relation if
    the aspect is `ENDS`.
    """

    document: str
    aspect: str
    spans: tuple[tuple[int, int], ...]
    surfaces: tuple[str, ...]
    versions: dict[str, tuple[str, ...]] = field(hash=False)
    relation: str = ""

    @property
    def kind(self) -> tuple[str, ...]:
        """The sorted versions without annotator names; equal kinds are counted together.

        The direction of relations is included only if two versions differ in direction alone.
        """
        versions = {format_values(each) for each in self.versions.values()}
        if self.aspect != RELATION:
            return (self.relation or self.aspect, *sorted(versions))
        undirected = {" ".join(each.translate(_NO_ARROWS).split()) for each in versions}
        return tuple(sorted(undirected if len(undirected) == len(versions) else versions))

    @property
    def is_conflict(self) -> bool:
        """Whether at least two of the `versions` differ."""
        return len(set(self.versions.values())) > 1

    def to_json(self) -> dict[str, Any]:
        """Return the disagreement as a dict for JSON."""
        return {
            "what": self.aspect,
            **({"relation": self.relation} if self.relation else {}),
            "kind": list(self.kind),
            "document": self.document,
            "spans": [list(span) for span in self.spans],
            "surfaces": list(self.surfaces),
            "held": {name: list(each) for name, each in self.versions.items()},
        }


def format_values(values: Iterable[str]) -> str:
    """Return the display strings of a version on one line, or a dash if there are none."""
    return " + ".join(values) or NO_MENTION


def find_disagreements(versions: Mapping[str, Document], schema: Schema) -> list[PassDisagreement]:
    """Return the disagreements on mentions, values and relations, in this order.

    `versions` is keyed by annotator. All versions must have the same text.
    """
    contents = {name: extract_content(version, schema) for name, version in versions.items()}
    document = next(iter(versions.values()))
    return [
        *_mention_disagreements(versions),
        *_value_disagreements(document, contents),
        *_relation_disagreements(document, contents, schema),
    ]


def _mention_disagreements(versions: Mapping[str, Document]) -> Iterator[PassDisagreement]:
    columns = {name: Annotations.of([version]) for name, version in versions.items()}
    entities = {
        name: {mention_key(each): each for each in version.entities}
        for name, version in versions.items()
    }
    for group in sorted(find_mention_disagreements(columns), key=lambda each: each.start):
        described = {
            name: tuple(
                _describe_mention(versions[name], entities[name][start, end, label])
                for label, start, end in group.marked[name]
            )
            for name in versions
        }
        spans = ((group.start, group.end),)
        yield PassDisagreement(group.document, MENTION, spans, (group.text,), described)


def _describe_mention(version: Document, entity: Entity) -> str:
    surface = f"«{version.surface(entity)}»"
    return " ".join([entity.label, surface, *_assignments(mention_values(entity))])


def _assignments(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def _value_disagreements(
    document: Document, contents: Mapping[str, DocumentContent]
) -> Iterator[PassDisagreement]:
    """Yield a disagreement if annotators set different values for a mention's ref or attribute."""
    for key in sorted({key for each in contents.values() for key in each.mentions}):
        by_annotator = {
            name: each.mentions[key] for name, each in contents.items() if key in each.mentions
        }
        for value in sorted({value for values in by_annotator.values() for value in values}):
            versions: dict[str, tuple[str, ...]] = {
                name: (values[value],) if value in values else ()
                for name, values in by_annotator.items()
            }
            if len(set(versions.values())) > 1:
                yield _disagreement(document, value, (key,), versions)


def _relation_disagreements(
    document: Document, contents: Mapping[str, DocumentContent], schema: Schema
) -> Iterator[PassDisagreement]:
    """Yield a disagreement if annotators annotated different relations between two mentions."""
    by_ends: dict[tuple[MentionKey, ...], dict[str, set[str]]] = {}
    for name, each in contents.items():
        for (head, tail, label), attributes in each.relations.items():
            ends = tuple(sorted((head, tail)))
            arrow = _arrow(label, symmetric=label in schema.symmetric, forward=(head, tail) == ends)
            described = " ".join([arrow, *_assignments(attributes)])
            by_ends.setdefault(ends, {}).setdefault(name, set()).add(described)
    for ends, relations in sorted(by_ends.items()):
        versions = {
            name: tuple(sorted(relations.get(name, ())))
            for name, each in contents.items()
            if all(end in each.mentions for end in ends)
        }
        if len(versions) < len(contents) or len(set(versions.values())) > 1:
            yield _disagreement(document, RELATION, ends, versions)


def _arrow(label: str, *, symmetric: bool, forward: bool) -> str:
    if symmetric:
        return label + _SYMMETRIC
    return label + _FORWARD if forward else _BACKWARD + label


def find_differing_ends(
    versions: Mapping[str, Document], schema: Schema
) -> Iterator[PassDisagreement]:
    """Yield the relations that annotators drew between different versions of the same mentions.

    Mentions are aligned (see `aloi.annotation.compare.alignment`). Annotators who did not draw the
    relation are omitted, and an end on which annotators agree is omitted in `versions`.
    """
    aligned, (document, *_) = AlignedVersions(versions, schema), versions.values()
    relations = {key: None for each in aligned.relations.values() for key in sorted(each)}
    for head, tail, label in relations:
        slots = [aligned.slots[number] for number in (head, tail)]
        ends = {
            name: tuple(slot.mentions[name] for slot in slots)
            for name, each in aligned.relations.items()
            if (head, tail, label) in each
        }
        if len(set(ends.values())) > 1:
            arrow = "↔" if label in schema.symmetric else "→"
            differs = [len({keys[end] for keys in ends.values()}) > 1 for end in (0, 1)]
            described: dict[str, tuple[str, ...]] = {
                name: (_describe_ends(keys, differs, arrow, document),)
                for name, keys in ends.items()
            }
            spans = tuple(slot.span for slot in slots)
            surfaces = tuple(document.text[start:end] for start, end in spans)
            yield PassDisagreement(document.id, ENDS, spans, surfaces, described, label)


def _describe_ends(
    keys: Sequence[MentionKey], differs: Sequence[bool], arrow: str, document: Document
) -> str:
    """Return the ends that differ between annotators, on their side of the arrow."""
    head, tail = (
        f"{label} «{shorten_surface(document.text[start:end])}»" if shown else ""
        for (start, end, label), shown in zip(keys, differs, strict=True)
    )
    return f"{head} {arrow} {tail}".strip()


def shorten_surface(text: str) -> str:
    """Return a text on one line; a long text is cut in the middle, because its ends may differ."""
    line, half = " ".join(text.split()), MAX_SURFACE_LENGTH // 2
    return line if len(line) <= MAX_SURFACE_LENGTH else f"{line[:half]}…{line[-half:]}"


def _disagreement(
    document: Document,
    aspect: str,
    mentions: Iterable[MentionKey],
    versions: dict[str, tuple[str, ...]],
) -> PassDisagreement:
    spans = tuple((start, end) for start, end, _ in mentions)
    surfaces = tuple(document.text[start:end] for start, end in spans)
    return PassDisagreement(document.id, aspect, spans, surfaces, versions)


def sort_by_frequency(disagreements: Iterable[PassDisagreement]) -> list[PassDisagreement]:
    """Return disagreements grouped by their `kind`, the most frequent kind first."""
    listed = list(disagreements)
    frequency = Counter(each.kind for each in listed)
    return sorted(listed, key=lambda x: (-frequency[x.kind], x.kind, x.document, x.spans))
