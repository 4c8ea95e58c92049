"""Scores of spaCy `Example` objects, and scorers for `spacy train` configs.

`evaluate(*from_spacy(examples))` returns the full report. In a config:

    [components.ner.scorer]
    @scorers = "aloi.mention_scorer.v1"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from spacy.training import Example

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import to_document
from aloi.eval.columns import Annotations
from aloi.eval.items import ItemPair, mention_items, relation_items
from aloi.eval.pairing import PairedAnnotations, pair_annotations
from aloi.eval.scores import Scores, score_items

Scorer = Callable[..., dict[str, Any]]

RATIO_NAMES = {"p": "precision", "r": "recall", "f": "f1"}
"""The name of each ratio by spaCy's abbreviation."""


def from_spacy(examples: Iterable[Example]) -> tuple[list[Document], list[Document]]:
    """Return the gold documents and the predicted documents of examples, with ids 0, 1, 2, …

    Mentions are taken from the span group `entities` if the doc has this group, otherwise from
    `doc.ents`.
    """
    gold, pred = [], []
    for number, example in enumerate(examples):
        gold.append(to_document(example.reference, id_=str(number)))
        pred.append(to_document(example.predicted, id_=str(number)))
    return gold, pred


def make_mention_scorer() -> Scorer:
    """Return the scorer `aloi.mention_scorer.v1`, which applies the scheme `exact` to mentions."""
    return lambda examples, **_: _score_examples(examples, "mentions", mention_items)


def make_relation_scorer() -> Scorer:
    """Return the scorer `aloi.relation_scorer.v1`, which applies the scheme `strict` to relations.

    The spaCy component passes the labels of symmetric relations to the scorer as `symmetric`.
    """

    def score_relations(
        examples: Iterable[Example], *, symmetric: frozenset[str] = frozenset(), **_: object
    ) -> dict[str, Any]:
        return _score_examples(
            examples,
            "relations",
            lambda pair: relation_items(pair, typed=True, symmetric=symmetric),
        )

    return score_relations


def _score_examples(
    examples: Iterable[Example], prefix: str, select: Callable[[PairedAnnotations], ItemPair]
) -> dict[str, Any]:
    """Return the micro averages and the ratios of each type, with keys in the style of spaCy."""
    pair = pair_annotations(*map(Annotations.of, from_spacy(examples)))
    labels = pair.labels if prefix == "mentions" else pair.relation_labels
    scores: Scores[Any] = score_items(*select(pair), documents=len(pair), labels=labels)
    return {
        **{f"{prefix}_micro_{k}": scores.micro.ratios[name] for k, name in RATIO_NAMES.items()},
        f"{prefix}_per_type": {
            label: {k: counts.ratios[name] for k, name in RATIO_NAMES.items()}
            for label, counts in scores.types.items()
        },
    }
