"""`aloi corpus gate` as a command, and the GitHub action and pre-commit hooks that run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import toy
import yaml
from repositories import commit, git, replace_in
from typer.main import get_command

from aloi.cli.main import app

ROOT = Path(__file__).parents[3]
ACTION = ROOT / ".github" / "actions" / "corpus-gate" / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a corpus, tagged v1, whose version number is too low for its changes."""
    folder = tmp_path / "repository"
    corpus = toy.folder(folder / "corpus", restricted=None)
    git(folder, "init", "--quiet")
    commit(folder)
    git(folder, "tag", "v1")
    replace_in(corpus / "gold/d20.json", " et rencontre ", " et rencontra ")
    return folder


def read_action() -> dict[str, Any]:
    action: dict[str, Any] = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    return action


def run_action(repository: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the last step of the action with the aloi of this environment."""
    action = read_action()
    values = {name: each["default"] for name, each in action["inputs"].items()} | inputs
    step = action["runs"]["steps"][-1]
    scratch = repository.parent / "runner"
    (scratch / "aloi" / "bin").mkdir(parents=True, exist_ok=True)
    command = scratch / "aloi" / "bin" / "aloi"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m aloi.cli "$@"\n')
    command.chmod(0o755)
    variables = {
        name: values[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, value in step["env"].items()
    }
    places = {"RUNNER_TEMP": str(scratch), "GITHUB_STEP_SUMMARY": str(scratch / "summary.md")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],  # as GitHub does
        cwd=repository,
        env=os.environ | variables | places,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_action_fails_with_a_summary_and_passes_with_a_new_version(repository: Path) -> None:
    failed = run_action(repository)
    assert failed.returncode == 1
    assert "diff: failed: since v1: " in failed.stdout
    assert failed.stderr.splitlines()[-1] == "1 problem"
    summary = repository.parent / "runner" / "summary.md"
    assert "| diff | ❌ failed | since v1: " in summary.read_text(encoding="utf-8")
    suites = ElementTree.parse(repository / "corpus-gate.xml").getroot()
    assert [suite.get("failures") for suite in suites] == ["0", "0", "1", "0"]

    replace_in(repository / "corpus/corpus.toml", 'version = "1"', 'version = "2"')
    passed = run_action(repository, since="v1", junit="j.xml")
    assert (passed.returncode, passed.stderr) == (0, "")
    assert (repository / "j.xml").is_file()


def test_the_action_hands_the_files_of_scores_to_the_command(repository: Path) -> None:
    done = run_action(repository, comparison="a b.json\nc.json\n")
    assert done.returncode == 2
    assert "a b.json" in done.stderr
    done = run_action(repository, **{"old-scores": "old.json"})
    assert done.returncode == 2
    assert "an argument is empty" in done.stderr


def test_the_action_installs_the_repository_that_contains_it() -> None:
    install = read_action()["runs"]["steps"][1]["run"]
    path = install.split("$GITHUB_ACTION_PATH/")[1].split('"')[0]
    assert (ACTION.parent / path).resolve() == ROOT


def test_steps_of_the_action_contain_no_input_as_code() -> None:
    assert not [step for step in read_action()["runs"]["steps"] if "${{" in step.get("run", "")]


def test_the_hooks_run_commands_that_exist() -> None:
    for hook in yaml.safe_load(HOOKS.read_text(encoding="utf-8")):
        program, *path = hook["entry"].split()
        command: Any = get_command(app)
        for name in path:
            command = command.commands[name]
        assert program == "aloi"
        assert [each.name for each in command.params if each.param_type_name == "argument"]
        assert hook["pass_filenames"] is False
