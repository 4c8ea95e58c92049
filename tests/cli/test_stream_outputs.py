"""Outputs that are pipes, devices or open descriptors are written to, never replaced."""

import json
import shlex
import stat
import subprocess
from pathlib import Path

import pytest
from toy import sentence
from toy_releases import ALOI

from aloi.corpus import document_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    document_files.write([sentence(n) for n in range(3)], tmp_path / "in.jsonl")
    return tmp_path


def shell(folder: Path, command: str) -> str:
    call = command.replace("aloi", shlex.join(ALOI))
    done = subprocess.run(
        ["bash", "-c", call], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_documents_are_written_to_a_descriptor_or_a_pipe(folder: Path) -> None:
    expected = (folder / "in.jsonl").read_text(encoding="utf-8")
    convert = "aloi convert in.jsonl OUT --to native"
    assert shell(folder, convert.replace("OUT", "/dev/stdout")) == expected
    assert shell(folder, convert.replace("OUT", ">(cat)") + " | cat") == expected
    shell(
        folder,
        f"mkfifo fifo.jsonl; cat fifo.jsonl > out & {convert}; wait".replace("OUT", "fifo.jsonl"),
    )
    assert (folder / "out").read_text(encoding="utf-8") == expected
    assert stat.S_ISFIFO((folder / "fifo.jsonl").stat().st_mode)
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_report_on_standard_output_precedes_what_is_printed(folder: Path) -> None:
    """Neither overwrites the other, although both are written to the same file."""
    printed = shell(folder, "aloi eval in.jsonl in.jsonl --json /dev/stdout > all; cat all")
    assert printed.startswith("{")
    _, end = json.JSONDecoder().raw_decode(printed)
    assert "micro" in printed[end:]


def test_an_empty_argument_is_refused(folder: Path) -> None:
    done = subprocess.run(
        [*ALOI, "convert", "in.jsonl", "", "--to", "native"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "an argument is empty" in " ".join(done.stderr.split())
