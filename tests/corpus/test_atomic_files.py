"""Atomic writes: whole or not at all, through links, with the old mode, never over a device."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from aloi.corpus import atomic_files
from aloi.corpus.atomic_files import (
    atomic_folder,
    atomic_text_file,
    replacement_folder,
    require_replaceable,
    visible_files,
    write_bytes,
)
from aloi.corpus.problems import DataError

KILLED = """
import os, signal, sys
from pathlib import Path
from aloi.corpus import atomic_files
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
"""


def run_and_kill(code: str, folder: Path) -> None:
    """Run code in which `kill` kills the process."""
    done = subprocess.run([sys.executable, "-c", KILLED + code], cwd=folder, check=False)
    assert done.returncode == -9


def test_a_failed_write_leaves_the_old_file_and_no_scratch(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with suppress(ValueError), atomic_text_file(tmp_path / "a") as stream:
        stream.write("new")
        raise ValueError
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o755])
def test_the_mode_of_an_existing_file_is_kept(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "a"
    file.touch()
    file.chmod(mode)
    write_bytes(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == mode


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"")
    (tmp_path / "b").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_kept_and_its_file_written(tmp_path: Path, exists: bool) -> None:
    target, link = tmp_path / "data" / "a", tmp_path / "link"
    target.parent.mkdir()
    if exists:
        target.touch()
    link.symlink_to(target)
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_loop_of_links_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links") as caught:
        write_bytes(tmp_path / "a", b"new")
    assert caught.value.filename == str(tmp_path / "a")


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_bytes(tmp_path, b"new")
    assert os.listdir(tmp_path) == []


def test_a_pipe_gets_the_content_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")))
    reader.start()
    with atomic_text_file(pipe) as stream:
        stream.write("é" * 100_000)
    reader.join()
    assert read == ["é" * 100_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_stays_a_device() -> None:
    write_bytes(Path("/dev/null"), b"new")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_an_open_descriptor_continues_what_was_printed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from aloi.corpus.atomic_files import write_bytes\n"
        "print('printed'); write_bytes(Path('/dev/stdout'), b'written\\n'); print('more')"
    )
    with (tmp_path / "out").open("w") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "printed\nwritten\nmore\n"


def test_a_long_name_is_written(tmp_path: Path) -> None:
    write_bytes(tmp_path / ("x" * 250), b"new")
    assert len(os.listdir(tmp_path)) == 1


@pytest.mark.parametrize(
    "code",
    [
        "with atomic_files.atomic_text_file(Path('out')) as s: s.write('x'); kill()",
        "with atomic_files.atomic_folder(Path('out')) as f: (f / 'a').touch(); kill()",
        "with atomic_files.replacement_folder(Path('out')) as f: (f / 'a').touch(); kill()",
    ],
)
def test_the_next_write_removes_the_scratch_of_a_killed_process(tmp_path: Path, code: str) -> None:
    (tmp_path / ".out.notes").touch()
    run_and_kill(code, tmp_path)
    assert len(os.listdir(tmp_path)) == 2
    write_bytes(tmp_path / "out", b"new")
    assert sorted(os.listdir(tmp_path)) == [".out.notes", "out"]


def test_the_scratch_of_a_running_process_stays(tmp_path: Path) -> None:
    with atomic_text_file(tmp_path / "out") as first:
        first.write("first")
        write_bytes(tmp_path / "out", b"second")
    assert (tmp_path / "out").read_text() == "first"


@pytest.mark.parametrize("exchange", [atomic_files._exchange, lambda *_: False])
def test_a_folder_is_replaced_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: Callable[[Path, Path], bool]
) -> None:
    monkeypatch.setattr(atomic_files, "_exchange", exchange)
    for name in ("old", "new"):
        with replacement_folder(tmp_path / "out") as folder:
            (folder / name).touch()
    assert os.listdir(tmp_path) == ["out"]
    assert os.listdir(tmp_path / "out") == ["new"]


@pytest.mark.parametrize("path", [".", "..", "current", "link", "/proc"])
def test_a_folder_that_is_in_use_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    current = tmp_path / "current"
    current.mkdir()
    (tmp_path / "link").symlink_to(current)
    monkeypatch.chdir(current)
    used = Path(path) if path.startswith((".", "/")) else tmp_path / path
    with pytest.raises(DataError, match=r"cannot be replaced: it is .* Name a new folder inside"):
        require_replaceable(used)
    with pytest.raises(DataError), replacement_folder(used):
        pytest.fail("the block was entered")
    assert os.listdir(current) == []
    require_replaceable(current / "new")


def test_folders_are_exchanged_in_one_step(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / name).mkdir(parents=True)
    if not atomic_files._exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot exchange folders")
    assert os.listdir(tmp_path / "a") == ["b"]


def test_a_folder_that_a_killed_process_moved_away_is_restored(tmp_path: Path) -> None:
    code = """
atomic_files._exchange = lambda *_: False
Path('out').mkdir(); Path('out/old').touch()
replace, calls = os.replace, []
def replace_once(*paths):
    replace(*paths)
    kill()
os.replace = replace_once
with atomic_files.replacement_folder(Path('out')) as folder: (folder / 'new').touch()
"""
    run_and_kill(code, tmp_path)
    assert not (tmp_path / "out").exists()
    with suppress(ValueError), replacement_folder(tmp_path / "out"):
        raise ValueError
    assert os.listdir(tmp_path) == ["out"]
    assert os.listdir(tmp_path / "out") == ["old"]


def test_hidden_files_and_folders_are_not_visible(tmp_path: Path) -> None:
    for name in ("a.json", "b/c.jsonl", ".d.json", ".scratch/e.json", "b/.git/f.json", "g.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = visible_files(tmp_path, ".json", ".jsonl")
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["a.json", "b/c.jsonl"]


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")
    with atomic_folder(tmp_path / "link") as folder:
        (folder / "a").touch()
    assert os.listdir(tmp_path / "data") == ["a"]
    assert (tmp_path / "link").is_symlink()
