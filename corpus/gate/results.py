"""The results of the corpus gate: one part for each examination of the corpus."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from aloi.corpus.problems import Problem


class Verdict(StrEnum):
    """The verdict on a part of the gate, or on the whole corpus."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class GatePart:
    """The result of one part: its name, one line that sums it up, and the problems found.

    `details` are further lines, such as the reasons for a version bump. A part without problems has
    passed, unless it was not run (`skipped`).
    """

    name: str
    summary: str
    problems: tuple[Problem, ...] = ()
    details: tuple[str, ...] = ()
    skipped: bool = False

    @property
    def verdict(self) -> Verdict:
        """The verdict on this part."""
        if self.problems:
            return Verdict.FAILED
        return Verdict.SKIPPED if self.skipped else Verdict.PASSED

    def by_kind(self) -> dict[str, list[Problem]]:
        """Return the problems by kind, in the order in which the kinds were found."""
        kinds: dict[str, list[Problem]] = {}
        for problem in self.problems:
            kinds.setdefault(problem.kind, []).append(problem)
        return kinds


@dataclass(frozen=True, slots=True)
class GateResult:
    """The results of all parts for one corpus; `corpus` is its name and version."""

    corpus: str
    parts: tuple[GatePart, ...]

    @property
    def verdict(self) -> Verdict:
        """Failed if any part failed, otherwise passed."""
        failed = any(part.verdict is Verdict.FAILED for part in self.parts)
        return Verdict.FAILED if failed else Verdict.PASSED

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of all parts."""
        return tuple(problem for part in self.parts for problem in part.problems)


def hide_restricted_text(
    problems: Iterable[Problem], restricted: Collection[str]
) -> tuple[Problem, ...]:
    """Return the problems without quotations from restricted documents.

    The summaries of a gate are published, and the description of a problem may quote a text. A
    problem that names a restricted document (an id in `restricted`) keeps its kind and place.
    """
    names = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, restricted))})(?![\w-])")
    return tuple(
        replace(problem, what="the text of a restricted document is not quoted here", item=None)
        if restricted and names.search(str(problem))
        else problem
        for problem in problems
    )
