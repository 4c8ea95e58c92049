"""Folds of documents, and a pipeline trained for each on what it leaves out.

What a pipeline says of a document that it never learned from can be held against gold: scores
pooled over all folds are those of a cross-validation (Stone 1974).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from spacy.language import Language

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.models.training.job import prepare

Fold = tuple[Document, ...]


def by_event(documents: Iterable[Document]) -> list[Fold]:
    """The documents in groups of one `meta["event"]`, by the SHA-256 of the event's name.

    A document without one is a group by itself, under its id. Within a group they stand by id.
    """
    groups: dict[tuple[str, str], list[Document]] = defaultdict(list)
    for document in documents:
        event = document.meta.get("event")
        name = ("document", document.id) if event is None else ("event", str(event))
        groups[name].append(document)
    ordered = sorted(groups, key=lambda name: hashlib.sha256("\0".join(name).encode()).digest())
    return [tuple(sorted(groups[name], key=lambda d: d.id)) for name in ordered]


def folds(documents: Iterable[Document], count: int) -> list[Fold]:
    """The documents dealt out, those of one event together.

    Each group in turn (see `by_event`) goes to the fold that has the fewest words so far: no two
    folds differ by more words than the largest group has. Raises `DataError` if there are fewer
    groups than folds.
    """
    groups = by_event(documents)
    if len(groups) < count:
        what = f"{len(groups)} events cannot make {count} folds"
        raise DataError([Problem("few-events", what, "Ask for fewer folds, or add documents")])
    dealt: list[list[Document]] = [[] for _ in range(count)]
    sizes = [(0, 0, number) for number in range(count)]
    for group in groups:
        words, groups_held, number = min(sizes)
        dealt[number] += group
        sizes[number] = (words + sum(map(_words, group)), groups_held + 1, number)
    return [tuple(fold) for fold in dealt]


def _words(document: Document) -> int:
    return len(document.text.split())


@dataclass(frozen=True, slots=True)
class Rounds:
    """How pipelines are trained over folds: of what kind, in which folder, how.

    `untaught`: ids of documents that no pipeline may learn from; they are held out all the same.
    """

    kind: str
    out: Path
    schema: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    untaught: Collection[str] = ()

    def run(self, parts: Sequence[Fold], *, progress: IO[str]) -> Iterator[tuple[Language, Fold]]:
        """For each fold a pipeline that never saw it, and the fold.

        The fold after it, the first following the last, is the development data; the others are
        learned from, so that there must be three folds or more. A pipeline that stands in the
        folder, made from the same, is taken as it is.
        """
        taught = [[d for d in part if d.id not in self.untaught] for part in parts]
        for number, held_out in enumerate(parts):
            after = (number + 1) % len(parts)
            learned = [d for i, part in enumerate(taught) if i not in (number, after) for d in part]
            job = prepare(
                self.kind,
                self.out / f"{self.kind}-fold-{number + 1}-of-{len(parts)}",
                learned,
                taught[after],
                schema=self.schema,
                overrides=self.overrides,
            )
            yield job.resume(progress=progress), held_out
