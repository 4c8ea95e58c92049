"""`make audit` distinguishes an answer of the service from a service that is not reached."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_REACHED = "the database of vulnerabilities cannot be reached: nothing was checked"
ERROR = (
    "pip_audit._service.interface.ConnectionError: Could not connect to OSV's vulnerability feed"
)


@pytest.mark.parametrize(
    ("answer", "status", "succeeds", "printed"),
    [
        ("No known vulnerabilities found", 0, True, "No known vulnerabilities found"),
        ("Found 1 known vulnerability in 1 package", 1, False, "Found 1 known vulnerability"),
        (f"Traceback (most recent call last):\n{ERROR}", 1, False, NOT_REACHED),
    ],
)
def test_each_outcome_is_reported(
    tmp_path: Path, answer: str, status: int, succeeds: bool, printed: str
) -> None:
    program = tmp_path / "build" / "audit" / "bin" / "pip-audit"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\ncat <<"END"\n{answer}\nEND\nexit {status}\n', encoding="utf-8")
    program.chmod(0o755)
    call = ["make", "--no-print-directory", "-f", str(ROOT / "Makefile"), "audit"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is succeeds
    assert done.stdout.startswith(printed)
    assert len(done.stdout.splitlines()) == 1
