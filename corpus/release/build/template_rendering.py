"""Render the Markdown templates of a release (`templates/`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from aloi.corpus.problems import table_cell

if TYPE_CHECKING:
    from jinja2 import Environment

CARD_TEMPLATE = "README.md"
DATASHEET_TEMPLATE = "DATASHEET.md"


def render_template(name: str, values: Mapping[str, Any]) -> str:
    """Fill a template with values, and return the text.

    The text contains no repeated blank lines and ends with one newline. Raises
    `jinja2.UndefinedError` if a value is missing.
    """
    text = _environment().from_string(_template_text(name)).render(values)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def template_texts() -> list[str]:
    """Return the text of every template."""
    return [_template_text(name) for name in (CARD_TEMPLATE, DATASHEET_TEMPLATE)]


def _template_text(name: str) -> str:
    return (files("aloi.corpus.release.build") / "templates" / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only needed here

    environment = Environment(undefined=StrictUndefined, autoescape=False)
    environment.filters["ratio"] = lambda value: "–" if value is None else f"{value:.3f}"
    environment.filters["interval"] = _format_interval
    environment.filters["cell"] = table_cell
    return environment


def _format_interval(ends: Any) -> str:  # noqa: ANN401 - a pair of numbers, or undefined
    if not isinstance(ends, tuple) or None in ends:
        return ""
    return f" [{ends[0]:.2f}, {ends[1]:.2f}]"
