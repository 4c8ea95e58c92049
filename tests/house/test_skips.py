"""A run that may leave nothing out says so by failing."""

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
PASSES = "import pytest\ndef test_passes(): pass\n"
SKIPS = PASSES + "def test_skips(): pytest.skip('no server')\n"


@pytest.mark.parametrize(
    ("tests", "options", "status"),
    [(SKIPS, [], 0), (SKIPS, ["--no-skips"], 1), (PASSES, ["--no-skips"], 0)],
)
def test_a_skip_fails_a_run_with_no_skips(
    tmp_path: Path, tests: str, options: list[str], status: int
) -> None:
    (tmp_path / "test_it.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "--rootdir", tmp_path, *options]
    search = f"pythonpath={CONFTEST.parent} {CONFTEST.parent / 'support'}"
    done = subprocess.run(
        [*command, "-o", search, tmp_path], cwd=tmp_path, check=False, capture_output=True
    )
    assert done.returncode == status, done.stdout.decode()
