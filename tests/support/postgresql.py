"""A PostgreSQL server for tests, on loopback and with a password; needs Debian's package."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from ports import free_port

USER, PASSWORD = "aloi", "p%40ss:wörd/€"
"""A password with characters that a URL must encode."""

FAST_OPTIONS = "-c fsync=off -c full_page_writes=off -c unix_socket_directories="
"""Options for data that need not survive a crash, and a server on loopback only."""


@dataclass(frozen=True)
class Cluster:
    """A running server's programs and port."""

    programs: Path
    port: int

    def url(self, database: str) -> str:
        """Return the URL of a database without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str | Path) -> str:
        """Run one of PostgreSQL's commands as the cluster's user; return its output."""
        server = (
            "--host=127.0.0.1",
            f"--port={self.port}",
            f"--username={USER}",
            "--no-password",
        )
        done = subprocess.run(
            [self.programs / program, *server, *arguments],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a new cluster and delete it afterwards; skip the test if PostgreSQL is missing."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="aloi-postgresql-"))
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        shutil.chown(folder / "password", "postgres")
    running = Cluster(programs, free_port())
    secret = ("--auth=scram-sha-256", f"--username={USER}", f"--pwfile={folder / 'password'}")
    options = f"-p {running.port} -c listen_addresses=127.0.0.1 {FAST_OPTIONS}"
    data, log = f"--pgdata={folder / 'data'}", f"--log={folder / 'log'}"
    try:
        _as_owner(programs / "initdb", data, *secret, "--encoding=UTF8", "--no-sync")
        _as_owner(programs / "pg_ctl", "start", "--wait", data, log, f"--options={options}")
        yield running
    finally:
        _as_owner(programs / "pg_ctl", "stop", "--mode=immediate", data, check=False)
        shutil.rmtree(folder)


def _programs() -> Path:
    """Return the folder of PostgreSQL's programs, which Debian keeps out of the path."""
    candidates = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if (installed := shutil.which("initdb")) is not None:
        candidates.append(Path(installed))
    if not candidates:
        pytest.skip("PostgreSQL is not installed")
    return candidates[0].parent


def _as_owner(*command: str | Path, check: bool = True) -> None:
    """Run a command as the cluster's owner.

    The server inherits no pipe, because the command would wait for it.
    """
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*owner, *command], check=check, cwd="/", **quiet)
