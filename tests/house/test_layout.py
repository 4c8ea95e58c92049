"""Packages: dependencies without cycles, small folders, tests that mirror the code."""

import ast
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("corpus", "eval", "models", "annotation", "cli")
MAX_MODULES = 16
"""Modules in one folder, `__init__.py` not counted; more than that needs subpackages."""

FLAT = {"corpus/formats"}
"""Folders without that limit: one module per format."""

MODULES = [file for part in PARTS for file in sorted((ROOT / part).rglob("*.py"))]


def package_of(name: str) -> str | None:
    """Return the folder of the package that a dotted name of aloi is in, None for other names."""
    head, *parts = name.split(".")
    if head != "aloi":
        return None
    folder = ROOT
    for part in parts:
        if not (folder / part).is_dir():
            break
        folder /= part
    return str(folder.relative_to(ROOT))


def imported_packages(file: Path) -> set[str]:
    """Return the packages of aloi that a module imports from, at its top or inside functions."""
    names = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return {package for name in names if (package := package_of(name))}


def test_packages_have_no_import_cycle() -> None:
    """A package counts without its subpackages: `corpus` is the modules directly in corpus/."""
    graph: dict[str, set[str]] = defaultdict(set)
    for file in MODULES:
        own = str(file.parent.relative_to(ROOT))
        graph[own] |= imported_packages(file) - {own}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' → '.join(error.args[1])}")


def test_comparing_passes_needs_no_label_studio() -> None:
    for file in (ROOT / "annotation" / "compare").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        imports = [line for line in text.splitlines() if "import" in line]
        assert not [line for line in imports if "labelstudio" in line or "label_studio" in line]


def test_folders_hold_few_modules() -> None:
    counts: dict[str, int] = defaultdict(int)
    for file in MODULES:
        if file.name != "__init__.py":
            counts[str(file.parent.relative_to(ROOT))] += 1
    full = {name: n for name, n in counts.items() if n > MAX_MODULES and name not in FLAT}
    assert full == {}


def test_every_package_is_declared() -> None:
    """Setuptools maps each package by name; one that is missing would not be installed."""
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    folders = {file.parent.relative_to(ROOT) for file in MODULES}
    missing = [
        str(folder)
        for folder in sorted(folders)
        if f'"aloi.{".".join(folder.parts)}" = "{folder}"' not in declared
    ]
    assert missing == []


def test_tests_mirror_the_code() -> None:
    """A folder of tests for a part has a folder of code of the same name."""
    folders = {
        file.parent.relative_to(ROOT / "tests")
        for part in PARTS
        for file in (ROOT / "tests" / part).rglob("test_*.py")
    }
    assert [str(folder) for folder in sorted(folders) if not (ROOT / folder).is_dir()] == []
