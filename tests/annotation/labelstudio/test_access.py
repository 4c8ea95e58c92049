"""The configuration of the server: complete, incomplete, invalid or missing."""

from pathlib import Path

import pytest

from aloi.annotation.labelstudio.access import (
    ACCESS_FILE,
    TOKEN_VARIABLE,
    URL_VARIABLE,
    Access,
    find_access,
)
from aloi.corpus.problems import DataError, Problem


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset the variables that select a server."""
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)


def access_problem(home: Path) -> Problem:
    """Return the problem with the configuration."""
    with pytest.raises(DataError) as caught:
        find_access(home)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("known", "missing"), [(URL_VARIABLE, TOKEN_VARIABLE), (TOKEN_VARIABLE, URL_VARIABLE)]
)
def test_one_variable_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: str, missing: str
) -> None:
    monkeypatch.setenv(known, "secret")
    problem = access_problem(tmp_path)
    assert problem.kind == "incomplete-access"
    assert problem.what == f"the environment variable {known} is set, but {missing} is not"
    assert "secret" not in str(problem)


def test_no_configuration_is_a_problem(tmp_path: Path) -> None:
    assert access_problem(tmp_path).kind == "no-server"


@pytest.mark.parametrize("content", ['url = "http://x"', "url", b"\xff", "x = " + "[" * 900])
def test_an_invalid_access_file_is_a_problem(tmp_path: Path, content: str | bytes) -> None:
    encoded = content if isinstance(content, bytes) else content.encode()
    (tmp_path / ACCESS_FILE).write_bytes(encoded)
    assert access_problem(tmp_path).kind == "bad-access"


def test_variables_precede_the_local_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ACCESS_FILE).write_text('url = "http://local"\ntoken = "a"\n')
    assert find_access(tmp_path) == Access("http://local", "a")
    monkeypatch.setenv(URL_VARIABLE, "http://remote/")
    monkeypatch.setenv(TOKEN_VARIABLE, "b")
    assert find_access(tmp_path) == Access("http://remote", "b")
