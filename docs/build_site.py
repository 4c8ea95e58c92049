"""Collects the pages of the documentation site; `make docs` then runs MkDocs on them.

The pages keep their paths in the repository, so that links between them work in both places. Two
references are generated: the commands, from typer, and the Python interface, from docstrings (by
mkdocstrings). Usage: `python docs/build_site.py OUT`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command
from typer.testing import CliRunner

from aloi.cli.main import app

ROOT = Path(__file__).parents[1]
PARTS = ("corpus", "eval", "models", "annotation", "cli")
PAGES = (
    "*.md",
    "LICENSE",
    "docs/**/*",
    "corpus/*.md",
    "corpus/wikinews/*.md",
    "annotation/guidelines/*.md",
    "annotation/guidelines/images/*",
)
"""Patterns of the files that the site contains."""

Command = Any
"""A command or group."""


def collect(out: Path) -> None:
    """Write all pages to an empty folder."""
    shutil.rmtree(out, ignore_errors=True)
    files = {file for pattern in PAGES for file in ROOT.glob(pattern) if file.is_file()}
    for file in sorted(files):
        if file.suffix != ".py" and "__pycache__" not in file.parts:
            target = out / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    reference = out / "docs" / "reference"
    write(reference / "command-line.md", command_line())
    for name, page in interface():
        write(reference / "api" / f"{name}.md", page)


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def command_line() -> str:
    """Return the reference of all commands: what each prints with `--help`."""
    head = "# Command line\n\n[Commands](../commands.md) is an overview.\n"
    return "\n".join([head, *command_sections((), get_command(app))])


def command_sections(path: tuple[str, ...], command: Command) -> Iterator[str]:
    """Yield a section for each command in a group, or for a command."""
    children = getattr(command, "commands", None)
    if children:
        for name, child in children.items():
            yield from command_sections((*path, name), child)
        return
    shown = CliRunner().invoke(app, [*path, "--help"], prog_name="aloi", env={"COLUMNS": "100"})
    yield f"## aloi {' '.join(path)}\n\n```\n{shown.output.strip()}\n```\n"


def interface() -> Iterator[tuple[str, str]]:
    """Yield the name and content of each page of the Python interface: one page per package."""
    names = []
    for part in PARTS:
        for folder in sorted({file.parent for file in (ROOT / part).rglob("*.py")}):
            package = ".".join(("aloi", *folder.relative_to(ROOT).parts))
            modules = sorted(file.stem for file in folder.glob("*.py") if file.stem[0] != "_")
            if modules:
                names.append(package)
                blocks = "\n".join(f"::: {package}.{module}\n" for module in modules)
                yield package, f"# {package}\n\n{blocks}"
    links = "\n".join(f"- [{name}]({name}.md)" for name in names)
    yield "index", f"# Python interface\n\nOne page per package.\n\n{links}\n"


if __name__ == "__main__":
    collect(Path(sys.argv[1]))
