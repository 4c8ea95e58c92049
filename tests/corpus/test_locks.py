"""Only one process at a time writes an output, and no lock file is left behind."""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from aloi.corpus.locks import lock_file, locked
from aloi.corpus.problems import DataError


def is_free(output: Path) -> bool:
    """Return whether an output can be locked; flock locks conflict even within one process."""
    try:
        with locked(output):
            return True
    except DataError:
        return False


def test_the_error_of_a_second_lock_names_the_first_process(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out.jsonl"
    with locked(out), pytest.raises(DataError) as caught, locked(out):
        pass
    (problem,) = caught.value.problems
    expected = f"{out}: another aloi process is writing this output (pid {os.getpid()}, started 20"
    assert str(problem).startswith(expected)
    assert str(problem).endswith("[busy-output]. Wait until that process ends, or stop it.")
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


def test_all_paths_of_a_folder_have_the_same_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder)
    for name in (folder, tmp_path / "link", Path(), Path("../folder")):
        assert lock_file(name) == tmp_path / ".folder.lock"


def test_the_lock_of_a_folder_is_inside_it_if_its_parent_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)  # root ignores modes
    assert lock_file(tmp_path) == tmp_path.parent / f".{tmp_path.name}.lock"
    (tmp_path / "out").mkdir()
    assert lock_file(tmp_path / "out") == tmp_path / "out" / ".out.lock"


def test_a_lock_file_left_by_a_killed_process_is_used_again(tmp_path: Path) -> None:
    lock_file(tmp_path / "out").write_text("pid 1, started long ago", encoding="utf-8")
    with locked(tmp_path / "out"):
        assert lock_file(tmp_path / "out").read_text().startswith(f"pid {os.getpid()}, ")
    assert os.listdir(tmp_path) == []


def test_a_process_that_waited_for_a_removed_lock_file_locks_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first process removes the file after the second has opened it and before it locks it."""
    out, flock = tmp_path / "out", fcntl.flock

    def remove_file_first(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        lock_file(out).unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", remove_file_first)
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


def test_the_error_names_a_parent_that_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file") as caught, locked(tmp_path / "file" / "out"):
        pass
    assert str(caught.value.filename).startswith(str(tmp_path / "file"))


def test_a_device_is_not_locked() -> None:
    with locked(Path("/dev/null"), Path("/dev/null")):
        assert not Path("/dev/.null.lock").exists()
