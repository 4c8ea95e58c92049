"""The rounds of a project that learns: their scores, the rule to train, and the rule to stop."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from aloi.corpus.atomic_files import write_bytes
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.schema import Schema
from aloi.corpus.text_files import JSON_ERRORS
from aloi.eval.reports.report import evaluate
from aloi.eval.reports.sheets import Sheet
from aloi.eval.schemes import EntityScheme, RelationScheme
from aloi.eval.score_counts import Counts, ScoreCounts

MIN_CHANGED = 5
"""The smallest number of new or changed documents for a training."""

MIN_CHANGED_SHARE = 0.1
"""The smallest number of new or changed documents as a share of the last round's documents."""

STOP_WINDOW = 3
"""The number of scored rounds that are compared with as many earlier rounds."""

STOP_GAIN = 0.01
"""The gain in F1 per round below which more documents are unlikely to help."""

_COLUMNS = ("round", "documents", "new or changed", "scored", "mentions F1", "relations F1")


class RoundCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts of true positives, false positives and false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @classmethod
    def of(cls, counts: ScoreCounts) -> RoundCounts:
        """Return the counts of an exact or strict scheme."""
        assert isinstance(counts, Counts)
        return cls(counts.tp, counts.fp, counts.fn)

    @property
    def f1(self) -> float | None:
        """F1, or None if there is nothing to score."""
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else None

    def __add__(self, other: RoundCounts) -> RoundCounts:
        return RoundCounts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A completed training.

    `documents` contains the hash of each document of the gold so far, by id. `changed` is the
    number of documents that were new or changed. `scored` is the number of new documents, which the
    model of the previous round annotated before this training used them; `mentions` and `relations`
    are the counts on these documents (prequential evaluation: Dawid 1984).
    """

    number: int
    time: str
    model_version: str
    documents: dict[str, str]
    changed: int
    scored: int = 0
    mentions: RoundCounts = RoundCounts()
    relations: RoundCounts = RoundCounts()


def read_rounds(file: Path) -> list[Round]:
    """Return the rounds in a history file, oldest first; [] if the file does not exist."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Round])
    except FileNotFoundError:
        return []
    except JSON_ERRORS as error:
        what = f"the history of rounds cannot be read: {error}"
        fix = "Restore the file from a backup, or delete the folder to start with round 1"
        raise DataError([Problem("bad-history", what, fix, file=str(file))]) from error


def write_rounds(file: Path, rounds: Sequence[Round]) -> None:
    """Write a history file."""
    write_bytes(file, msgspec.json.format(msgspec.json.encode(rounds), indent=1))


def count_changed(hashes: Mapping[str, str], rounds: Sequence[Round]) -> int:
    """Return the number of documents that are new or changed since the last round."""
    known = rounds[-1].documents if rounds else {}
    return sum(known.get(id_) != hash_ for id_, hash_ in hashes.items())


def needed_changes(rounds: Sequence[Round]) -> int:
    """Return the number of new or changed documents for the next training.

    The number is `MIN_CHANGED`, or `MIN_CHANGED_SHARE` of the last round's documents if this is
    more. The time for all trainings thus grows in proportion to the number of documents.
    """
    last = len(rounds[-1].documents) if rounds else 0
    return max(MIN_CHANGED, math.ceil(MIN_CHANGED_SHARE * last))


def score_counts(
    gold: Iterable[Document], predicted: Iterable[Document], schema: Schema
) -> tuple[RoundCounts, RoundCounts]:
    """Return the counts over all mentions, and over relations between predicted mentions."""
    schemes = [EntityScheme.EXACT, RelationScheme.STRICT]
    report = evaluate(gold, predicted, schemes=schemes, schema=schema)
    micros = (
        report.entities[EntityScheme.EXACT].micro().counts,
        report.relations[RelationScheme.STRICT].micro().counts,
    )
    mentions, relations = (RoundCounts.of(each) for each in micros)
    return mentions, relations


def gain_per_round(counts: Sequence[RoundCounts]) -> float | None:
    """Return the gain in F1 per round, or None if there are fewer than 2 x `STOP_WINDOW` rounds.

    F1 of the last `STOP_WINDOW` rounds together is compared with F1 of as many rounds before them.
    """
    if len(counts) < 2 * STOP_WINDOW:
        return None
    window = counts[-2 * STOP_WINDOW :]
    before = sum(window[:STOP_WINDOW], RoundCounts()).f1
    after = sum(window[STOP_WINDOW:], RoundCounts()).f1
    return None if before is None or after is None else (after - before) / STOP_WINDOW


def stop_suggestion(rounds: Sequence[Round]) -> str | None:
    """Return the suggestion to stop, or None if the last rounds gained or are too few.

    Mentions must gain less than `STOP_GAIN` per round, and so must relations if there are any.
    """
    scored = [each for each in rounds if each.scored]
    gains = {
        "mentions": gain_per_round([each.mentions for each in scored]),
        "relations": gain_per_round([each.relations for each in scored]),
    }
    known = {name: gain for name, gain in gains.items() if gain is not None}
    if "mentions" not in known or max(known.values()) >= STOP_GAIN:
        return None
    listed = ", ".join(f"{name} {gain:+.3f}" for name, gain in known.items())
    return (
        f"Consider stopping: over the last {STOP_WINDOW} scored rounds, F1 gained less than "
        f"{STOP_GAIN} per round ({listed})"
    )


def rounds_sheet(rounds: Iterable[Round]) -> Sheet:
    """Return a table of rounds with their prequential scores."""
    return Sheet("rounds", tuple(_rows(rounds)), _COLUMNS)


def _rows(rounds: Iterable[Round]) -> Iterator[tuple[str, ...]]:
    for each in rounds:
        numbers = (each.number, len(each.documents), each.changed, each.scored)
        yield (*map(str, numbers), _format(each.mentions.f1), _format(each.relations.f1))


def _format(f1: float | None) -> str:
    return "–" if f1 is None else f"{f1:.3f}"


def describe_wait(changed: int, needed: int) -> str:
    """Return why no training is due."""
    return f"{count_noun(changed, 'document')} new or changed; the next training needs {needed}"
