"""Policies that decide disagreements without an adjudicator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from aloi.annotation.compare.adjudication import AdjudicationCase, Decisions, as_gold
from aloi.annotation.compare.alignment import AlignedVersions
from aloi.annotation.compare.content import (
    DocumentContent,
    MentionKey,
    RelationKey,
    Values,
    build_document,
)
from aloi.annotation.compare.losses import find_losses
from aloi.corpus.document import Document
from aloi.corpus.schema import Schema

MAJORITY = "majority"
_ANNOTATOR = "annotator"

K = TypeVar("K")


@dataclass(frozen=True)
class MajorityDecision:
    """A document decided by a majority of the annotators.

    `ties` describes the mentions, relations and values that were omitted because exactly half of
    the annotators voted for them. `lost_relations` is the number of relations that were omitted
    because their head or tail was omitted.
    """

    document: Document
    ties: tuple[str, ...] = ()
    lost_relations: int = 0


def is_policy(text: str) -> bool:
    """Return whether a text is a policy: `majority` or `annotator=NAME`."""
    rule, _, name = text.partition("=")
    return text == MAJORITY or (rule == _ANNOTATOR and bool(name))


def decide_by_policy(cases: Iterable[AdjudicationCase], policy: str) -> Decisions:
    """Decide the disagreements of each case by a policy; return the decisions.

    `majority` decides every case. `annotator=NAME` selects this annotator's version; documents that
    NAME has not annotated remain undecided. Raise `ValueError` for any other policy.
    """
    if not is_policy(policy):
        raise ValueError(f"the policy must be `majority` or `annotator=NAME`, not {policy!r}")
    name = policy.partition("=")[2]
    decisions = Decisions()
    for case in cases:
        id_, document = case.first.id, case.versions.get(name)
        if policy == MAJORITY:
            decision = decide_by_majority(case.versions, case.schema)
            document = decision.document
            decisions.ties[id_] = decision.ties
            decisions.lost_relations[id_] = decision.lost_relations
        if document is None:
            decisions.open[id_] = f"{name} has not annotated this document"
        else:
            decisions.gold[id_] = as_gold(document, case.versions, decided_by=policy)
            decisions.problems.extend(find_losses(case.versions, document, case.schema))
    return decisions


def decide_by_majority(versions: Mapping[str, Document], schema: Schema) -> MajorityDecision:
    """Return a document with the annotations for which more than half of the annotators voted.

    All annotators vote on mentions and relations. Only annotators who annotated a mention or
    relation vote on its values. An annotator who chose a different type or different boundaries for
    a mention also votes on the values and relations of the mention that is kept.
    """
    aligned = AlignedVersions(versions, schema)
    text = next(iter(versions.values())).text
    mentions = _describe_mentions(aligned.contents.values(), text)
    kept, mention_ties = _vote([each.mentions for each in aligned.contents.values()], mentions)
    chosen = _chosen_mentions(aligned, kept)
    contents = [_with_mentions(each, chosen) for each in aligned.contents.values()]
    relations = _describe_relations(contents, mentions)
    possible = {key: name for key, name in relations.items() if key[0] in kept and key[1] in kept}
    ballots = [[key for key in each.relations if key in possible] for each in contents]
    related, relation_ties = _vote(ballots, possible)
    mention_values, mention_value_ties = _vote_on_values(
        kept, [each.mentions for each in contents], mentions
    )
    relation_values, relation_value_ties = _vote_on_values(
        related, [each.relations for each in contents], relations
    )
    document = build_document(DocumentContent(mention_values, relation_values), versions.values())
    ties = (*mention_ties, *relation_ties, *mention_value_ties, *relation_value_ties)
    return MajorityDecision(document, ties, len(relations) - len(possible))


def _chosen_mentions(
    aligned: AlignedVersions, kept: Iterable[MentionKey]
) -> dict[MentionKey, MentionKey]:
    """Return the kept mention for each other mention in the same slot, if exactly one is kept."""
    known, chosen = set(kept), dict[MentionKey, MentionKey]()
    for slot in aligned.slots:
        keys = set(slot.mentions.values())
        if len(winners := keys & known) == 1:
            chosen |= dict.fromkeys(keys - winners, next(iter(winners)))
    return chosen


def _with_mentions(
    content: DocumentContent, chosen: Mapping[MentionKey, MentionKey]
) -> DocumentContent:
    """Return content in which each mention is replaced by the chosen one, if there is one."""
    mentions = {chosen.get(key, key): values for key, values in content.mentions.items()}
    relations = {
        (chosen.get(head, head), chosen.get(tail, tail), label): attributes
        for (head, tail, label), attributes in content.relations.items()
    }
    return DocumentContent(mentions, relations)


def _describe_mentions(contents: Iterable[DocumentContent], text: str) -> dict[MentionKey, str]:
    return {
        (start, end, label): f"{label} «{text[start:end]}» at {start}"
        for each in contents
        for start, end, label in each.mentions
    }


def _describe_relations(
    contents: Iterable[DocumentContent], mentions: Mapping[MentionKey, str]
) -> dict[RelationKey, str]:
    return {
        (head, tail, label): f"{label} from {mentions[head]} to {mentions[tail]}"
        for each in contents
        for head, tail, label in each.relations
    }


def _vote(ballots: Sequence[Iterable[K]], described: Mapping[K, str]) -> tuple[list[K], list[str]]:
    """Return the keys that more than half of the ballots contain, and the descriptions of ties.

    A tie is a key that exactly half of the ballots contain.
    """
    votes = Counter(key for ballot in ballots for key in ballot)
    ties = [described[key] for key in votes if 2 * votes[key] == len(ballots)]
    return [key for key in votes if 2 * votes[key] > len(ballots)], ties


def _vote_on_values(
    keys: Iterable[K], contents: Sequence[Mapping[K, Values]], described: Mapping[K, str]
) -> tuple[dict[K, Values], list[str]]:
    """Return the majority's values for each mention or relation, and the descriptions of ties.

    Only annotators who annotated a mention or relation vote on its values.
    """
    decided: dict[K, Values] = {}
    ties: list[str] = []
    for key in keys:
        ballots = [each[key] for each in contents if key in each]
        decided[key], tied = _majority_values(ballots)
        ties += [f"{name} of {described[key]}" for name in tied]
    return decided, ties


def _majority_values(ballots: Sequence[Mapping[str, Any]]) -> tuple[Values, list[str]]:
    """Return the values that more than half of the ballots contain, and the names of ties."""
    values: Values = {}
    ties: list[str] = []
    for name in sorted({name for ballot in ballots for name in ballot}):
        votes = Counter(ballot.get(name) for ballot in ballots)
        value, number = votes.most_common(1)[0]
        if 2 * number == len(ballots):
            ties.append(name)
        elif 2 * number > len(ballots) and value is not None:
            values[name] = value
    return values, ties
