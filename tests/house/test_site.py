"""The documentation site has every page, command and package.

`make docs` builds it strictly. These tests need no MkDocs.
"""

import importlib.util
import re
from pathlib import Path

import pytest
from typer.main import get_command

from aloi.cli.main import app

ROOT = Path(__file__).parents[2]
NAVIGATION = re.findall(r": ([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with all pages of the site."""
    spec = importlib.util.spec_from_file_location("build_site", ROOT / "docs" / "build_site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("site") / "source"
    module.collect(folder)
    return folder


def test_every_page_of_the_navigation_exists(source: Path) -> None:
    assert [page for page in NAVIGATION if not (source / page).is_file()] == []


def test_every_page_in_docs_is_in_the_navigation() -> None:
    pages = {str(file.relative_to(ROOT)) for file in (ROOT / "docs").rglob("*.md")}
    assert pages - set(NAVIGATION) == set()


def test_command_reference_has_every_command(source: Path) -> None:
    text = (source / "docs/reference/command-line.md").read_text(encoding="utf-8")
    groups = {name: getattr(c, "commands", {}) for name, c in get_command(app).commands.items()}
    names = [f"{group} {child}" for group, children in groups.items() for child in children]
    names += [name for name, children in groups.items() if not children]
    assert [name for name in names if f"\n## aloi {name}\n" not in text] == []
    assert "--bootstrap" in text


def test_python_reference_has_every_module(source: Path) -> None:
    text = "".join(file.read_text() for file in (source / "docs/reference/api").glob("*.md"))
    for part in ("corpus", "eval", "models", "annotation", "cli"):
        for file in (ROOT / part).rglob("*.py"):
            name = ".".join(("aloi", *file.relative_to(ROOT).with_suffix("").parts))
            assert file.stem.startswith("_") or f"::: {name}\n" in text


def test_no_text_of_the_corpus_is_on_the_site(source: Path) -> None:
    assert not [file for file in source.rglob("*") if {"gold", "restricted"} & {*file.parts}]
