"""Groups of mentions by how the training documents contain them, as in ExplainaBoard.

All groups are by the surface of a mention; letter case is ignored.

- *surface in training*: the surface occurs with the same type, only with other types, or not at
  all.
- *training frequency*: the number of mentions with this surface, of any type.
- *label consistency*: the share of these mentions that have the same type. Unseen surfaces are in
  no group.
- *unknown words*: whether none, some or all words of the surface are missing in the training texts.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from aloi.eval.columns import Annotations

SEEN_SLICE = "surface in training"
"""The name of the slice that compares seen with unseen surfaces."""

SEEN = "seen"
"""The group of mentions with a surface that a training mention of the same type has."""

UNSEEN = "unseen"
"""The group of mentions with a surface that no training mention has."""

FREQUENCIES = {1: "1", 2: "2 to 4", 5: "5 to 19", 20: "20 or more"}
"""The groups of training frequencies by their lowest number."""

_WORD = re.compile(r"\w+")

SurfaceRule = Callable[[str, str], str | None]
"""A function that returns the group of a surface (case-folded) with a label."""


@dataclass(frozen=True)
class TrainingSurfaces:
    """The numbers of training mentions by surface and label, and the words of the texts."""

    labels: dict[str, Counter[str]]
    words: frozenset[str]

    @classmethod
    def of(cls, train: Annotations) -> TrainingSurfaces:
        """Return the surfaces and words of the training documents."""
        labels: dict[str, Counter[str]] = defaultdict(Counter)
        numbers = train.mentions.label.tolist()
        for (document, start, end), label in zip(train.mentions.spans(), numbers, strict=True):
            surface = train.texts[document][start:end].casefold()
            labels[surface][train.labels[label]] += 1
        words = (word for text in train.texts for word in _WORD.findall(text.casefold()))
        return cls(dict(labels), frozenset(words))

    def rules(self) -> dict[str, SurfaceRule]:
        """Return the rule of each slice by name."""
        return {
            SEEN_SLICE: self._seen,
            "training frequency": self._frequency,
            "label consistency": self._consistency,
            "unknown words": self._unknown_words,
        }

    def _counts(self, surface: str) -> Counter[str]:
        return self.labels.get(surface) or Counter()

    def _seen(self, surface: str, label: str) -> str:
        counts = self._counts(surface)
        if label in counts:
            return SEEN
        return "seen as another type" if counts else UNSEEN

    def _frequency(self, surface: str, label: str) -> str:
        total = self._counts(surface).total()
        return next((FREQUENCIES[low] for low in reversed(FREQUENCIES) if total >= low), UNSEEN)

    def _consistency(self, surface: str, label: str) -> str | None:
        counts = self._counts(surface)
        if not counts:
            return None
        share = counts[label] / counts.total()
        if share in (0, 1):
            return "always this type" if share else "never this type"
        return "mostly this type" if share > 1 / 2 else "at most half this type"

    def _unknown_words(self, surface: str, label: str) -> str:
        unknown = [word not in self.words for word in _WORD.findall(surface)]
        if not any(unknown):
            return "none"
        return "all" if all(unknown) else "some"
