"""Folds of documents, and a pipeline trained for each fold without its documents.

The held-out predictions of all folds can be compared with gold: scores pooled over the folds are
those of a cross-validation (Stone 1974).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any

from spacy.language import Language

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.models.training.job import prepare_job

Fold = tuple[Document, ...]

MIN_FOLDS = 3
"""Number of folds needed for one to hold out, one for development, and one to train on."""


def group_by_event(documents: Iterable[Document]) -> list[Fold]:
    """Return the documents grouped by `meta["event"]`, in the order of the event's SHA-256.

    A document without an event is a group of one, with its id as the name. A group is sorted by
    document id.
    """
    groups: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for document in documents:
        event = document.meta.get("event")
        name = ("document", document.id) if event is None else ("event", str(event))
        groups[name].append(document)
    ordered = sorted(groups, key=lambda name: hashlib.sha256("\0".join(name).encode()).digest())
    return [tuple(sorted(groups[name], key=lambda d: d.id)) for name in ordered]


def make_folds(documents: Iterable[Document], count: int) -> list[Fold]:
    """Return `count` folds; documents of one event are in the same fold.

    Each group (see `group_by_event`) goes to the fold with the fewest words so far, so that the
    word counts of two folds differ by at most the largest group. Raises `DataError` if there are
    fewer groups than folds.
    """
    groups = group_by_event(documents)
    if len(groups) < count:
        what = f"{len(groups)} events are too few for {count} folds"
        raise DataError([Problem("few-events", what, "Use fewer folds, or add documents")])
    folds: list[list[Document]] = [[] for _ in range(count)]
    sizes = [(0, 0, number) for number in range(count)]
    for group in groups:
        words, group_count, number = min(sizes)
        folds[number] += group
        sizes[number] = (words + sum(map(count_words, group)), group_count + 1, number)
    return [tuple(fold) for fold in folds]


def count_words(document: Document) -> int:
    """Return the number of words of a text, separated by white space."""
    return len(document.text.split())


@dataclass(frozen=True, slots=True)
class FoldTraining:
    """How to train a pipeline for each fold.

    kind: "ner" or "relations". out: folder of the pipelines. overrides: config values by dotted
    key. excluded: ids of documents never used for training or development, only held out.
    """

    kind: str
    out: Path
    schema: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    excluded: Collection[str] = ()

    def train(self, folds: Sequence[Fold], *, log: IO[str]) -> Iterator[tuple[Language, Fold]]:
        """Yield for each fold a pipeline trained without its documents, and the fold.

        The following fold, for the last one the first, is the development data and the others are
        the training data; at least `MIN_FOLDS` folds are needed. Pipelines that are up to date
        are not trained again.
        """
        usable = [[d for d in fold if d.id not in self.excluded] for fold in folds]
        for number, held_out in enumerate(folds):
            following = (number + 1) % len(folds)
            others = [fold for i, fold in enumerate(usable) if i not in (number, following)]
            job = prepare_job(
                self.kind,
                self.out / f"{self.kind}-fold-{number + 1}-of-{len(folds)}",
                chain.from_iterable(others),
                usable[following],
                schema=self.schema,
                overrides=self.overrides,
            )
            yield job.resume(log=log), held_out
