"""Fixtures: a local Hub, the command line as its client, and a small release to push."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from hub import WRITER, Hub
from huggingface_hub import close_session, constants
from toy_releases import Run, toy_corpus, write_release

from aloi.cli.main import main


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


@pytest.fixture
def environment(hub: Hub, tmp_path: Path) -> dict[str, str]:
    """Return environment variables that direct a process to the local Hub and a temporary home."""
    changes = {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_TOKEN": WRITER,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1",
    }
    return {**os.environ, **changes}


@pytest.fixture
def aloi(hub: Hub, tmp_path: Path, built: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Yield a function that runs a command in this process as a client of the local Hub.

    The current folder contains the toy corpus in `corpus`, the default of a push. The token is the
    writer's unless another one is given; the function fails if the output contains it.
    """
    monkeypatch.chdir(built.parent)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)

    def run(*arguments: object, token: str = WRITER) -> subprocess.CompletedProcess[str]:
        monkeypatch.setenv("HF_TOKEN", token)
        monkeypatch.setattr(sys, "argv", ["aloi", *map(str, arguments)])
        with (
            redirect_stdout(StringIO()) as out,
            redirect_stderr(StringIO()) as err,
            pytest.raises(SystemExit) as ended,
        ):
            main()
        assert not token or token not in out.getvalue() + err.getvalue()
        code = ended.value.code
        return subprocess.CompletedProcess(sys.argv, code, out.getvalue(), err.getvalue())

    yield run
    close_session()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a release of the toy corpus; the corpus is next to it, in `corpus`."""
    folder = tmp_path_factory.mktemp("built")
    return write_release(toy_corpus(folder / "corpus"), "1.0.0")


@pytest.fixture
def release(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the release that a test may change."""
    return Path(shutil.copytree(built, tmp_path / "release"))
