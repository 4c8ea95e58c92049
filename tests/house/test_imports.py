"""The parts depend on one another one way only, and always under the name aloi."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ORDER = ("corpus", "eval", "models", "annotation", "cli")
"""Each part may import those before it."""

SOURCES = [file for part in ORDER for file in sorted((ROOT / part).rglob("*.py"))]


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_part_imports_only_parts_before_it(file: Path) -> None:
    part = file.relative_to(ROOT).parts[0]
    allowed = ORDER[: ORDER.index(part) + 1]
    named = {name.split(".")[1] for name in imported(file) if name.startswith("aloi.")}
    assert named <= set(allowed)


@pytest.mark.parametrize(
    "file",
    [*SOURCES, *sorted((ROOT / "tests").rglob("*.py"))],
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_no_part_is_imported_bare(file: Path) -> None:
    roots = {name.split(".")[0] for name in imported(file)}
    assert not roots & {*ORDER, ""}, "write `from aloi.corpus…`, never `import corpus`"


def test_flat_schemes_import_no_scipy() -> None:
    """Its import takes longer than scoring a thousand documents."""
    code = """
import sys
from aloi.corpus.document import Document
from aloi.eval.reports.report import evaluate
documents = [Document("d", "Ana", ())]
evaluate(documents, documents, schemes=["exact", "outermost", "strict"])
sys.exit("scipy" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
