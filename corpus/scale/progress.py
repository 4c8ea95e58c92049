"""Progress of a long run: a wrapper around an iterable that counts the items it yields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class ProgressBar(Protocol):
    """A function that wraps an iterable to show how many of its items have been processed."""

    def __call__(
        self, items: Iterable[Item], what: str, /, *, total: int | None = None, done: int = 0
    ) -> Iterable[Item]:
        """Return `items`, wrapped to show progress.

        `what` describes the work, for example "predicting". `total` is the number of all items;
        `done` of them were processed by an earlier run and are not in `items`.
        """


def no_progress(
    items: Iterable[Item], what: str, /, *, total: int | None = None, done: int = 0
) -> Iterable[Item]:
    """Return `items` unchanged, without showing progress."""
    return items
