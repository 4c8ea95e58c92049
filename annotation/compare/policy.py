"""Gold from several annotators' versions by a rule, without anybody to decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aloi.annotation.compare.disagreements import Content, content, written
from aloi.corpus.document import Document
from aloi.corpus.schema import Schema

K = TypeVar("K")


@dataclass(frozen=True)
class Settled:
    """A document settled by majority, and what of it was left out.

    `ties`: what just half of the annotators have, in words. `fallen`: relations that someone has
    and that were lost with a mention at one of their ends.
    """

    document: Document
    ties: tuple[str, ...] = ()
    fallen: int = 0


@dataclass
class _Vote:
    """A vote of `voters` on mentions or relations, and the ties in it so far."""

    voters: int
    ties: list[str] = field(default_factory=list)

    def kept(self, ballots: Iterable[Mapping[K, Any]], name: Mapping[K, str]) -> list[K]:
        """What more than half have."""
        votes = Counter(key for ballot in ballots for key in ballot)
        self.ties += [name[key] for key in votes if 2 * votes[key] == self.voters]
        return [key for key in votes if 2 * votes[key] > self.voters]

    def values(self, given: Sequence[Mapping[str, str]], what: str) -> dict[str, str]:
        """The values that more than half of those who have the bearer give it."""
        found: dict[str, str] = {}
        for name in sorted({name for each in given for name in each}):
            votes = Counter(each.get(name) for each in given)
            value, number = votes.most_common(1)[0]
            if 2 * number == len(given):
                self.ties.append(f"{name} of {what}")
            elif 2 * number > len(given) and value is not None:
                found[name] = value
        return found


def majority(versions: Mapping[str, Document], schema: Schema) -> Settled:
    """What more than half of a document's annotators have; a half is a tie and left out.

    Values are voted on by those who have the mention or relation that bears them.
    """
    contents = [content(version, schema) for version in versions.values()]
    vote = _Vote(len(contents))
    text = next(iter(versions.values())).text
    mentions = {
        (start, end, label): f"{label} «{text[start:end]}» at {start}"
        for each in contents
        for start, end, label in each.mentions
    }
    arcs = {
        (head, tail, label): f"{label} from {mentions[head]} to {mentions[tail]}"
        for each in contents
        for head, tail, label in each.arcs
    }
    kept = vote.kept([each.mentions for each in contents], mentions)
    standing = {arc for arc in arcs if arc[0] in kept and arc[1] in kept}
    related = vote.kept([{a: 1 for a in each.arcs if a in standing} for each in contents], arcs)
    said = Content(
        {
            key: vote.values(_given(key, (x.mentions for x in contents)), mentions[key])
            for key in kept
        },
        {key: vote.values(_given(key, (x.arcs for x in contents)), arcs[key]) for key in related},
    )
    document = written(said, versions.values())
    return Settled(document, tuple(vote.ties), len(arcs) - len(standing))


def _given(key: K, everyones: Iterable[Mapping[K, dict[str, str]]]) -> list[dict[str, str]]:
    """The values that those who have something give it."""
    return [each[key] for each in everyones if key in each]
