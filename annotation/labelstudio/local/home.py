"""What the home of a local Label Studio remembers: who may enter where, and whether it runs.

`server.pid` names the server's process and is locked as long as any process of it lives, by an open
file that they inherit: whether it runs is never guessed from a number that some other process may
have by now.
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

from aloi.annotation.labelstudio.access import FILE
from aloi.corpus.problems import DataError, Problem

LOCK = "server.pid"


@dataclass(frozen=True, slots=True)
class Server:
    """Where a local Label Studio answers, who may enter, and its database's URL (none: SQLite)."""

    url: str
    username: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    database: str | None = field(default=None, repr=False)

    @property
    def port(self) -> int:
        """The port in its address."""
        return int(self.url.rsplit(":", 1)[1])


def known(home: Path) -> Server | None:
    """What `access.toml` says, if it is there; raises `DataError` where that makes no sense."""
    file = home / FILE
    try:
        return Server(**tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError):
        fix = "Remove it: the next start makes another, and lets its user in as that says"
        problem = Problem("bad-access", "this does not say who may enter", fix, file=str(file))
        raise DataError([problem]) from None


@contextmanager
def remembered(home: Path, server: Server) -> Iterator[None]:
    """`access.toml` says what is to run, and what it said before if that does not come about."""
    file = home / FILE
    before = file.read_bytes() if file.exists() else None
    told = {key: value for key, value in asdict(server).items() if value is not None}
    _write_private(file, tomli_w.dumps(told).encode())
    try:
        yield
    except BaseException:
        if before is None:
            file.unlink()
        else:
            _write_private(file, before)
        raise


def _write_private(file: Path, content: bytes) -> None:
    """Write a file whole or not at all; none but its owner can read a byte of it at any time."""
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    partial.replace(file)


def lock(home: Path) -> int | None:
    """An open file that holds the home for whoever inherits it; none where another holds it."""
    descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.truncate(descriptor, 0)
    return descriptor


def held(home: Path) -> bool:
    """Whether a server lives there, or a command is about to start one."""
    try:
        with (home / LOCK).open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def name_holder(lock: int, process: int) -> None:
    """Write into the locked file which process has inherited it."""
    os.pwrite(lock, str(process).encode(), 0)


def holder(home: Path) -> int:
    """The process that holds the home, leader of its group.

    Raises `DataError` while a command is still making ready to start one.
    """
    named = (home / LOCK).read_text(encoding="ascii")
    if named:
        return int(named)
    fix = "Wait until that is done, or break it off"
    raise DataError([Problem("busy-home", f"another command is setting up {home}", fix)])
