"""A suspect: an annotation that is likely wrong, or that is likely missing from gold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

MAX_CONFIDENCE = 0.5
"""An annotation is suspect if its confidence is below this value."""

Confidences = dict[str, list[float]]
"""The probabilities of gold mentions or relations under held-out models, by label."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A likely error: the annotation in gold (`gold`) and the model's alternative (`model`).

    task: "entities" or "relations". kind: how gold differs from the model:

    - `missing`: the model predicts a mention or relation that gold does not contain;
    - `extra`: the model predicts nothing in place of the gold mention or relation;
    - `label`, `boundary`, `label and boundary`: the model predicts a mention with a different label
      or boundary;
    - `label`, `direction`: the model predicts a relation with a different label or direction
      between the same mentions.

    item: id of the gold mention, or head, label and tail of the relation; None for a missing
    mention. surface: text of the mention, or `head LABEL tail`. confidence: probability that gold
    is right, under a model not trained on the document. usual: mean confidence of gold annotations
    with the same label.
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
        """The confidence minus the usual confidence; the lower, the likelier an error."""
        return self.confidence - self.usual

    def to_json(self) -> dict[str, Any]:
        """Return the suspect as JSON values."""
        return {"score": self.score, **asdict(self)}


class DocumentSuspects(NamedTuple):
    """The suspects in a document, and the confidences of its gold annotations."""

    suspects: list[Suspect]
    confidences: Confidences


def rank_suspects(checked: Iterable[DocumentSuspects]) -> list[Suspect]:
    """Return the suspects with their usual confidence set, lowest score first."""
    suspects: list[Suspect] = []
    confidences: Confidences = defaultdict(list)
    for each in checked:
        suspects += each.suspects
        for label, values in each.confidences.items():
            confidences[label] += values
    usual = {label: sum(values) / len(values) for label, values in confidences.items()}
    weighed = (s if s.kind == "missing" else replace(s, usual=usual[s.gold]) for s in suspects)
    return sorted(weighed, key=lambda s: (s.score, s.document, s.context, s.surface))
