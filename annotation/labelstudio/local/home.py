"""The home folder of a local Label Studio server: its access data and its lock.

`server.pid` contains the number of the server's process. It is locked while any process of the
server lives, through an open file that they inherit. A process number alone would not suffice: the
system may have reused it.
"""

from __future__ import annotations

import fcntl
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import tomli_w

from aloi.annotation.labelstudio.access import ACCESS_FILE
from aloi.corpus.problems import DataError, Problem

PID_FILE = "server.pid"


@dataclass(frozen=True, slots=True)
class LocalServer:
    """The address, user and token of a local server, and its database's URL (None: SQLite)."""

    url: str
    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    database: str | None = field(default=None, repr=False)

    @property
    def port(self) -> int:
        """The port in the address."""
        return int(self.url.rsplit(":", 1)[1])


def read_access(home: Path) -> LocalServer | None:
    """Return the server in `access.toml`, or None without this file.

    Raise `DataError` if the file is invalid.
    """
    file = home / ACCESS_FILE
    try:
        return LocalServer(**tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError):
        what = "not a valid access file"
        fix = "Delete it: the next start writes a new one and sets its user's password and token"
        raise DataError([Problem("bad-access", what, fix, file=str(file))]) from None


@contextmanager
def saved_access(home: Path, server: LocalServer) -> Iterator[None]:
    """Write a server to `access.toml`; restore the previous file if the block fails."""
    file = home / ACCESS_FILE
    before = file.read_bytes() if file.exists() else None
    values = {key: value for key, value in asdict(server).items() if value is not None}
    _write_private(file, tomli_w.dumps(values).encode())
    try:
        yield
    except BaseException:
        if before is None:
            file.unlink()
        else:
            _write_private(file, before)
        raise


def _write_private(file: Path, content: bytes) -> None:
    """Write a file completely or not at all, readable by its owner only from the start."""
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    partial.replace(file)


def acquire_lock(home: Path) -> int | None:
    """Lock the home; return the descriptor of the lock, or None if another process has it.

    The lock lasts until every process that inherited the descriptor has ended or closed it.
    """
    descriptor = os.open(home / PID_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.truncate(descriptor, 0)
    return descriptor


def is_locked(home: Path) -> bool:
    """Return whether a server is running in the home or being started."""
    try:
        with (home / PID_FILE).open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def record_process(lock: int, process: int) -> None:
    """Write the number of the process that inherited the lock into the locked file."""
    os.pwrite(lock, str(process).encode(), 0)


def locking_process(home: Path) -> int:
    """Return the number of the process that locks the home, the leader of its group.

    Raise `DataError` if a command is still preparing to start a server.
    """
    number = (home / PID_FILE).read_text(encoding="ascii")
    if number:
        return int(number)
    what, fix = f"another command is setting up {home}", "Wait until it has finished, or stop it"
    raise DataError([Problem("busy-home", what, fix)])
