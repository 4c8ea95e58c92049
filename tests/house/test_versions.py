"""The files of the project state the same version and date, and the same versions of Python."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HEADING = re.compile(r"^## (\d+\.\d+\.\d+) – (unreleased|\d{4}-\d{2}-\d{2})$", re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def versions() -> list[tuple[str, str]]:
    """Return the versions in the changelog and their dates, newest first."""
    return HEADING.findall(read("CHANGELOG.md"))


def test_every_section_of_the_changelog_has_a_version_and_a_date(
    versions: list[tuple[str, str]],
) -> None:
    assert len(versions) == len(re.findall("^## ", read("CHANGELOG.md"), re.MULTILINE))
    assert "unreleased" not in [date for _, date in versions[1:]], "only the newest may be open"


def test_versions_and_dates_are_in_order(versions: list[tuple[str, str]]) -> None:
    numbers = [tuple(map(int, version.split("."))) for version, _ in versions]
    assert numbers == sorted(set(numbers), reverse=True)
    dates = [date for _, date in versions]
    assert dates == sorted(dates, reverse=True)


def test_the_newest_version_is_the_version_of_the_package(
    versions: list[tuple[str, str]],
) -> None:
    assert tomllib.loads(read("pyproject.toml"))["project"]["version"] == versions[0][0]


def test_the_citation_has_the_newest_version_and_its_date(
    versions: list[tuple[str, str]],
) -> None:
    """A version that is not released yet has no date in the citation."""
    version, date = versions[0]
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == version
    assert str(citation.get("date-released", "unreleased")) == date


def test_the_lowest_python_is_the_same_everywhere() -> None:
    """The classifiers name every version of Python on which the fast tests were run."""
    pyproject = tomllib.loads(read("pyproject.toml"))
    versions = re.findall(r":: Python :: 3\.(\d+)", " ".join(pyproject["project"]["classifiers"]))
    minors = list(map(int, versions))
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert pyproject["project"]["requires-python"] == f">=3.{minors[0]}"
    assert pyproject["tool"]["ruff"]["target-version"] == f"py3{minors[0]}"
    assert f"sys.version_info < (3, {minors[0]})" in read("Makefile")
