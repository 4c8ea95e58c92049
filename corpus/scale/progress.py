"""Progress of long work: a wrapper around an iterable that shows how many items have passed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class ProgressBar(Protocol):
    """A function that shows how many items have passed, such as a progress bar."""

    def __call__(
        self, items: Iterable[Item], what: str, /, *, total: int | None = None, done: int = 0
    ) -> Iterable[Item]:
        """Return the same items.

        `what`: the work, e.g. "predicting". `done`: number of the `total` items that an earlier
        run processed.
        """


def no_progress(
    items: Iterable[Item], what: str, /, *, total: int | None = None, done: int = 0
) -> Iterable[Item]:
    """Return the same items and show nothing."""
    return items
