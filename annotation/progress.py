"""Progress messages of long operations."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], object]
"""A function that receives a short message at each step, for example to display the message."""


def ignore_progress(message: str) -> None:
    """Discard a progress message."""
