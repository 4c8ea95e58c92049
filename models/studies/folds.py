"""Folds of documents, and one pipeline per fold, trained on documents of the other folds.

Each pipeline annotates the fold that was held out from its training. The scores over all annotated
folds are those of a cross-validation (Stone 1974).
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
"""The smallest number of folds: one is held out, one is for development, one for training."""


def group_by_event(documents: Iterable[Document]) -> list[Fold]:
    """Return groups of documents with the same `meta["event"]`, in a fixed pseudo-random order.

    The groups are sorted by a SHA-256 of the event. A document without an event is a group of its
    own; its id replaces the event. Documents within a group are sorted by id.
    """
    groups: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for document in documents:
        event = document.meta.get("event")
        name = ("document", document.id) if event is None else ("event", str(event))
        groups[name].append(document)
    ordered = sorted(groups, key=lambda name: hashlib.sha256("\0".join(name).encode()).digest())
    return [tuple(sorted(groups[name], key=lambda d: d.id)) for name in ordered]


def make_folds(documents: Iterable[Document], count: int) -> list[Fold]:
    """Return `count` folds; documents about one event are in the same fold.

    Each group (see `group_by_event`) is added to the fold with the fewest words so far. Thus the
    sizes of two folds differ by at most the size of the largest group. Raises `DataError` if there
    are fewer groups than folds.
    """
    groups = group_by_event(documents)
    if len(groups) < count:
        what = f"{count} folds require at least {count} events; found {len(groups)}"
        fix = "Use fewer folds, or add documents about more events"
        raise DataError([Problem("few-events", what, fix)])
    folds: list[list[Document]] = [[] for _ in range(count)]
    sizes = [(0, 0, number) for number in range(count)]
    for group in groups:
        words, group_count, number = min(sizes)
        folds[number] += group
        sizes[number] = (words + sum(map(count_words, group)), group_count + 1, number)
    return [tuple(fold) for fold in folds]


def count_words(document: Document) -> int:
    """Return the number of words in a document; words are separated by white space."""
    return len(document.text.split())


@dataclass(frozen=True, slots=True)
class FoldTraining:
    """Settings for training one pipeline per fold.

    kind: "ner" or "relations". out: folder for the pipelines. overrides: config values by dotted
    key. excluded: ids of documents that are only held out, never used for training or development.
    """

    kind: str
    out: Path
    schema: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    excluded: Collection[str] = ()

    def train(self, folds: Sequence[Fold], *, log: IO[str]) -> Iterator[tuple[Language, Fold]]:
        """Yield, for each fold, a trained pipeline and the fold, which was held out from training.

        The development data are the next fold (the first fold if the last one is held out); the
        training data are all remaining folds. At least `MIN_FOLDS` folds are required. Pipelines
        that are up to date are not trained again.
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
