"""The README names every command, and what it names exists."""

import re
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from aloi.cli.main import app

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def commands(command: object, path: str = "aloi") -> list[str]:
    children = getattr(command, "commands", None)
    if not children:
        return [path]
    return [name for key, child in children.items() for name in commands(child, f"{path} {key}")]


ALL = commands(get_command(app))


@pytest.mark.parametrize("command", ALL)
def test_every_command_is_in_the_readme(command: str) -> None:
    group, _, name = command.rpartition(" ")
    assert command in README or re.search(rf"{group} [\w|\\]*\b{name}\b", README)


@pytest.mark.parametrize("group", ["", "corpus", "annotate", "release"])
def test_no_line_of_a_command_list_is_cut_off(group: str) -> None:
    shown = CliRunner().invoke(app, [*group.split(), "--help"]).output
    listed = shown.partition("Commands:")[2]
    assert listed
    assert "..." not in listed


def test_every_command_in_the_readme_exists() -> None:
    blocks = "".join(re.findall(r"```bash\n(.*?)```", README, re.DOTALL))
    named = re.findall(r"^aloi ([a-z]+)", blocks, re.MULTILINE)
    assert named
    assert set(named) <= {command.split()[1] for command in ALL}
