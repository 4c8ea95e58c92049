"""How far annotators of the same texts agree, and where they do not.

Pairwise F1 (which of two is called gold changes nothing) over the documents both have; Cohen's
kappa (1960) for each two and Krippendorff's alpha (nominal; 2004, ch. 11) for all, over a named
set of items:

- `all`: every token of `aloi.corpus.formats.shared.tokens`, its category the label of the first
  outermost mention that shares a character with it, or `O`;
- `someone`: of these, the tokens that one of the annotators compared marked;
- `both`: the stretches that both marked exactly (for alpha: two or more of them); the category is
  the label, several on one stretch being one category together.

A document that an annotator does not have is missing, not empty. A coefficient that is not
defined is None and comes with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np

from aloi.corpus.formats.shared.tokens import tokenize
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema
from aloi.eval import items
from aloi.eval.columns import Annotations, Bools, Floats, Ints
from aloi.eval.counts import Counts
from aloi.eval.pairing import Pair, Side, pair
from aloi.eval.reports.sheets import Sheet, ratio
from aloi.eval.scores import Scores, score

MISSING = -1
"""The category of an item that an annotator did not judge."""

OUTSIDE = "O"
UNMARKED = "–"
CONTEXT = 30
"""Code points shown on either side of a disagreement."""

BRIEF = 12
"""The same in a sheet, whose lines are short."""

ITEM_SETS = ("all", "someone", "both")
SHOWN = 50
"""How many disagreements a sheet lists; the JSON has all."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient over so many items; None, with the `reason`, where it is not defined."""

    value: float | None
    items: int
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The coefficient as plain values."""
        return {"value": self.value, "items": self.items, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Two:
    """Two annotators over the documents both have: F1 by scheme, kappa by item set and by type.

    `kappa_types` are over all tokens, this label against everything else.
    """

    names: tuple[str, str]
    documents: int
    scores: dict[str, Scores[Counts]]
    kappa: dict[str, Coefficient]
    kappa_types: dict[str, Coefficient]

    def to_json(self) -> dict[str, Any]:
        """What the two agree on as plain values."""
        return {
            "annotators": list(self.names),
            "documents": self.documents,
            "f1": {name: _plain(scores) for name, scores in self.scores.items()},
            "kappa": {name: each.to_json() for name, each in self.kappa.items()},
            "kappa_types": {label: each.to_json() for label, each in self.kappa_types.items()},
        }


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A stretch of a document, in its context, and the mentions each annotator has there.

    `marked` is by annotator who has the document: (label, start, end) in code points.
    """

    document: str
    start: int
    end: int
    before: str
    text: str
    after: str
    marked: dict[str, tuple[tuple[str, int, int], ...]]

    @property
    def kind(self) -> tuple[str, ...]:
        """The labels that stand against each other, whoever gave them; `–` is no mention."""
        given = ("+".join(label for label, *_ in each) for each in self.marked.values())
        return tuple(sorted({labels or UNMARKED for labels in given}))

    def to_json(self) -> dict[str, Any]:
        """The disagreement as plain values."""
        return {
            "kind": list(self.kind),
            "document": self.document,
            "start": self.start,
            "end": self.end,
            "before": self.before,
            "text": self.text,
            "after": self.after,
            "marked": {name: [list(mark) for mark in each] for name, each in self.marked.items()},
        }


@dataclass(frozen=True)
class Agreement:
    """Agreement of annotators: of each two, of all, and what they disagree on.

    `disagreements` are of entities; the most frequent kinds come first.
    """

    annotators: dict[str, int]
    pairs: tuple[Two, ...]
    alpha: dict[str, Coefficient]
    alpha_types: dict[str, Coefficient]
    disagreements: tuple[Disagreement, ...] = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """The agreement as plain values."""
        return {
            "annotators": self.annotators,
            "pairs": [two.to_json() for two in self.pairs],
            "alpha": {name: each.to_json() for name, each in self.alpha.items()},
            "alpha_types": {label: each.to_json() for label, each in self.alpha_types.items()},
            "disagreements": [each.to_json() for each in self.disagreements],
        }

    def sheets(self) -> Iterator[Sheet]:
        """F1 and kappa of each two, alpha of all, and the first disagreements."""
        for two in self.pairs:
            title = f"{' and '.join(two.names)}: F1 over {two.documents} documents"
            yield Sheet(title, tuple(_f1_rows(two)), ("", "items", "F1"))
        rows = [
            (f"kappa, {' and '.join(two.names)}: {name}", *_cells(each))
            for two in self.pairs
            for name, each in (*two.kappa.items(), *two.kappa_types.items())
        ]
        rows += [
            (f"alpha: {name}", *_cells(each))
            for name, each in (*self.alpha.items(), *self.alpha_types.items())
        ]
        yield Sheet("chance-corrected agreement", tuple(rows), ("", "items", "value", "why not"))
        shown = self.disagreements[:SHOWN]
        names = tuple(self.annotators)
        title = f"disagreements, {len(shown)} of {len(self.disagreements)}: {' / '.join(names)}"
        listed = tuple(_disagreement_row(each, names) for each in shown)
        yield Sheet(title, listed, ("marked", "document", "text"))


def agree(annotators: Mapping[str, Annotations], *, schema: Schema | None = None) -> Agreement:
    """How far annotators agree; they need not all have every document.

    `schema` tells which relations are symmetric (without one, none is). Raises `DataError` where
    an annotator has a document twice, or with another text than the others.
    """
    _check(annotators)
    symmetric = schema.symmetric if schema else frozenset[str]()
    texts = _texts(annotators)
    labels = sorted({label for each in annotators.values() for label in each.labels})
    tokens = _token_matrix(annotators, texts, labels)
    spans = _span_matrix(annotators)
    rows = {name: row for row, name in enumerate(annotators)}
    pairs = []
    for one, other in combinations(annotators, 2):
        two = [rows[one], rows[other]]
        both = _shared(annotators[one], annotators[other])
        kappas, by_type = _coefficients(kappa, tokens[two], spans[two], labels)
        scores = _scores(both, symmetric)
        pairs.append(Two((one, other), len(both), scores, kappas, by_type))
    sizes = {name: len(each.ids) for name, each in annotators.items()}
    alphas = _coefficients(alpha, tokens, spans, labels)
    return Agreement(sizes, tuple(pairs), *alphas, disagreements(annotators))


def kappa(ratings: Ints) -> Coefficient:
    """Cohen's kappa of two rows of categories, over the items that both judged."""
    one, other = ratings[:, (ratings != MISSING).all(axis=0)]
    if not len(one):
        return Coefficient(None, 0, "nothing that both judged")
    size = int(max(one.max(), other.max())) + 1
    table = np.bincount(one * size + other, minlength=size**2).reshape(size, size)
    total = len(one)
    by_chance = float(table.sum(axis=0) @ table.sum(axis=1)) / total**2
    if np.count_nonzero(table.sum(axis=0) + table.sum(axis=1)) == 1:
        return Coefficient(None, total, "one category only")
    observed = float(np.trace(table)) / total
    return Coefficient((observed - by_chance) / (1 - by_chance), total)


def alpha(ratings: Ints) -> Coefficient:
    """Krippendorff's nominal alpha of annotators (rows), over items that two or more judged."""
    judged = ratings[:, (ratings != MISSING).sum(axis=0) > 1]
    if not judged.shape[1]:
        return Coefficient(None, 0, "nothing that two judged")
    categories = np.arange(int(judged.max()) + 1)
    counts: Floats = np.stack([(judged == c).sum(axis=0) for c in categories], axis=1).astype(float)
    judges = counts.sum(axis=1)
    agreeing = float(((counts * (counts - 1)).sum(axis=1) / (judges - 1)).sum())
    totals, values = counts.sum(axis=0), float(judges.sum())
    if np.count_nonzero(totals) == 1:
        return Coefficient(None, len(judges), "one category only")
    disagreeing = (values - agreeing) / values
    by_chance = 1 - float((totals * (totals - 1)).sum()) / (values * (values - 1))
    return Coefficient(1 - disagreeing / by_chance, len(judges))


def _coefficients(
    measure: Callable[[Ints], Coefficient], tokens: Ints, spans: Ints, labels: list[str]
) -> tuple[dict[str, Coefficient], dict[str, Coefficient]]:
    """A coefficient by item set, and over all tokens by type."""
    enough = tokens[:, (tokens != MISSING).sum(axis=0) > 1]
    sets = (enough, enough[:, (enough > 0).any(axis=0)], spans)
    by_type = {
        label: measure(np.where(enough == MISSING, MISSING, enough == number))
        for number, label in enumerate(labels, start=1)
    }
    return dict(zip(ITEM_SETS, map(measure, sets), strict=True)), by_type


def _check(annotators: Mapping[str, Annotations]) -> None:
    """Raise `DataError` with every document twice, or of two texts."""
    problems, texts = [], dict[str, tuple[str, str]]()
    for name, each in annotators.items():
        for id_, number in Counter(each.ids).items():
            if number > 1:
                what, fix = f"document id twice in {name}", "Give each document its own id"
                problems.append(Problem("document-id-twice", what, fix, id_))
        for id_, text in zip(each.ids, each.texts, strict=True):
            first, known = texts.setdefault(id_, (name, text))
            if known != text:
                what, fix = f"{name} has another text than {first}", "Annotate the same text"
                problems.append(Problem("different-text", what, fix, id_))
    if problems:
        raise DataError(problems)


def _token_matrix(
    annotators: Mapping[str, Annotations], texts: Mapping[str, str], labels: list[str]
) -> Ints:
    """Categories (annotators, tokens of all texts): 0 outside, then the labels, or missing."""
    cut = {
        id_: np.array(tokenize(text), dtype=np.int64).reshape(-1, 2) for id_, text in texts.items()
    }
    rows = [_token_row(each, cut, labels) for each in annotators.values()]
    return np.array(rows, dtype=np.int64).reshape(len(rows), sum(map(len, cut.values())))


def _token_row(each: Annotations, cut: Mapping[str, Ints], labels: list[str]) -> Ints:
    width = max(map(len, each.texts), default=0) + 1
    outer = each.mentions.take(np.flatnonzero(items.outermost(each.mentions, width)))
    start, end = (outer.document * width + side for side in (outer.start, outer.end))
    category = np.array([labels.index(x) + 1 for x in each.labels], dtype=np.int64)[outer.label]
    place = {id_: number for number, id_ in enumerate(each.ids)}
    row = [
        _covered(tokens + place[id_] * width, start, end, category)
        if id_ in place
        else np.full(len(tokens), MISSING)
        for id_, tokens in cut.items()
    ]
    return np.concatenate([np.zeros(0, dtype=np.int64), *row])


def _covered(tokens: Ints, start: Ints, end: Ints, category: Ints) -> Ints:
    """The category of the first mention that shares a character with each token, or 0.

    Outermost mentions in order have their ends in order too, so the first is found by searching.
    """
    first = np.searchsorted(end, tokens[:, 0], side="right")
    touched: Bools = np.append(start, np.iinfo(np.int64).max)[first] < tokens[:, 1]
    return np.where(touched, np.append(category, 0)[first], 0)


Marks = dict[tuple[str, int, int], list[str]]
"""The labels on each stretch: document, start, end."""


def _marks(each: Annotations) -> Marks:
    mentions, marks = each.mentions, Marks()
    columns = (mentions.document, mentions.start, mentions.end, mentions.label)
    for document, start, end, label in zip(*(x.tolist() for x in columns), strict=True):
        known = marks.setdefault((each.ids[document], start, end), [])
        if each.labels[label] not in known:
            known.append(each.labels[label])
    return marks


def _span_matrix(annotators: Mapping[str, Annotations]) -> Ints:
    """Categories (annotators, stretches someone marked), missing where one did not mark it."""
    marks = [_marks(each) for each in annotators.values()]
    place = {
        span: number for number, span in enumerate(sorted({s for each in marks for s in each}))
    }
    numbers: dict[tuple[str, ...], int] = {}
    matrix = np.full((len(marks), len(place)), MISSING)
    for row, each in enumerate(marks):
        for span, given in each.items():
            matrix[row, place[span]] = numbers.setdefault(tuple(sorted(given)), len(numbers))
    return matrix


def _shared(one: Annotations, other: Annotations) -> Pair:
    """The two over the documents both have."""
    known = set(one.ids) & set(other.ids)
    return pair(one.only(known), other.only(known))


def _scores(both: Pair, symmetric: frozenset[str]) -> dict[str, Scores[Counts]]:
    size = len(both)
    arcs = items.relations(both, typed=True, symmetric=symmetric)
    return {
        "entities, exact": score(*items.spans(both), documents=size, labels=both.labels),
        "entities, outermost": score(
            *items.outermost_spans(both), documents=size, labels=both.labels
        ),
        "entities, spans only": score(
            *items.spans(replace(both, gold=_unlabelled(both.gold), pred=_unlabelled(both.pred))),
            documents=size,
            labels=("span",),
        ),
        "relations, strict": score(*arcs, documents=size, labels=both.relation_labels),
    }


def _unlabelled(side: Side) -> Side:
    mentions = side.mentions
    return replace(side, mentions=replace(mentions, label=np.zeros_like(mentions.label)))


def _texts(annotators: Mapping[str, Annotations]) -> dict[str, str]:
    return {
        id_: text
        for each in annotators.values()
        for id_, text in zip(each.ids, each.texts, strict=True)
    }


def disagreements(annotators: Mapping[str, Annotations]) -> tuple[Disagreement, ...]:
    """Every stretch of mentions that touch and are not all agreed on, frequent kinds first."""
    found, texts = list[Disagreement](), _texts(annotators)
    marks = {name: _marks(each) for name, each in annotators.items()}
    having: dict[str, list[str]] = {}
    for name, each in annotators.items():
        for id_ in each.ids:
            having.setdefault(id_, []).append(name)
    spans: dict[str, list[tuple[int, int]]] = {}
    for id_, start, end in sorted({span for each in marks.values() for span in each}):
        given = [sorted(marks[name].get((id_, start, end), [])) for name in having[id_]]
        if any(labels != given[0] for labels in given):
            spans.setdefault(id_, []).append((start, end))
    for id_, apart in spans.items():
        for group in _touching(apart):
            marked = {
                name: tuple(
                    (label, *span) for span in group for label in marks[name].get((id_, *span), [])
                )
                for name in having[id_]
            }
            found.append(_shown(id_, texts[id_], group, marked))
    frequent = Counter(each.kind for each in found)
    return tuple(
        sorted(found, key=lambda x: (-frequent[x.kind], x.kind, x.document, x.start, x.end))
    )


def _touching(spans: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Spans in order, in groups that share characters."""
    group: list[tuple[int, int]] = []
    for span in spans:
        if group and span[0] >= max(end for _, end in group):
            yield group
            group = []
        group.append(span)
    yield group


def _shown(
    id_: str,
    text: str,
    group: list[tuple[int, int]],
    marked: dict[str, tuple[tuple[str, int, int], ...]],
) -> Disagreement:
    start, end = group[0][0], max(end for _, end in group)
    before, after = text[max(start - CONTEXT, 0) : start], text[end : end + CONTEXT]
    return Disagreement(id_, start, end, before, text[start:end], after, marked)


def _plain(scores: Scores[Counts]) -> dict[str, Any]:
    return {
        "types": {
            label: {**tally.plain(), "f1": tally.ratios["f1"]}
            for label, tally in scores.types.items()
        },
        "micro": {**scores.micro.plain(), "f1": scores.micro.ratios["f1"]},
    }


def _f1_rows(two: Two) -> Iterator[tuple[str, ...]]:
    for name, scores in two.scores.items():
        by_type = scores.types.items() if name != "entities, spans only" else ()
        for label, tally in (*by_type, ("micro", scores.micro)):
            yield f"{name}: {label}", str(sum(tally.plain().values())), ratio(tally.ratios["f1"])


def _cells(each: Coefficient) -> tuple[str, str, str]:
    return str(each.items), ratio(each.value), each.reason or ""


def _disagreement_row(each: Disagreement, names: tuple[str, ...]) -> tuple[str, str, str]:
    """What each annotator marked, in their order; blank for one who has not the document."""
    marks = [
        "+".join(label for label, *_ in each.marked[name]) or UNMARKED
        if name in each.marked
        else ""
        for name in names
    ]
    shown = f"{each.before[-BRIEF:]}[{each.text[: 2 * BRIEF]}]{each.after[:BRIEF]}"
    return " / ".join(marks), each.document, " ".join(shown.split())
