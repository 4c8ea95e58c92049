"""Progress messages of long operations."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], object]
"""A function that is called with a short message at each step, for example to display it."""


def ignore_progress(message: str) -> None:
    """Discard a progress message."""
