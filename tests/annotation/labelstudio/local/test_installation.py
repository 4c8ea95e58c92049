"""The installation of Label Studio: its progress, its log and its errors; no package is fetched."""

import sys
from pathlib import Path

import pytest

from aloi.annotation.labelstudio.local import installation
from aloi.corpus.problems import DataError


@pytest.fixture
def no_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the lock file be a file without packages, which pip installs without a network."""
    lock = tmp_path / "lock"
    lock.write_text("# no==1\n")
    monkeypatch.setattr(installation, "LOCK_FILE", lock)
    monkeypatch.setattr(installation, "POLL_INTERVAL", 0.05)
    return lock


def test_the_progress_names_the_step_and_counts_packages(tmp_path: Path, no_packages: Path) -> None:
    no_packages.write_text("# a==1\na==1 \\\n  --hash=x\nb==2\n")
    log, site = tmp_path / "install.log", tmp_path / "venv" / "lib" / "python3" / "site-packages"
    log.write_text("Collecting a==1 (from -r lock)\n")
    step = installation._current_step(tmp_path / "venv", log)
    assert step == "installing Label Studio: 1 of 2 packages downloaded"
    (site / "a-1.dist-info").mkdir(parents=True)
    log.write_text(f"{log.read_text()}Installing collected packages: a, b\n")
    step = installation._current_step(tmp_path / "venv", log)
    assert step == "installing Label Studio: 1 of 2 packages installed"


@pytest.mark.usefixtures("no_packages")
@pytest.mark.slow
def test_a_finished_installation_has_reported_its_steps(tmp_path: Path) -> None:
    steps: list[str] = []
    installation.install(tmp_path / "venv", progress=steps.append)
    assert installation.is_installed(tmp_path / "venv")
    assert steps[0] == "installing Label Studio: creating a virtual environment"
    assert steps[-1] == "installing Label Studio: 0 of 0 packages downloaded"


def test_a_failed_installation_quotes_pip_and_names_the_log(tmp_path: Path) -> None:
    log = tmp_path / "install.log"
    with pytest.raises(DataError, match=r"install\.log: .*could not be installed") as caught:
        installation._run([sys.executable, "-m", "pip", "install", "not a requirement"], log)
    assert "Invalid requirement" in str(caught.value)
