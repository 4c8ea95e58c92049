"""What two or more passes tell: how far annotators agree, where they do not, and what it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from aloi.annotation.compare.disagreements import (
    BARE,
    MENTION,
    RELATION,
    Content,
    Difference,
    content,
    differences,
    frequent_first,
    told,
)
from aloi.annotation.compare.passes import Passes, PassWork, by_document, work
from aloi.corpus.document import Document
from aloi.corpus.schema import Schema
from aloi.eval.agreement import annotator_agreement as agreement
from aloi.eval.agreement.annotator_agreement import MAX_LISTED_DISAGREEMENTS
from aloi.eval.columns import Annotations
from aloi.eval.reports.sheets import Sheet, format_ratio


@dataclass(frozen=True, slots=True)
class Same:
    """Of `items` where one of two annotators gives a value, how many times both give the same."""

    annotators: tuple[str, str]
    value: str
    items: int
    same: int

    def to_json(self) -> dict[str, Any]:
        """The counts as plain values."""
        names = list(self.annotators)
        return {"annotators": names, "value": self.value, "items": self.items, "same": self.same}


@dataclass(frozen=True)
class Agreement:
    """Agreement over mentions and relations, then what stands on them, then each one's work.

    `values` are refs and attributes of the mentions and relations that two annotators both have;
    `differences` are of these and of relations between mentions both have, frequent kinds first.
    """

    coefficients: agreement.AgreementReport
    values: tuple[Same, ...]
    differences: tuple[Difference, ...] = field(repr=False)
    work: dict[str, PassWork]

    def to_json(self) -> dict[str, Any]:
        """The agreement as plain values."""
        return {
            **self.coefficients.to_json(),
            "values": [each.to_json() for each in self.values],
            "differences": [each.to_json() for each in self.differences],
            "work": {name: each.to_json() for name, each in self.work.items()},
        }

    def sheets(self) -> Iterator[Sheet]:
        """F1, coefficients, disagreements over mentions, relations and values, and work."""
        yield from self.coefficients.sheets()
        rows = [
            (f"{each.value}, {' and '.join(each.annotators)}", str(each.items), _share(each))
            for each in self.values
        ]
        if rows:
            yield Sheet("values of what both have", tuple(rows), ("", "items", "same"))
        for title, wanted in (("relations", True), ("values", False)):
            found = [each for each in self.differences if (each.what == RELATION) is wanted]
            if found:
                yield self._listed(title, found)
        yield Sheet("work", tuple(_work_rows(self.work)), _WORK)

    def _listed(self, title: str, found: list[Difference]) -> Sheet:
        names = tuple(self.coefficients.annotators)
        shown = found[:MAX_LISTED_DISAGREEMENTS]
        rows = tuple(_difference_row(each, names) for each in shown)
        title = f"differing {title}, {len(shown)} of {len(found)}: {' / '.join(names)}"
        return Sheet(title, rows, ("given", "document", "where"))


_WORK = (
    "",
    "documents",
    "mentions",
    "relations",
    "timed",
    "hours",
    "median (s)",
    "s per 1,000 characters",
)


def agree(passes: Passes, schema: Schema | None = None) -> Agreement:
    """How far the annotators of passes agree; they need not all have every document.

    Without a schema all relations have a direction. Raises `DataError` where an annotator has a
    document twice, or with another text than the others.
    """
    columns = {name: Annotations.of(documents) for name, documents in passes.items()}
    coefficients = agreement.measure_agreement(columns, schema=schema)
    versions = by_document(passes)
    found = [
        each
        for several in versions.values()
        if len(several) > 1
        for each in differences(several, schema or BARE)
        if each.what != MENTION and each.opposed
    ]
    return Agreement(
        coefficients,
        tuple(_values(versions, tuple(passes), schema or BARE)),
        tuple(frequent_first(found)),
        {name: work(documents) for name, documents in passes.items()},
    )


def _values(
    versions: Mapping[str, Mapping[str, Document]], names: tuple[str, ...], schema: Schema
) -> Iterator[Same]:
    for one, other in combinations(names, 2):
        items, same = Counter[str](), Counter[str]()
        for both in versions.values():
            if one in both and other in both:
                _count(content(both[one], schema), content(both[other], schema), items, same)
        yield from (Same((one, other), name, items[name], same[name]) for name in sorted(items))


def _count(one: Content, other: Content, items: Counter[str], same: Counter[str]) -> None:
    """Count the values given to what both have, and those that are the same."""
    shared = [
        (one.mentions[key], other.mentions[key])
        for key in one.mentions.keys() & other.mentions.keys()
    ]
    shared += [(one.arcs[key], other.arcs[key]) for key in one.arcs.keys() & other.arcs.keys()]
    for given, theirs in shared:
        items.update(given.keys() | theirs.keys())
        same.update(name for name in given if theirs.get(name) == given[name])


def _share(each: Same) -> str:
    return format_ratio(each.same / each.items)


def _difference_row(each: Difference, names: tuple[str, ...]) -> tuple[str, str, str]:
    """What each annotator gives, in their order; blank for one who has not the mentions."""
    given = [told(each.held[name]) if name in each.held else "" for name in names]
    label = "" if each.what == RELATION else f"{each.what}: "
    where = " … ".join(" ".join(surface.split()) for surface in each.surfaces)
    return label + " / ".join(given), each.document, where


def _work_rows(work: Mapping[str, PassWork]) -> Iterator[tuple[str, ...]]:
    for name, each in work.items():
        volume = (each.documents, each.mentions, each.relations, each.timed)
        times = (None if each.total is None else each.total / 3600, each.median, each.per_1000)
        shown = (("–" if time is None else f"{time:.1f}") for time in times)
        yield (name, *map(str, volume), *shown)
