"""Samples of `make kill`, `make fuzz` and the large evaluation."""

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
    path = ROOT / "bench" / "robustness" / script
    call = [sys.executable, str(path), "--seconds", str(SECONDS), *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests" / "support")}
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tried" in done.stdout


def test_a_large_evaluation_gives_the_same_numbers_in_parts_and_in_one_piece() -> None:
    call = [sys.executable, str(ROOT / "bench/large_evaluation.py"), "--documents", "200"]
    done = subprocess.run([*call, "--compared", "200"], capture_output=True, text=True, check=False)
    assert "200 documents in parts and in one piece: the same" in done.stdout, done.stderr


PREPARE = """
import sys, tempfile
from pathlib import Path
from fuzz_cases.folders import release_cases
with tempfile.TemporaryDirectory() as name:
    seen = set()
    for number, case in enumerate(release_cases(Path(name))):
        if case.name not in seen:
            seen.add(case.name)
            folder = Path(name, "case", str(number))
            folder.mkdir(parents=True)
            case.prepare(folder)
"""


def test_every_damage_of_a_release_can_be_made() -> None:
    """The damages name files of a release, which may be renamed."""
    paths = os.pathsep.join(str(ROOT / name) for name in ("bench/robustness", "tests/support"))
    subprocess.run(
        [sys.executable, "-c", PREPARE], env=os.environ | {"PYTHONPATH": paths}, check=True
    )
