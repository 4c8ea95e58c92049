"""A sample of `make kill` and `make fuzz`: commands that are killed, and hostile inputs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SECONDS = 15


@pytest.mark.parametrize(
    ("script", "options"),
    [
        ("fuzz.py", ("--suite", "documents", "--suite", "toml", "--suite", "models")),
        ("fuzz_formats.py", ()),
        ("kill.py", ("--command", "corpus add", "--command", "corpus remove")),
        ("kill.py", ("--command", "convert", "--command", "predict")),
    ],
)
def test_a_sample_survives(script: str, options: tuple[str, ...]) -> None:
    call = [sys.executable, str(ROOT / "bench" / script), "--seconds", str(SECONDS), *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests" / "support")}
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tried" in done.stdout
