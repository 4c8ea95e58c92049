"""The home folder of a local Label Studio server: its access data and its lock.

`server.pid` contains the id of the server's main process, which writes it (`gunicorn_conf.py`). All
processes of the server inherit this file, open and locked, so the lock lasts until the last of
these processes ends. The lock shows whether the server is running. The process id alone does not,
because the system may have reused the id for a different process.
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
from aloi.corpus.toml_files import parse_toml

PID_FILE = "server.pid"


@dataclass(frozen=True, slots=True)
class LocalServer:
    """The address, user and access token of a local server, and its database URL.

    `database` is None for SQLite.
    """

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
    """Return the server described in `access.toml`, or None if the file does not exist.

    Raise `DataError` if the file is invalid.
    """
    file = home / ACCESS_FILE
    try:
        return LocalServer(**parse_toml(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError):
        what = "the file is not a valid access file"
        fix = (
            "Delete the file; the next start writes a new file with a new password and token."
            " If the data are in PostgreSQL, repeat --database URL"
        )
        raise DataError([Problem("bad-access", what, fix, file=str(file))]) from None


@contextmanager
def saved_access(home: Path, server: LocalServer) -> Iterator[None]:
    """Write access data to `access.toml`; restore the previous file if the `with` block fails."""
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
    """Write a file atomically; other users never have permission to read the file."""
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    partial.replace(file)


def acquire_lock(home: Path) -> int | None:
    """Lock a home folder; return the locked file's descriptor, or None if already locked.

    The lock lasts until every process with the inherited descriptor has ended or closed the file.
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
    """Return whether the server of a home folder is running or starting."""
    try:
        with (home / PID_FILE).open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def locking_process(home: Path) -> int:
    """Return the id of the server's main process, which is also its process group id.

    Raise `DataError` if another command is still setting up the server.
    """
    number = (home / PID_FILE).read_text(encoding="ascii")
    if number:
        return int(number)
    what = f"another command is setting up the server of {home}"
    fix = "Wait until that command has finished, or stop that command"
    raise DataError([Problem("busy-home", what, fix)])
