"""Agreement of annotators: coefficients, disagreements, and each annotator's amount of work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from aloi.annotation.compare.anchoring import Anchoring, measure_anchoring
from aloi.annotation.compare.content import EMPTY_SCHEMA, DocumentContent, extract_content
from aloi.annotation.compare.disagreements import (
    ENDS,
    MENTION,
    RELATION,
    PassDisagreement,
    find_differing_ends,
    find_disagreements,
    format_values,
    shorten_surface,
    sort_by_frequency,
)
from aloi.annotation.compare.passes import Passes, PassWork, group_by_document, measure_work
from aloi.corpus.document import Document
from aloi.corpus.schema import Schema
from aloi.eval.agreement import annotator_agreement
from aloi.eval.columns import Annotations
from aloi.eval.reports.sheets import Sheet, format_ratio


@dataclass(frozen=True, slots=True)
class ValueAgreement:
    """The agreement of two annotators on the values of a ref or attribute.

    Only mentions and relations that both annotators marked are counted. `value` is `ref` or the
    name of an attribute. `items` is the number of mentions and relations for which at least one
    annotator set a value. `same` is the number for which both annotators set the same value.
    """

    annotators: tuple[str, str]
    value: str
    items: int
    same: int

    def to_json(self) -> dict[str, Any]:
        """Return the counts as a dict for JSON."""
        names = list(self.annotators)
        return {"annotators": names, "value": self.value, "items": self.items, "same": self.same}


@dataclass(frozen=True)
class PassAgreement:
    """The agreement of annotators, and each annotator's amount of work.

    `coefficients` also contains the disagreements on mentions. `values` contains one entry per pair
    of annotators and ref or attribute. `disagreements` contains the disagreements on values and
    relations of mentions that two or more annotators marked, and the relations whose ends have
    different types or boundaries; the most frequent kinds are first.
    `work` is keyed by annotator. `anchoring` is the influence of predictions, if it was measured.
    """

    coefficients: annotator_agreement.AgreementReport
    values: tuple[ValueAgreement, ...]
    disagreements: tuple[PassDisagreement, ...] = field(repr=False)
    work: dict[str, PassWork]
    anchoring: Anchoring | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the agreement as a dict for JSON."""
        return {
            **self.coefficients.to_json(),
            "values": [each.to_json() for each in self.values],
            "differences": [each.to_json() for each in self.disagreements],
            "work": {name: each.to_json() for name, each in self.work.items()},
            **({"anchoring": self.anchoring.to_json()} if self.anchoring else {}),
        }

    def sheets(self) -> Iterator[Sheet]:
        """Yield tables of F1, coefficients, disagreements, and each annotator's amount of work."""
        yield from self.coefficients.sheets()
        rows = [
            (f"{each.value}, {' and '.join(each.annotators)}", str(each.items), _share(each))
            for each in self.values
        ]
        if rows:
            yield Sheet("values of shared mentions and relations", tuple(rows), _VALUE_COLUMNS)
        titles = {RELATION: "relations", ENDS: "ends of relations"}
        for title in (*titles.values(), "values"):
            rest = [x for x in self.disagreements if titles.get(x.aspect, "values") == title]
            if rest:
                yield self._disagreement_sheet(title, rest)
        yield Sheet("work", tuple(_work_rows(self.work)), _WORK_COLUMNS)
        if self.anchoring:
            yield self.anchoring.sheet()

    def _disagreement_sheet(self, title: str, listed: Sequence[PassDisagreement]) -> Sheet:
        names = tuple(self.coefficients.annotators)
        first = listed[: annotator_agreement.MAX_LISTED_DISAGREEMENTS]
        rows = tuple(_disagreement_row(each, names) for each in first)
        title = f"differing {title}, {len(first)} of {len(listed)}: {' / '.join(names)}"
        return Sheet(title, rows, ("versions", "document", "where"))


_VALUE_COLUMNS = ("", "items", "same")

_WORK_COLUMNS = (
    "",
    "documents",
    "mentions",
    "relations",
    "timed",
    "hours",
    "median (s)",
    "s per 1,000 characters",
)


def compare_passes(
    passes: Passes,
    schema: Schema | None = None,
    *,
    predictions: Mapping[str, Document] | None = None,
    bootstrap: int = 0,
    seed: int = 0,
) -> PassAgreement:
    """Return the agreement of annotators; each pass contains one annotator's documents.

    The passes may contain different documents. Without a schema, all relations are treated as
    directed. If `predictions` are given, by document id, their influence on the annotators is
    measured (`aloi.annotation.compare.anchoring`). `bootstrap` is the number of replicates for
    intervals (0: no intervals), and `seed` is their random seed. Raise `DataError` if a pass
    contains a document twice, or if a document's text differs between passes.
    """
    columns = {name: Annotations.of(documents) for name, documents in passes.items()}
    coefficients = annotator_agreement.measure_agreement(
        columns, schema=schema, bootstrap=bootstrap, seed=seed
    )
    schema = schema or EMPTY_SCHEMA
    by_document = group_by_document(passes)
    disagreements = [
        each
        for versions in by_document.values()
        if len(versions) > 1
        for each in (
            *find_disagreements(versions, schema),
            *find_differing_ends(versions, schema),
        )
        if each.aspect != MENTION and each.is_conflict
    ]
    anchoring = None
    if predictions is not None:
        symmetric = schema.symmetric
        anchoring = measure_anchoring(
            passes, predictions, symmetric=symmetric, bootstrap=bootstrap, seed=seed
        )
    return PassAgreement(
        coefficients,
        tuple(_value_agreements(by_document, tuple(passes), schema)),
        tuple(sort_by_frequency(disagreements)),
        {name: measure_work(documents) for name, documents in passes.items()},
        anchoring,
    )


def _value_agreements(
    by_document: Mapping[str, Mapping[str, Document]], names: Sequence[str], schema: Schema
) -> Iterator[ValueAgreement]:
    for first, second in combinations(names, 2):
        items, same = Counter[str](), Counter[str]()
        for versions in by_document.values():
            if first in versions and second in versions:
                left = extract_content(versions[first], schema)
                right = extract_content(versions[second], schema)
                counts = _count_values(left, right)
                items.update(counts[0])
                same.update(counts[1])
        for name in sorted(items):
            yield ValueAgreement((first, second), name, items[name], same[name])


def _count_values(left: DocumentContent, right: DocumentContent) -> tuple[Counter[str], ...]:
    """Count values by name: values that at least one annotator set, and equal values.

    Only mentions and relations that both annotators marked are counted.
    """
    shared = [
        (left.mentions[key], right.mentions[key])
        for key in left.mentions.keys() & right.mentions.keys()
    ]
    shared += [
        (left.relations[key], right.relations[key])
        for key in left.relations.keys() & right.relations.keys()
    ]
    items, same = Counter[str](), Counter[str]()
    for one, other in shared:
        items.update(one.keys() | other.keys())
        same.update(name for name in one if other.get(name) == one[name])
    return items, same


def _share(each: ValueAgreement) -> str:
    return format_ratio(each.same / each.items)


def _disagreement_row(each: PassDisagreement, names: Sequence[str]) -> tuple[str, str, str]:
    """Return a table row: the annotators' versions, the document id, and the marked words.

    The versions are in the order of `names`. The version of an annotator who did not mark the
    mentions is blank.
    """
    versions = [
        format_values(each.versions[name]) if name in each.versions else "" for name in names
    ]
    label = "" if each.aspect == RELATION else f"{each.relation or each.aspect}: "
    where = " … ".join(map(shorten_surface, each.surfaces))
    return label + " / ".join(versions), each.document, where


def _work_rows(work: Mapping[str, PassWork]) -> Iterator[tuple[str, ...]]:
    for name, each in work.items():
        size = (each.documents, each.mentions, each.relations, each.timed)
        times = (None if each.total is None else each.total / 3600, each.median, each.per_1000)
        cells = (("–" if time is None else f"{time:.1f}") for time in times)
        yield (name, *map(str, size), *cells)
