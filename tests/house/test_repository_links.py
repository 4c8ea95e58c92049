"""Links, paths and make targets that the documentation names exist in the repository."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"^( *)```.*?^\1```|`[^`]*`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:[\w.-]+/)+(?:[\w-]+\.(?:py|md|toml|cfg|html))?)`")
PARTS = ("corpus", "annotation", "models", "eval", "cli", "tests", "bench", "docs")


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


PAGES = [file for file in tracked("*.md") if "templates" not in file.parts]
CONTRIBUTOR_PAGES = [ROOT / name for name in ("CONTRIBUTING.md", "docs/architecture.md")]
ids = lambda file: str(file.relative_to(ROOT))  # noqa: E731 - used by two tests


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_links_lead_to_files(page: Path) -> None:
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    links = [link.partition("#")[0] for link in LINK.findall(text) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", CONTRIBUTOR_PAGES, ids=ids)
def test_named_modules_and_folders_exist(page: Path) -> None:
    paths = PATH.findall(page.read_text(encoding="utf-8"))
    named = [path for path in paths if path.split("/")[0] in PARTS]
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_named_make_targets_exist(page: Path) -> None:
    calls = re.findall(r"(?:^|`)make ((?:[a-z-]+(?: |$|`))+)", page.read_text(), re.MULTILINE)
    named = {target for call in calls for target in call.strip(" `").split()}
    assert named <= make_targets()


def test_hooks_run_programs_of_this_repository() -> None:
    """The hooks download nothing: they are local, and call make or a program in .venv."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [each["repo"] for each in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        program, *arguments = hook["entry"].split()
        assert hook["language"] == "system"
        if program == "make":
            assert set(arguments) <= make_targets()
        else:
            assert program.removeprefix(".venv/bin/") in {"ruff", "aloi", "python"}


@pytest.mark.parametrize("form", tracked(".github/ISSUE_TEMPLATE/*.yml"), ids=ids)
def test_issue_forms_have_what_the_tracker_requires(form: Path) -> None:
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= content.keys()
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    assert fields
    for field in fields:
        assert {"id", "attributes"} <= field.keys()
        assert field["attributes"]["label"]
