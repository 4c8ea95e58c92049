"""A suspect: an annotation, present or missing, that is likely an error."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

MAX_CONFIDENCE = 0.5
"""An annotation with a confidence below this is suspect."""

Confidences = dict[str, list[float]]
"""The held-out probabilities of gold mentions or relations, by label."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A likely error: what gold has (`gold`) and what the model would have instead (`model`).

    task: "entities" or "relations". kind, of mentions: `label`, `boundary` or `label and boundary`
    if the model has another mention in its place, `extra` if it has none, `missing` if gold has
    none. Of relations between gold mentions: `label` or `direction` if the model has another,
    `extra`, `missing`. item: id of the gold mention, or head, label and tail of the relation;
    None for a missing mention. surface: text of the mention, or `head LABEL tail`. confidence:
    held-out probability that gold is right. usual: average confidence of gold annotations with
    the label.
    """

    confidence: float
    task: str
    kind: str
    document: str
    item: str | None
    surface: str
    context: str
    gold: str
    model: str
    usual: float = 1.0

    @property
    def score(self) -> float:
        """The confidence minus the usual one; lower scores are likelier errors."""
        return self.confidence - self.usual

    def to_json(self) -> dict[str, Any]:
        """Return the suspect as plain values."""
        return {"score": self.score, **asdict(self)}


class DocumentSuspects(NamedTuple):
    """The suspects in a document, and the confidences of its gold annotations."""

    suspects: list[Suspect]
    confidences: Confidences


def rank_suspects(checked: Iterable[DocumentSuspects]) -> list[Suspect]:
    """Return the suspects of all documents with their usual confidence, lowest score first."""
    suspects: list[Suspect] = []
    confidences: Confidences = defaultdict(list)
    for each in checked:
        suspects += each.suspects
        for label, values in each.confidences.items():
            confidences[label] += values
    usual = {label: sum(values) / len(values) for label, values in confidences.items()}
    weighed = (s if s.kind == "missing" else replace(s, usual=usual[s.gold]) for s in suspects)
    return sorted(weighed, key=lambda s: (s.score, s.document, s.context, s.surface))
