"""The documentation names every command; every command, option and status in it exists."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from aloi.cli.main import app

ROOT = Path(__file__).parents[2]
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "RELEASING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
OTHER_PROGRAMS = {"--no-skips", "--gpu-id"}
"""Options of pytest and spaCy that the prose names without a command."""

VERSION = re.compile(r"\d+\.\d+\.\d+")

Command = Any
"""A command or group of click."""

TREE: Command = get_command(app)


def commands(command: Command, path: str = "aloi") -> dict[str, Command]:
    """Return all commands, without groups, by their full name."""
    children = getattr(command, "commands", None)
    if not children:
        return {path: command}
    return {
        name: each
        for key, child in children.items()
        for name, each in commands(child, f"{path} {key}").items()
    }


ALL = commands(TREE)


def options(command: Command) -> set[str]:
    return {
        "--help",
        *(name for each in command.params for name in (*each.opts, *each.secondary_opts)),
    }


ALL_OPTIONS = {name for command in ALL.values() for name in options(command)}


def code_lines(text: str) -> Iterator[str]:
    """Yield the lines of code blocks, with continued lines joined."""
    for block in re.findall(r"^ *```(?:bash)?\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE):
        yield from block.replace("\\\n", " ").splitlines()


def inline_code(text: str) -> list[str]:
    """Return the code spans outside code blocks; a span may continue on the next line."""
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [" ".join(span.split()).replace("\\|", "|") for span in re.findall(r"`([^`]+)`", prose)]


def calls(code: str) -> Iterator[list[str]]:
    """Yield the words after each `aloi` in a line of code; `a|b` stays one word."""
    for part in re.split(r"\s+\|\s+|&&|;|<\(|\$\(", code):
        words = part.partition("#")[0].split()
        while words and ("=" in words[0] or words[0] in {"timeout", "nice"}):
            words = words[1:]
        if (
            words
            and words[0].split("/")[-1] == "aloi"
            and not VERSION.fullmatch("".join(words[1:2]))
        ):
            yield words[1:]


def problems(words: list[str]) -> list[str]:
    """Return what is wrong with the words after `aloi`: an unknown command or option."""
    command, path = TREE, "aloi"
    while words and hasattr(command, "commands") and not words[0].startswith(("-", "[", "…")):
        names = words[0].split("|")
        if unknown := [name for name in names if name not in command.commands]:
            return [f"{path} {name} is not a command" for name in unknown]
        command, path, words = command.commands[names[-1]], f"{path} {names[-1]}", words[1:]
    named = [word.strip("[],").partition("=")[0] for word in words]
    known = options(command)
    return [f"{path} has no option {n}" for n in named if n.startswith("--") and n not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_commands_and_options_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = [
        f"{code}: {problem}"
        for code in (*code_lines(text), *inline_code(text))
        for call in calls(code)
        for problem in problems(call)
    ]
    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_named_alone_exist(page: Path) -> None:
    spans = [span.split()[0].partition("=")[0] for span in inline_code(page.read_text("utf-8"))]
    named = {span.rstrip(",") for span in spans if span.startswith("--")}
    assert named - ALL_OPTIONS - OTHER_PROGRAMS == set()


ROWS = [line for line in COMMANDS.splitlines() if line.startswith("| `aloi")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("`")[1])
def test_options_in_the_row_of_a_command_belong_to_it(row: str) -> None:
    name, purpose = re.split(r"(?<!\\)\|", row)[1:3]
    paths = [" ".join(call) for span in inline_code(name) for call in calls(span)]
    own = [command for path, command in ALL.items() if any(is_call(path, each) for each in paths)]
    known = {option for command in own for option in options(command)}
    spans = [span.split()[0] for span in inline_code(purpose) if span.startswith("--")]
    assert [span for span in spans if span not in known] == []


def is_call(path: str, call: str) -> bool:
    """Return whether a call such as `annotate start|stop` names the command with a path."""
    names = path.split()[1:]
    given = [word.split("|") for word in call.split()]
    return len(given) >= len(names) and all(n in g for n, g in zip(names, given, strict=False))


@pytest.mark.parametrize("command", ALL)
def test_every_command_has_a_row(command: str) -> None:
    paths = [" ".join(call) for row in ROWS for span in inline_code(row) for call in calls(span)]
    assert any(is_call(command, path) for path in paths)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_named_exit_statuses_exist(page: Path) -> None:
    """0 is success, 1 a problem of the data, 2 a wrong call (test_commands.py); 130 is Ctrl-C."""
    text = " ".join(page.read_text(encoding="utf-8").split())
    named = re.findall(r"[Ee]xit status:? (?:is |of )?`?(\d+)", text)
    assert set(named) <= {"0", "1", "2", "130"}


def test_a_wrong_name_is_found() -> None:
    """The checks above find what does not exist."""
    assert problems(["annotate", "frobnicate"]) == ["aloi annotate frobnicate is not a command"]
    assert problems(["eval", "g", "p", "--nonsense"]) == ["aloi eval has no option --nonsense"]
    assert problems(["annotate", "start|stop"]) == []
    assert list(calls("cat x | aloi convert - - --to brat # aloi no")) == [
        ["convert", "-", "-", "--to", "brat"]
    ]
    assert list(calls("aloi eval gold.jsonl <(aloi convert a -)")) == [
        ["eval", "gold.jsonl"],
        ["convert", "a", "-)"],
    ]


@pytest.mark.parametrize("group", ["", "corpus", "annotate", "release"])
def test_no_line_of_a_command_list_is_cut_off(group: str) -> None:
    shown = CliRunner().invoke(app, [*group.split(), "--help"]).output
    listed = shown.partition("Commands:")[2]
    assert listed
    assert "..." not in listed
