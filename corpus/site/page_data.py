"""JSON and label colours for HTML pages, shared by the site and the evaluation report."""

from __future__ import annotations

import json
from collections.abc import Sequence

from markupsafe import Markup

MIN_HUE, MAX_HUE = 45, 315
"""The range of the hues of labels, in degrees; the hues outside are red, the colour of errors."""


def script_json(content: object) -> Markup:
    """Return JSON for a script element: `&`, `<` and `>` are escaped."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def label_hues(labels: Sequence[str]) -> dict[str, int]:
    """Return a hue in degrees for each label, evenly spaced and far from the red of errors."""
    step = (MAX_HUE - MIN_HUE) / max(len(labels) - 1, 1)
    return {label: round(MIN_HUE + step * number) for number, label in enumerate(labels)}
