"""spaCy's `Example`s scored as documents are, and scorers for `spacy train` configs.

`evaluate(*from_spacy(examples))` gives the whole report. In a config:

    [components.ner.scorer]
    @scorers = "aloi.mention_scorer.v1"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from spacy.training import Example

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import to_document
from aloi.eval import items
from aloi.eval.columns import Annotations
from aloi.eval.items import Both
from aloi.eval.pairing import Pair, pair
from aloi.eval.scores import Scores, score

Scorer = Callable[..., dict[str, Any]]

NAMES = {"p": "precision", "r": "recall", "f": "f1"}


def from_spacy(examples: Iterable[Example]) -> tuple[list[Document], list[Document]]:
    """Gold and predicted documents of examples, numbered in their order.

    All mentions count: those of the span group `entities` where there is one, else `doc.ents`.
    """
    gold, pred = [], []
    for number, example in enumerate(examples):
        gold.append(to_document(example.reference, id_=str(number)))
        pred.append(to_document(example.predicted, id_=str(number)))
    return gold, pred


def make_mention_scorer() -> Scorer:
    """`aloi.mention_scorer.v1`: mentions right in start, end and label, nested ones included."""
    return lambda examples, **_: _scored(examples, "mentions", items.spans)


def make_relation_scorer() -> Scorer:
    """`aloi.relation_scorer.v1`: relations right in label, both ends and their labels.

    The component hands over which labels are `symmetric`.
    """

    def score_relations(
        examples: Iterable[Example], *, symmetric: frozenset[str] = frozenset(), **_: object
    ) -> dict[str, Any]:
        return _scored(
            examples,
            "relations",
            lambda both: items.relations(both, typed=True, symmetric=symmetric),
        )

    return score_relations


def _scored(
    examples: Iterable[Example], what: str, compared: Callable[[Pair], Both]
) -> dict[str, Any]:
    """Micro-averages and the ratios of each type, under the names spaCy gives such scores."""
    both = pair(*map(Annotations.of, from_spacy(examples)))
    labels = both.labels if what == "mentions" else both.relation_labels
    scores: Scores[Any] = score(*compared(both), documents=len(both), labels=labels)
    return {
        **{f"{what}_micro_{k}": scores.micro.ratios[name] for k, name in NAMES.items()},
        f"{what}_per_type": {
            label: {k: tally.ratios[name] for k, name in NAMES.items()}
            for label, tally in scores.types.items()
        },
    }
