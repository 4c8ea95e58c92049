"""Agreement between annotators of the same texts.

A report contains F1, Cohen's kappa and Gwet's AC1 for each pair of annotators, the means of these
values over the pairs, and Krippendorff's alpha and Gwet's AC1 for all annotators. F1 is computed
over the documents that both annotators have annotated. It does not depend on which annotator is
taken as gold. The coefficients are computed over three sets of items:

- `all`: every token, as split by `aloi.corpus.formats.shared.tokens`. The category of a token is
  the label of the first outermost mention that overlaps the token, or "no mention".
- `someone`: the tokens that overlap a mention of at least one of the compared annotators. The
  categories are those of `all`.
- `both`: the spans that both annotators (for alpha: at least two annotators) have marked as
  mentions. The category of a span is the set of its labels.

The agreement of each pair on refs is measured as well (`aloi.eval.agreement.ref_agreement`).

If an annotator has not annotated a document, the ratings of this annotator are missing data. The
document does not count as a document without mentions. An undefined coefficient is None, with a
reason. Intervals are bootstrap intervals over documents (see `aloi.eval.statistics.intervals`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.schema import Schema
from aloi.eval.agreement.coefficients import Coefficient
from aloi.eval.agreement.mention_disagreements import (
    NO_MENTION,
    MentionDisagreement,
    find_mention_disagreements,
)
from aloi.eval.agreement.pair_scores import (
    SPANS_ONLY,
    f1_mean_intervals,
    pair_shared_documents,
    score_pair,
)
from aloi.eval.agreement.rating_sets import ITEM_SETS, RatingSets
from aloi.eval.agreement.ratings import labels_by_span, span_ratings, texts_by_id, token_ratings
from aloi.eval.agreement.ref_agreement import (
    ALL_LABELS,
    RefAgreement,
    measure_ref_agreement,
    ref_sheet,
)
from aloi.eval.columns import Annotations
from aloi.eval.reports.sheets import Sheet, format_ratio
from aloi.eval.score_counts import Counts
from aloi.eval.scores import Scores
from aloi.eval.statistics.intervals import (
    MIN_DOCUMENTS,
    Interval,
    Intervals,
    bootstrap_intervals,
)

MEASURE_NAMES = {"f1": "F1", "kappa": "kappa", "ac1": "AC1"}
"""The names of the measures of a pair in tables, by JSON key."""

MAX_LISTED_DISAGREEMENTS = 50
"""The largest number of disagreements in a table; the JSON contains all disagreements."""

CELL_CONTEXT_LENGTH = 12
"""Code points of context on either side of a disagreement in a table.

The text of the disagreement is cut to twice this length.
"""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """The agreement of two annotators on the documents that both annotators have annotated.

    `scores` contains the scores by scheme, and `intervals` their intervals if a bootstrap was
    requested. `kappa` and `ac1` contain coefficients by item set. `kappa_types` contains kappa by
    label. Tokens with this label form one category, and all other tokens form
    the other category. `refs` contains the agreement on refs over all mentions and by label.
    """

    names: tuple[str, str]
    documents: int
    scores: dict[str, Scores[Counts]]
    intervals: dict[str, Intervals]
    kappa: dict[str, Coefficient]
    ac1: dict[str, Coefficient]
    kappa_types: dict[str, Coefficient]
    refs: dict[str, RefAgreement]

    @property
    def title(self) -> str:
        """The names of the two annotators, joined by `and`."""
        return " and ".join(self.names)

    def to_json(self) -> dict[str, Any]:
        """Return the agreement as JSON values."""
        return {
            "annotators": list(self.names),
            "documents": self.documents,
            "f1": {
                name: _scores_to_json(scores, self.intervals.get(name))
                for name, scores in self.scores.items()
            },
            "kappa": {name: each.to_json() for name, each in self.kappa.items()},
            "ac1": {name: each.to_json() for name, each in self.ac1.items()},
            "kappa_types": {label: each.to_json() for label, each in self.kappa_types.items()},
            "refs": {label: each.to_json() for label, each in self.refs.items()},
        }


@dataclass(frozen=True)
class AgreementReport:
    """The agreement of each pair of annotators, the agreement of all annotators, and disagreements.

    `annotators` contains the number of documents by annotator name. `mean_intervals` contains the
    intervals of `pair_means` if a bootstrap was requested. `disagreements` contains the passages
    with different mentions; the most frequent kinds of disagreement come first.
    """

    annotators: dict[str, int]
    pairs: tuple[PairAgreement, ...]
    mean_intervals: dict[str, dict[str, Interval]]
    alpha: dict[str, Coefficient]
    ac1: dict[str, Coefficient]
    alpha_types: dict[str, Coefficient]
    disagreements: tuple[MentionDisagreement, ...] = field(repr=False)

    def pair_means(self) -> dict[str, dict[str, float | None]]:
        """Return the means over the pairs of annotators: micro F1 by scheme, kappa and AC1 by set.

        A pair with an undefined value does not count. The mean is None if there is no other pair.
        """
        if not self.pairs:
            return {}
        return {
            "f1": {
                name: _mean([pair.scores[name].micro.ratios["f1"] for pair in self.pairs])
                for name in self.pairs[0].scores
            },
            "kappa": {
                name: _mean([pair.kappa[name].value for pair in self.pairs]) for name in ITEM_SETS
            },
            "ac1": {
                name: _mean([pair.ac1[name].value for pair in self.pairs]) for name in ITEM_SETS
            },
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the values must know: the pairs with few common documents."""
        return tuple(
            f"agreement of {pair.title} is measured on {count_noun(pair.documents, 'document')}, "
            f"fewer than {MIN_DOCUMENTS}: other documents may give other values"
            for pair in self.pairs
            if pair.documents < MIN_DOCUMENTS
        )

    def to_json(self) -> dict[str, Any]:
        """Return the agreement as JSON values."""
        return {
            "annotators": self.annotators,
            "warnings": list(self.warnings),
            "pairs": [pair.to_json() for pair in self.pairs],
            "pair_means": self.pair_means(),
            **({"pair_means_ci": self._mean_bounds()} if self.mean_intervals else {}),
            "ac1": {name: each.to_json() for name, each in self.ac1.items()},
            "alpha": {name: each.to_json() for name, each in self.alpha.items()},
            "alpha_types": {label: each.to_json() for label, each in self.alpha_types.items()},
            "disagreements": [each.to_json() for each in self.disagreements],
        }

    def _mean_bounds(self) -> dict[str, dict[str, list[float | None]]]:
        return {
            measure: {name: [each.low, each.high] for name, each in intervals.items()}
            for measure, intervals in self.mean_intervals.items()
        }

    def sheets(self) -> Iterator[Sheet]:
        """Yield tables of F1 and refs of each pair, of all coefficients, and of disagreements."""
        for pair in self.pairs:
            title = f"{pair.title}: F1 over {pair.documents} documents"
            yield Sheet(title, tuple(_f1_rows(pair)), ("", "items", "F1"))
            if pair.refs[ALL_LABELS].mentions:
                yield ref_sheet(f"{pair.title}: refs of the mentions that both marked", pair.refs)
        if len(self.pairs) > 1:
            yield Sheet(
                f"means over {len(self.pairs)} pairs", tuple(self._mean_rows()), ("", "mean")
            )
        columns = ("", "items", "value", "undefined because")
        yield Sheet("chance-corrected agreement", tuple(self._coefficient_rows()), columns)
        listed = self.disagreements[:MAX_LISTED_DISAGREEMENTS]
        names = tuple(self.annotators)
        title = f"disagreements, {len(listed)} of {len(self.disagreements)}: {' / '.join(names)}"
        rows = tuple(_disagreement_row(each, names) for each in listed)
        yield Sheet(title, rows, ("marked", "document", "text"))

    def _mean_rows(self) -> Iterator[tuple[str, ...]]:
        for measure, means in self.pair_means().items():
            for name, value in means.items():
                interval = self.mean_intervals.get(measure, {}).get(name)
                yield f"{MEASURE_NAMES[measure]}, {name}", format_ratio(value, interval)

    def _coefficient_rows(self) -> Iterator[tuple[str, ...]]:
        for pair in self.pairs:
            for name, each in (*pair.kappa.items(), *pair.kappa_types.items()):
                yield (f"kappa, {pair.title}: {name}", *_coefficient_cells(each))
            for name, each in pair.ac1.items():
                yield (f"AC1, {pair.title}: {name}", *_coefficient_cells(each))
        for name, each in self.ac1.items():
            if not _repeats(self.pairs, name, each):
                yield (f"AC1: {name}", *_coefficient_cells(each))
        for name, each in (*self.alpha.items(), *self.alpha_types.items()):
            yield (f"alpha: {name}", *_coefficient_cells(each))


def _repeats(pairs: Sequence[PairAgreement], name: str, ac1: Coefficient) -> bool:
    """Return whether AC1 of all annotators is that of the only pair, on the same items."""
    if len(pairs) != 1:
        return False
    own = pairs[0].ac1[name]
    return (own.value, own.items) == (ac1.value, ac1.items)


def measure_agreement(
    annotators: Mapping[str, Annotations],
    *,
    schema: Schema | None = None,
    bootstrap: int = 0,
    seed: int = 0,
) -> AgreementReport:
    """Return the agreement between annotators; they need not have annotated the same documents.

    `schema` determines which relations are symmetric (default: none). `bootstrap` is the number of
    replicates for intervals (0: no intervals), and `seed` is their random seed. Raises `DataError`
    if an annotator has two documents with the same id, or if two annotators have different texts
    for the same document.
    """
    _check_documents(annotators)
    symmetric = schema.symmetric if schema else frozenset[str]()
    labels = sorted({label for each in annotators.values() for label in each.labels})
    spans = {name: labels_by_span(each) for name, each in annotators.items()}
    ratings = token_ratings(annotators, labels), span_ratings(annotators, spans)
    sets = RatingSets(*ratings, labels, bootstrap, seed)
    numbers = {id_: number for number, id_ in enumerate(texts_by_id(annotators))}
    pairs, counts, scored = [], [], []
    for rows in combinations(range(len(annotators)), 2):
        one, other = (list(annotators)[row] for row in rows)
        pair = pair_shared_documents(annotators[one], annotators[other])
        scores = score_pair(pair, symmetric)
        intervals = {
            name: bootstrap_intervals(each, replicates=bootstrap, seed=seed)
            for name, each in (scores.items() if bootstrap else ())
        }
        shared = [numbers[id_] for id_ in pair.ids]
        counts.append(sets.count_pair(rows))
        scored.append((pair.ids, scores))
        measured = sets.pair_coefficients(counts[-1], shared)
        refs = measure_ref_agreement(pair, bootstrap=bootstrap, seed=seed)
        pairs.append(PairAgreement((one, other), len(pair), scores, intervals, *measured, refs))
    sizes = {name: len(each.ids) for name, each in annotators.items()}
    copies = Counter(id_ for each in annotators.values() for id_ in each.ids)
    ids = sorted(id_ for id_, number in copies.items() if number > 1)
    shared = [numbers[id_] for id_ in ids]
    means: dict[str, dict[str, Interval]] = {}
    if bootstrap and pairs:
        f1 = f1_mean_intervals(scored, ids, bootstrap=bootstrap, seed=seed)
        means = {"f1": f1, **sets.mean_intervals(counts, shared)}
    disagreements = find_mention_disagreements(annotators, spans)
    group = sets.group_coefficients(shared)
    return AgreementReport(sizes, tuple(pairs), means, *group, disagreements)


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


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


def _scores_to_json(scores: Scores[Counts], intervals: Intervals | None) -> dict[str, Any]:
    types = intervals.types if intervals else {}
    return {
        "types": {
            label: _counts_to_json(counts, types.get(label))
            for label, counts in scores.types.items()
        },
        "micro": _counts_to_json(scores.micro, intervals.micro if intervals else None),
    }


def _counts_to_json(counts: Counts, intervals: Mapping[str, Interval] | None) -> dict[str, Any]:
    bounds = {"ci": [intervals["f1"].low, intervals["f1"].high]} if intervals else {}
    return {**counts.as_dict(), "f1": counts.ratios["f1"], **bounds}


def _f1_rows(pair: PairAgreement) -> Iterator[tuple[str, ...]]:
    for name, scores in pair.scores.items():
        found = pair.intervals.get(name)
        intervals = {**found.types, "micro": found.micro} if found else {}
        by_type = scores.types.items() if name != SPANS_ONLY else ()
        for label, counts in (*by_type, ("micro", scores.micro)):
            items = sum(counts.as_dict().values())
            interval = intervals[label]["f1"] if intervals else None
            yield f"{name}: {label}", str(items), format_ratio(counts.ratios["f1"], interval)


def _coefficient_cells(coefficient: Coefficient) -> tuple[str, str, str]:
    value = format_ratio(coefficient.value, coefficient.interval)
    return str(coefficient.items), value, coefficient.reason or ""


def _disagreement_row(
    disagreement: MentionDisagreement, names: tuple[str, ...]
) -> tuple[str, str, str]:
    """Return three table cells: the mentions of all annotators, the document id, and the text.

    A mention is its label; if the boundaries differ, also its text. If an annotator has not
    annotated the document, the mentions of this annotator are empty.
    """
    labels = [_marked_cell(disagreement, name) for name in names]
    before = disagreement.before[-CELL_CONTEXT_LENGTH:]
    text = disagreement.text[: 2 * CELL_CONTEXT_LENGTH]
    after = disagreement.after[:CELL_CONTEXT_LENGTH]
    excerpt = " ".join(f"{before}[{text}]{after}".split())
    return " / ".join(labels), disagreement.document, excerpt


def _marked_cell(disagreement: MentionDisagreement, name: str) -> str:
    """Return the mentions of an annotator, or a dash if there are none."""
    if name not in disagreement.marked:
        return ""
    boundaries = {(start, end) for each in disagreement.marked.values() for _, start, end in each}
    mentions = disagreement.marked[name]
    if len(boundaries) == 1:
        return "+".join(label for label, *_ in mentions) or NO_MENTION
    cells = (f"{label} «{_surface(disagreement, start, end)}»" for label, start, end in mentions)
    return "+".join(cells) or NO_MENTION


def _surface(disagreement: MentionDisagreement, start: int, end: int) -> str:
    """Return the text of a mention on one line; a long text is cut in the middle."""
    text = disagreement.text[start - disagreement.start : end - disagreement.start]
    line = " ".join(text.split())
    half = CELL_CONTEXT_LENGTH
    return line if len(line) <= 2 * half else f"{line[:half]}…{line[-half:]}"
