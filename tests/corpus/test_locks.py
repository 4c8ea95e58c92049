"""One run at a time holds an output, and its lock leaves nothing behind."""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from aloi.corpus.locks import lock_file, locked
from aloi.corpus.problems import DataError


def is_free(output: Path) -> bool:
    """Whether a lock can be had; flock counts per open file, so this process may ask itself."""
    try:
        with locked(output):
            return True
    except DataError:
        return False


def test_a_second_holder_gets_an_error_that_names_the_first(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out.jsonl"
    with locked(out), pytest.raises(DataError) as caught, locked(out):
        pass
    (problem,) = caught.value.problems
    expected = f"{out}: is being written by another aloi process (pid {os.getpid()}, started 20"
    assert str(problem).startswith(expected)
    assert str(problem).endswith("[busy-output]. Wait for it, or stop it.")
    assert is_free(out)


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_the_lock_file_is_removed_however_the_block_ends(
    tmp_path: Path, error: type[BaseException] | None
) -> None:
    with suppress(BaseException), locked(tmp_path / "b.jsonl", tmp_path / "a", tmp_path / "a"):
        assert sorted(os.listdir(tmp_path)) == [".a.lock", ".b.jsonl.lock"]
        if error:
            raise error
    assert os.listdir(tmp_path) == []


def test_all_names_of_a_folder_are_one_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder)
    for name in (folder, tmp_path / "link", Path(), Path("../folder")):
        assert lock_file(name) == tmp_path / ".folder.lock"


def test_a_folder_in_a_read_only_folder_holds_its_own_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root may write all
    assert lock_file(tmp_path) == tmp_path.parent / f".{tmp_path.name}.lock"
    (tmp_path / "out").mkdir()
    assert lock_file(tmp_path / "out") == tmp_path / "out" / ".out.lock"


def test_a_lock_file_that_a_killed_run_left_is_taken_over(tmp_path: Path) -> None:
    lock_file(tmp_path / "out").write_text("pid 1, started long ago", encoding="utf-8")
    with locked(tmp_path / "out"):
        assert lock_file(tmp_path / "out").read_text().startswith(f"pid {os.getpid()}, ")
    assert os.listdir(tmp_path) == []


def test_whoever_waited_on_a_removed_lock_file_locks_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is removed between the second holder's open and its lock, as if the first ended."""
    out, flock = tmp_path / "out", fcntl.flock

    def ends_first(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        lock_file(out).unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", ends_first)
    with locked(out):
        assert lock_file(out).exists()
        assert not is_free(out)


def test_a_forked_process_does_not_release_the_lock(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with locked(out):
        if (child := os.fork()) == 0:
            os._exit(0)
        os.waitpid(child, 0)
        assert not is_free(out)


def test_a_file_system_without_locks_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", raising(OSError(37, "No locks available")))
    with pytest.raises(DataError, match=r"cannot lock files: No locks available \[no-locks\]"):
        locked(tmp_path / "out").__enter__()


def raising(error: OSError) -> Callable[..., None]:
    def fail(*arguments: object) -> None:
        raise error

    return fail


def test_a_parent_that_cannot_hold_the_lock_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file") as caught, locked(tmp_path / "file" / "out"):
        pass
    assert str(caught.value.filename).startswith(str(tmp_path / "file"))


def test_a_device_is_not_locked() -> None:
    with locked(Path("/dev/null"), Path("/dev/null")):
        assert not Path("/dev/.null.lock").exists()
