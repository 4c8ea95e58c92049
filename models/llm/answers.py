"""Reading of answers: from marked text to mentions with offsets in the original text.

Whatever cannot be used is dropped and counted: malformed markup, mentions without a certain place
(`grounding`), labels, attributes and relations that the schema does not allow.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from aloi.corpus.document import Draft, Entity, Relation
from aloi.corpus.formats import inline
from aloi.corpus.schema import Schema, schema_problems
from aloi.models.llm.endpoint import AnswerError
from aloi.models.llm.grounding import UnrelatedTextError, ground
from aloi.models.llm.windows import Findings

_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_CODE_FENCE = re.compile(r"\A\s*```\w*[ \t]*\n|\n```\s*\Z")
_SECTION_LINE = re.compile(r"^\+\+\+\r?(?:\n|\Z)", re.MULTILINE)
_WORD = re.compile(r"\w+|[^\w\s]")

MALFORMED = "malformed markup"
UNKNOWN_LABEL = "mentions: label not in the schema"
WRONG_ATTRIBUTE = "attributes: not allowed by the schema"
LOST_END = "relations: head or tail was dropped"
UNKNOWN_END = "relations: head or tail is not marked exactly once"
FORBIDDEN = "relations: label or ends not allowed by the schema"

MAX_GARBLED = 3
"""An answer is not read if it is longer than this multiple of the text, and 2,000 characters."""


@dataclass
class Reading:
    """What an answer contains: the usable findings, and the number of dropped items by kind."""

    findings: Findings = field(default_factory=lambda: Findings((), ()))
    dropped: Counter[str] = field(default_factory=Counter)
    marked: int = 0

    @property
    def lost(self) -> int:
        """The number of dropped items."""
        return self.dropped.total()


def read_answer(answer: str, text: str, schema: Schema, *, prompt: str = "") -> Reading:
    """Return the mentions and relations of an answer, with offsets in `text`.

    prompt: an answer that contains this text repeats the request. Raises `AnswerError` if the
    answer as a whole cannot be used.
    """
    answer = _CODE_FENCE.sub("", _THOUGHTS.sub("", answer))
    if prompt and prompt in answer:
        raise AnswerError("the answer repeats the instructions")
    if len(answer) > MAX_GARBLED * len(text) + 2000:
        raise AnswerError(f"the answer has {len(answer)} characters for a text of {len(text)}")
    read = _read_sections(answer, text)
    spans = list(_trimmed_spans(read))
    try:
        places = ground(read.text, text, [span for _, span in spans]).places
    except UnrelatedTextError:
        raise AnswerError("the answer does not repeat the text") from None
    reading = Reading(marked=len(spans) + len(read.relations))
    reading.dropped[MALFORMED] += len(read.problems)
    placed = []
    for (entity, _), place in zip(spans, places, strict=True):
        if isinstance(place, str):
            reading.dropped[f"mentions: {place}"] += 1
        else:
            placed.append(msgspec.structs.replace(entity, start=place[0], end=place[1], score=None))
    known = _allowed_entities(placed, text, schema, reading.dropped)
    written = Counter(entity.id for entity, _ in spans if entity.id)
    relations_ = _resolve(read.relations, known, written, reading.dropped)
    numbered = tuple(_number(known))
    reading.findings = Findings(
        numbered, tuple(_allowed_relations(relations_, numbered, text, schema, reading.dropped))
    )
    reading.dropped = +reading.dropped
    return reading


def _read_sections(answer: str, text: str) -> inline.MarkedText:
    """Return the marked text and the relations of an answer.

    The marked text is the section that, without its markup, equals the text or else has most words
    in common with it, and the relations are the next section. Everything else, such as an
    introduction, is ignored.
    """
    sections = [section.rstrip("\r\n") for section in _SECTION_LINE.split(answer)]
    copies = [inline.read_marked(section) for section in sections]
    equal = [copy.text.strip() == text.strip() for copy in copies]
    if any(equal):
        chosen = equal.index(True)
    else:
        wanted = Counter(_WORD.findall(text))
        closeness = [_overlap(copy.text, wanted) for copy in copies]
        chosen = closeness.index(max(closeness))
    relations = inline.read_marked("", "".join(sections[chosen + 1 : chosen + 2]))
    return replace(
        copies[chosen],
        relations=relations.relations,
        problems=(*copies[chosen].problems, *relations.problems),
    )


def _overlap(copy: str, wanted: Counter[str]) -> float:
    """Return the Dice coefficient of the words of a text and the wanted words."""
    words = Counter(_WORD.findall(copy))
    return 2 * (words & wanted).total() / max(words.total() + wanted.total(), 1)


def _trimmed_spans(read: inline.MarkedText) -> Iterator[tuple[Entity, tuple[int, int]]]:
    """Yield each mention that is not blank, with its span without white space at the edges."""
    for entity in read.entities:
        surface = read.text[entity.start : entity.end]
        if core := surface.strip():
            start = entity.start + surface.index(core)
            yield entity, (start, start + len(core))


def _allowed_entities(
    entities: list[Entity], text: str, schema: Schema, dropped: Counter[str]
) -> list[Entity]:
    """Return the mentions that the schema allows, without attributes that it does not allow."""
    allowed = []
    for entity in entities:
        bare = msgspec.structs.replace(entity, id="m", attributes={})
        if any(schema_problems(Draft("d", text, (bare,)), schema)):
            dropped[UNKNOWN_LABEL] += 1
            continue
        kept = {}
        for name, value in entity.attributes.items():
            probe = msgspec.structs.replace(bare, attributes={name: value})
            if any(schema_problems(Draft("d", text, (probe,)), schema)):
                dropped[WRONG_ATTRIBUTE] += 1
            else:
                kept[name] = value
        allowed.append(msgspec.structs.replace(entity, attributes=kept))
    return allowed


def _resolve(
    relations: tuple[Relation, ...],
    known: list[Entity],
    written: Mapping[str, int],
    dropped: Counter[str],
) -> list[tuple[Relation, Entity, Entity]]:
    """Return the relations with their head and tail; `written` counts the ids in the answer."""
    by_id = {entity.id: entity for entity in known if entity.id}
    resolved = []
    for relation in relations:
        ends = relation.head, relation.tail
        if any(written.get(end, 0) != 1 for end in ends):
            dropped[UNKNOWN_END] += 1
        elif any(end not in by_id for end in ends):
            dropped[LOST_END] += 1
        else:
            resolved.append((relation, by_id[ends[0]], by_id[ends[1]]))
    return resolved


def _key(entity: Entity) -> tuple[int, int, str]:
    return entity.start, entity.end, entity.label


def _number(entities: list[Entity]) -> Iterator[Entity]:
    """Yield the mentions in text order as e1, e2 …; equal mentions are joined."""
    unique = {_key(entity): entity for entity in reversed(entities)}
    for number, key in enumerate(sorted(unique, key=lambda k: (k[0], -k[1], k[2])), start=1):
        yield msgspec.structs.replace(unique[key], id=f"e{number}")


def _allowed_relations(
    relations: list[tuple[Relation, Entity, Entity]],
    entities: tuple[Entity, ...],
    text: str,
    schema: Schema,
    dropped: Counter[str],
) -> Iterator[Relation]:
    """Yield each relation that the schema allows once, without attributes it does not allow."""
    numbered = {_key(entity): entity for entity in entities}
    seen = set()
    for relation, marked_head, marked_tail in relations:
        head, tail = numbered[_key(marked_head)], numbered[_key(marked_tail)]
        bare = Relation(head=head.id, tail=tail.id, label=relation.label)
        probe = Draft("d", text, (head, tail), (bare,))
        if any(schema_problems(probe, schema)):
            dropped[FORBIDDEN] += 1
            continue
        kept = {}
        for name, value in relation.attributes.items():
            tried = msgspec.structs.replace(bare, attributes={name: value})
            if any(schema_problems(msgspec.structs.replace(probe, relations=(tried,)), schema)):
                dropped[WRONG_ATTRIBUTE] += 1
            else:
                kept[name] = value
        ends = head.id, tail.id
        pair = tuple(sorted(ends)) if relation.label in schema.symmetric else ends
        if (pair, relation.label) not in seen:
            seen.add((pair, relation.label))
            yield msgspec.structs.replace(bare, attributes=kept)
