"""Progress and access data in the terminal and in logs."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aloi.annotation.labelstudio.local import server
from aloi.annotation.labelstudio.local.home import LocalServer
from aloi.cli.main import app
from aloi.cli.shared import console
from aloi.corpus.problems import Problem

STARTED = LocalServer("http://127.0.0.1:8080", "aloi@localhost", "secret-password", "secret-token")


def test_long_commands_print_their_steps_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter((0.0, 4.0, 10.0, 10.0, 12.0, 25.0, 25.0))
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    with console.steps() as show:
        for step in ("short", "first", "soon after", "second"):
            show(step)
    assert capsys.readouterr().err == "first\nsecond\n"


def test_problems_are_grouped_by_kind_and_capped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "MAX_PROBLEMS_PER_KIND", 2)
    kinds = ("a", "b", "a", "a", "a")
    problems = [Problem(kind, f"x{n}", "Fix it") for n, kind in enumerate(kinds)]
    assert console.print_problems(problems) == 5
    assert capsys.readouterr().err.splitlines() == [
        "x0 [a]. Fix it.",
        "x2 [a]. Fix it.",
        "2 more problems [a]",
        "x1 [b]. Fix it.",
    ]


def test_start_prints_page_user_and_where_the_password_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Standard output is no terminal here, so the password stays in its file."""
    monkeypatch.setattr(server, "start", lambda home, **_: STARTED)
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(app, ["annotate", "start", "--home", "home"])
    page, user, password, activate = done.output.splitlines()
    assert page == "Label Studio: http://127.0.0.1:8080"
    assert user == "user name: aloi@localhost"
    assert password == "password: see home/access.toml"
    assert activate.startswith("to use the command aloi in this shell: . ")
    assert Path(activate.rpartition(" ")[2]).name == "activate"


def test_the_password_is_printed_to_a_terminal() -> None:
    """A pseudo-terminal takes the place of the user's."""
    script = (
        "from aloi.annotation.labelstudio.local import server\n"
        "from aloi.annotation.labelstudio.local.home import LocalServer\n"
        "server.start = lambda *_, **__: LocalServer('http://x:1', 'me', 'the-password', 'key')\n"
        "from aloi.cli.annotate.server import start\n"
        "start()\n"
    )
    main, terminal = pty.openpty()
    subprocess.run([sys.executable, "-c", script], stdout=terminal, check=True)
    os.close(terminal)
    printed = os.read(main, 10_000).decode()
    os.close(main)
    assert "password: the-password" in printed
    assert "key" not in printed
