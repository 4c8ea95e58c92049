"""Agreement between annotators of the same texts.

A report contains F1 and Cohen's kappa for each pair of annotators, and Krippendorff's alpha for all
annotators. F1 is computed over the documents that both annotators have annotated. It does not
depend on which annotator is taken as gold. Kappa and alpha are computed over three sets of items:

- `all`: every token, as split by `aloi.corpus.formats.shared.tokens`. The category of a token is
  the label of the first outermost mention that overlaps the token, or "no mention".
- `someone`: the tokens that overlap a mention of at least one of the compared annotators. The
  categories are those of `all`.
- `both`: the spans that both annotators (for alpha: at least two annotators) have marked as
  mentions. The category of a span is the set of its labels.

If an annotator has not annotated a document, the ratings of this annotator are missing data. The
document does not count as a document without mentions. An undefined coefficient is None, with a
reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema
from aloi.eval.agreement.coefficients import (
    MISSING,
    Coefficient,
    cohen_kappa,
    krippendorff_alpha,
)
from aloi.eval.agreement.mention_disagreements import (
    NO_MENTION,
    MentionDisagreement,
    find_mention_disagreements,
)
from aloi.eval.agreement.ratings import span_ratings, token_ratings
from aloi.eval.columns import Annotations, Ints
from aloi.eval.items import mention_items, outermost_items, relation_items
from aloi.eval.pairing import PairedAnnotations, Side, pair_annotations
from aloi.eval.reports.sheets import Sheet, format_ratio
from aloi.eval.score_counts import Counts
from aloi.eval.scores import Scores, score_items

ITEM_SETS = ("all", "someone", "both")
"""The names of the item sets over which a coefficient is computed."""

SPANS_ONLY = "entities, spans only"
"""The scheme that ignores the labels of mentions."""

MAX_LISTED_DISAGREEMENTS = 50
"""The largest number of disagreements in a table; the JSON contains all disagreements."""

CELL_CONTEXT_LENGTH = 12
"""Code points of context on either side of a disagreement in a table.

The text of the disagreement is cut to twice this length.
"""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """The agreement of two annotators on the documents that both annotators have annotated.

    `scores` contains the scores by scheme, and `kappa` contains kappa by item set. `kappa_types`
    contains kappa by label. Tokens with this label form one category, and all other tokens form
    the other category.
    """

    names: tuple[str, str]
    documents: int
    scores: dict[str, Scores[Counts]]
    kappa: dict[str, Coefficient]
    kappa_types: dict[str, Coefficient]

    @property
    def title(self) -> str:
        """The names of the two annotators, joined by `and`."""
        return " and ".join(self.names)

    def to_json(self) -> dict[str, Any]:
        """Return the agreement as JSON values."""
        return {
            "annotators": list(self.names),
            "documents": self.documents,
            "f1": {name: _scores_to_json(scores) for name, scores in self.scores.items()},
            "kappa": {name: each.to_json() for name, each in self.kappa.items()},
            "kappa_types": {label: each.to_json() for label, each in self.kappa_types.items()},
        }


@dataclass(frozen=True)
class AgreementReport:
    """The agreement of each pair of annotators, the agreement of all annotators, and disagreements.

    `annotators` contains the number of documents by annotator name. `disagreements` contains the
    passages with different mentions; the most frequent kinds of disagreement come first.
    """

    annotators: dict[str, int]
    pairs: tuple[PairAgreement, ...]
    alpha: dict[str, Coefficient]
    alpha_types: dict[str, Coefficient]
    disagreements: tuple[MentionDisagreement, ...] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return the agreement as JSON values."""
        return {
            "annotators": self.annotators,
            "pairs": [pair.to_json() for pair in self.pairs],
            "alpha": {name: each.to_json() for name, each in self.alpha.items()},
            "alpha_types": {label: each.to_json() for label, each in self.alpha_types.items()},
            "disagreements": [each.to_json() for each in self.disagreements],
        }

    def sheets(self) -> Iterator[Sheet]:
        """Yield tables of the F1 of each pair, of all coefficients, and of disagreements."""
        for pair in self.pairs:
            title = f"{pair.title}: F1 over {pair.documents} documents"
            yield Sheet(title, tuple(_f1_rows(pair)), ("", "items", "F1"))
        columns = ("", "items", "value", "undefined because")
        yield Sheet("chance-corrected agreement", tuple(self._coefficient_rows()), columns)
        listed = self.disagreements[:MAX_LISTED_DISAGREEMENTS]
        names = tuple(self.annotators)
        title = f"disagreements, {len(listed)} of {len(self.disagreements)}: {' / '.join(names)}"
        rows = tuple(_disagreement_row(each, names) for each in listed)
        yield Sheet(title, rows, ("marked", "document", "text"))

    def _coefficient_rows(self) -> Iterator[tuple[str, ...]]:
        for pair in self.pairs:
            for name, each in (*pair.kappa.items(), *pair.kappa_types.items()):
                yield (f"kappa, {pair.title}: {name}", *_coefficient_cells(each))
        for name, each in (*self.alpha.items(), *self.alpha_types.items()):
            yield (f"alpha: {name}", *_coefficient_cells(each))


def measure_agreement(
    annotators: Mapping[str, Annotations], *, schema: Schema | None = None
) -> AgreementReport:
    """Return the agreement between annotators; they need not have annotated the same documents.

    `schema` determines which relations are symmetric (default: none). Raises `DataError` if an
    annotator has two documents with the same id, or if two annotators have different texts for the
    same document.
    """
    _check_documents(annotators)
    symmetric = schema.symmetric if schema else frozenset[str]()
    labels = sorted({label for each in annotators.values() for label in each.labels})
    tokens, spans = token_ratings(annotators, labels), span_ratings(annotators)
    rows = {name: row for row, name in enumerate(annotators)}
    pairs = []
    for one, other in combinations(annotators, 2):
        both = [rows[one], rows[other]]
        pair = _pair_shared_documents(annotators[one], annotators[other])
        kappas, by_type = _coefficients(cohen_kappa, tokens[both], spans[both], labels)
        scores = _pair_scores(pair, symmetric)
        pairs.append(PairAgreement((one, other), len(pair), scores, kappas, by_type))
    sizes = {name: len(each.ids) for name, each in annotators.items()}
    alphas = _coefficients(krippendorff_alpha, tokens, spans, labels)
    disagreements = find_mention_disagreements(annotators)
    return AgreementReport(sizes, tuple(pairs), *alphas, disagreements)


def _coefficients(
    measure: Callable[[Ints], Coefficient], tokens: Ints, spans: Ints, labels: list[str]
) -> tuple[dict[str, Coefficient], dict[str, Coefficient]]:
    """Return the coefficients by item set, and the coefficients over all tokens by label."""
    rated = tokens[:, (tokens != MISSING).sum(axis=0) > 1]
    item_sets = (rated, rated[:, (rated > 0).any(axis=0)], spans)
    by_type = {
        label: measure(np.where(rated == MISSING, MISSING, rated == number))
        for number, label in enumerate(labels, start=1)
    }
    return dict(zip(ITEM_SETS, map(measure, item_sets), strict=True)), by_type


def _check_documents(annotators: Mapping[str, Annotations]) -> None:
    """Raise `DataError` if an annotator repeats an id or if a document has different texts."""
    problems = [
        *(each for name, columns in annotators.items() for each in _repeated_ids(name, columns)),
        *_different_texts(annotators),
    ]
    if problems:
        raise DataError(problems)


def _repeated_ids(name: str, annotations: Annotations) -> Iterator[Problem]:
    for id_, number in Counter(annotations.ids).items():
        if number > 1:
            what = f"several documents of annotator {name!r} have this id"
            fix = "Give each document a unique id"
            yield Problem("document-id-twice", what, fix, id_)


def _different_texts(annotators: Mapping[str, Annotations]) -> Iterator[Problem]:
    texts = dict[str, tuple[str, str]]()
    for name, each in annotators.items():
        for id_, text in zip(each.ids, each.texts, strict=True):
            first, first_text = texts.setdefault(id_, (name, text))
            if first_text != text:
                what = f"annotators {first!r} and {name!r} have different texts for this document"
                fix = "Use the same text of this document for all annotators"
                yield Problem("different-text", what, fix, id_)


def _pair_shared_documents(one: Annotations, other: Annotations) -> PairedAnnotations:
    """Return the annotations of the documents that both annotators have annotated."""
    shared = set(one.ids) & set(other.ids)
    return pair_annotations(one.select(shared), other.select(shared))


def _pair_scores(pair: PairedAnnotations, symmetric: frozenset[str]) -> dict[str, Scores[Counts]]:
    """Return the scores by scheme, with the first annotator of the pair as gold."""
    unlabelled = replace(pair, gold=_without_labels(pair.gold), pred=_without_labels(pair.pred))
    relations = relation_items(pair, typed=True, symmetric=symmetric)
    schemes = {
        "entities, exact": (mention_items(pair), pair.labels),
        "entities, outermost": (outermost_items(pair), pair.labels),
        SPANS_ONLY: (mention_items(unlabelled), ("span",)),
        "relations, strict": (relations, pair.relation_labels),
    }
    return {
        name: score_items(*items, documents=len(pair), labels=labels)
        for name, (items, labels) in schemes.items()
    }


def _without_labels(side: Side) -> Side:
    mentions = side.mentions
    return replace(side, mentions=replace(mentions, label=np.zeros_like(mentions.label)))


def _scores_to_json(scores: Scores[Counts]) -> dict[str, Any]:
    return {
        "types": {
            label: {**counts.as_dict(), "f1": counts.ratios["f1"]}
            for label, counts in scores.types.items()
        },
        "micro": {**scores.micro.as_dict(), "f1": scores.micro.ratios["f1"]},
    }


def _f1_rows(pair: PairAgreement) -> Iterator[tuple[str, ...]]:
    for name, scores in pair.scores.items():
        by_type = scores.types.items() if name != SPANS_ONLY else ()
        for label, counts in (*by_type, ("micro", scores.micro)):
            items = sum(counts.as_dict().values())
            yield f"{name}: {label}", str(items), format_ratio(counts.ratios["f1"])


def _coefficient_cells(coefficient: Coefficient) -> tuple[str, str, str]:
    return str(coefficient.items), format_ratio(coefficient.value), coefficient.reason or ""


def _disagreement_row(
    disagreement: MentionDisagreement, names: tuple[str, ...]
) -> tuple[str, str, str]:
    """Return three table cells: the labels of all annotators, the document id, and the text.

    If an annotator has not annotated the document, the labels of this annotator are empty.
    """
    labels = [
        "+".join(label for label, *_ in disagreement.marked[name]) or NO_MENTION
        if name in disagreement.marked
        else ""
        for name in names
    ]
    before = disagreement.before[-CELL_CONTEXT_LENGTH:]
    text = disagreement.text[: 2 * CELL_CONTEXT_LENGTH]
    after = disagreement.after[:CELL_CONTEXT_LENGTH]
    excerpt = " ".join(f"{before}[{text}]{after}".split())
    return " / ".join(labels), disagreement.document, excerpt
