"""What all commands share: where problems go, and how a run ends."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from aloi.corpus.problems import Problem


def fail(problems: Iterable[Problem]) -> NoReturn:
    """Print every problem to standard error and exit with status 1."""
    count = 0
    for count, problem in enumerate(problems, start=1):  # noqa: B007 - the count is used below
        print(problem, file=sys.stderr)
    print(f"{count} problem{'' if count == 1 else 's'}", file=sys.stderr)
    sys.exit(1)
