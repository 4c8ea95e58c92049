"""SECURITY.md and the pages that users read state what is trusted, promised and not promised."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("page", "statement"),
    [
        ("SECURITY.md", "## Who may give what input"),
        ("SECURITY.md", "## What is promised"),
        ("SECURITY.md", "## What is not promised"),
        ("SECURITY.md", "### A pipeline is code"),
        ("SECURITY.md", "It loads the component factories of installed packages."),
        ("SECURITY.md", "A pipeline also reveals training data"),
        ("SECURITY.md", "- Windows: reading, evaluation and conversion work."),
        ("README.md", "**A pipeline is code**"),
        ("docs/scale.md", "**Ray has no authentication by default.**"),
    ],
)
def test_the_threat_model_is_stated(page: str, statement: str) -> None:
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert statement in text
