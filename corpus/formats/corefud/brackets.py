"""The brackets of `Entity=`: parsing of their values, and their values for mentions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, unquote

from aloi.corpus.formats.shared.tokens import AlignedMention

FIELDS = ("eid", "etype", "head", "identity")
"""The fields of an opening bracket that the writer declares."""

DEFAULT_FIELDS = ("eid", "etype", "head", "other")
"""The fields of files that do not declare them, as in CorefUD."""

_VALUE = re.compile(r"(?:\([^()]+\)?|[^()]+\))*")
_CHUNK = re.compile(r"\([^()]+\)?|[^()]+\)")
_PART = re.compile(r"(.+)\[(\d{1,3})/\d{1,3}\]")
_SPECIAL = re.compile(r"[\x00-\x20\x7f\s()\[\]|=,%\-]")


@dataclass(slots=True)
class BracketMention:
    """A mention: the entity id, the label, the identity, and the indices of its words.

    `last` is the index of the last word, or -1 while the mention is open. `parts` is the number of
    its continuous parts.
    """

    eid: str
    label: str
    identity: str
    line: int
    first: int
    last: int = -1
    parts: int = 1


@dataclass(slots=True)
class BracketParser:
    """A parser for the brackets of one document; words are added in text order.

    `fields` are the names of the fields of an opening bracket. `errors` contains the line and the
    description of each error.
    """

    fields: Sequence[str]
    mentions: list[BracketMention] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    _open: dict[str, list[BracketMention]] = field(default_factory=lambda: defaultdict(list))
    _latest: dict[str, BracketMention] = field(default_factory=dict)

    def add_word(self, word: int, value: str, line: int) -> None:
        """Parse the value of `Entity=` at a word, given by its index in the document."""
        if not _VALUE.fullmatch(value):
            self.errors.append((line, f"the brackets {value[:60]!r} are malformed"))
            return
        for chunk in _CHUNK.findall(value):
            content = chunk.strip("()")
            eid = self._begin(content, word, line) if chunk[0] == "(" else content
            if chunk[-1] == ")":
                self._end(eid, word, line)

    def finish(self) -> None:
        """Report the mentions that are still open at the end of the document."""
        for mentions in self._open.values():
            for mention in mentions:
                what = f"the mention of the entity {mention.eid!r} is not closed in its document"
                self.errors.append((mention.line, what))

    def _begin(self, content: str, word: int, line: int) -> str:
        """Open a mention, or the next part of a discontinuous mention; return the id."""
        values = dict(zip(self.fields, content.split("-", len(self.fields) - 1), strict=False))
        eid = values.get("eid") or values.get("GRP") or ""
        if not eid:
            self.errors.append((line, f"the bracket {content[:60]!r} has no entity id"))
            return eid
        part = _PART.fullmatch(eid)
        base = part[1] if part else eid
        if part and part[2] != "1" and base in self._latest:
            mention = self._latest[base]
            mention.parts += 1
        else:
            label = unquote(values.get("etype") or values.get("entity") or "")
            identity = unquote(values.get("identity") or "")
            mention = BracketMention(base, label, identity, line, word)
            self.mentions.append(mention)
            if part:
                self._latest[base] = mention
        self._open[eid].append(mention)
        return eid

    def _end(self, eid: str, word: int, line: int) -> None:
        if self._open[eid]:
            self._open[eid].pop().last = word
        elif eid:
            what = f"the mention of the entity {eid[:60]!r} is closed, but not opened"
            self.errors.append((line, what))


class _Bracket(NamedTuple):
    """A mention with the id of its entity; `opening` is the content of its opening bracket."""

    mention: AlignedMention
    eid: str
    opening: str


def render_brackets(
    mentions: Sequence[AlignedMention], first_number: int
) -> tuple[dict[int, str], int]:
    """Return the value of `Entity=` by token index, and the number of the next entity.

    The entities get the ids `e<number>`, beginning with `first_number`. A closing bracket precedes
    the opening brackets of a token, and inner mentions are closed before outer mentions.
    """
    groups = list(_entities(mentions))
    brackets = [
        _Bracket(mention, f"e{number}", _opening(mention, f"e{number}"))
        for number, group in enumerate(groups, start=first_number)
        for mention in group
    ]
    brackets.sort(key=lambda bracket: _writing_order(bracket.mention))
    opening: dict[int, str] = defaultdict(str)
    closing: dict[int, str] = defaultdict(str)
    single: dict[int, str] = defaultdict(str)
    for (_, first, end), eid, content in brackets:
        if end - first == 1:
            single[first] += f"({content})"
        else:
            opening[first] += f"({content}"
            closing[end - 1] = f"{eid})" + closing[end - 1]
    tokens = sorted(opening.keys() | single.keys() | closing.keys())
    values = {
        token: closing[token] + opening[token] + single[token]
        if opening[token]
        else single[token] + closing[token]
        for token in tokens
    }
    return values, first_number + len(groups)


def _opening(mention: AlignedMention, eid: str) -> str:
    entity = mention.entity
    values = [eid, _encode(entity.label), "1", _encode(entity.ref or "")]
    return "-".join(values if values[-1] else values[:-1])


def _encode(value: str) -> str:
    return _SPECIAL.sub(lambda match: _percent(match[0]), value)


def _percent(character: str) -> str:
    return "%2D" if character == "-" else quote(character, safe="")


def _writing_order(mention: AlignedMention) -> tuple[int, int, str, int, str]:
    entity = mention.entity
    return mention.first, -mention.end, entity.label, len(entity.id), entity.id


def _entities(mentions: Iterable[AlignedMention]) -> Iterator[list[AlignedMention]]:
    """Yield the mentions of each entity: the same ref and label, without crossing mentions.

    In an entity, a closing bracket belongs to the latest open mention, so that mentions may be
    nested but must not cross, and no two mentions may have the same span.
    """
    groups: dict[tuple[str, str], list[list[AlignedMention]]] = {}
    for mention in mentions:
        entity = mention.entity
        if entity.ref is None:
            yield [mention]
            continue
        candidates = groups.setdefault((entity.ref, entity.label), [])
        group = next((g for g in candidates if all(_fits(mention, m) for m in g)), None)
        if group is None:
            candidates.append([mention])
        else:
            group.append(mention)
    for candidates in groups.values():
        yield from candidates


def _fits(one: AlignedMention, other: AlignedMention) -> bool:
    """Return whether two mentions are apart, or one is inside the other and shorter."""
    if one.end <= other.first or other.end <= one.first:
        return True
    inner, outer = sorted((one, other), key=lambda mention: mention.end - mention.first)
    longer = outer.end - outer.first > inner.end - inner.first
    return longer and outer.first <= inner.first and inner.end <= outer.end
