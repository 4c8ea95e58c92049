"""A PostgreSQL of the tests' own, on loopback, with a password; Debian's package will do."""

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
"""A password with all that a URL must quote."""

QUICK = "-c fsync=off -c full_page_writes=off -c unix_socket_directories="
"""Nothing here is to survive the machine; the server listens on loopback alone."""


@dataclass(frozen=True)
class Cluster:
    """A running server's programs and port."""

    programs: Path
    port: int

    def url(self, database: str) -> str:
        """A database's address, without the password."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str | Path) -> str:
        """What one of PostgreSQL's own commands says, run as the cluster's user."""
        where = ("--host=127.0.0.1", f"--port={self.port}", f"--username={USER}", "--no-password")
        done = subprocess.run(
            [self.programs / program, *where, *arguments],
            env={**os.environ, "PGPASSWORD": PASSWORD},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A fresh cluster, gone with its data afterwards; skips the test where there is no server."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="aloi-postgresql-"))
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        shutil.chown(folder, "postgres")
        shutil.chown(folder / "password", "postgres")
    running = Cluster(programs, free_port())
    secret = ("--auth=scram-sha-256", f"--username={USER}", f"--pwfile={folder / 'password'}")
    options = f"-p {running.port} -c listen_addresses=127.0.0.1 {QUICK}"
    data, log = f"--pgdata={folder / 'data'}", f"--log={folder / 'log'}"
    try:
        _as_owner(programs / "initdb", data, *secret, "--encoding=UTF8", "--no-sync")
        _as_owner(programs / "pg_ctl", "start", "--wait", data, log, f"--options={options}")
        yield running
    finally:
        _as_owner(programs / "pg_ctl", "stop", "--mode=immediate", data, check=False)
        shutil.rmtree(folder)


def _programs() -> Path:
    """Where PostgreSQL's programs lie: Debian keeps them out of the path."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if (known := shutil.which("initdb")) is not None:
        found.append(Path(known))
    if not found:
        pytest.skip("no PostgreSQL on this machine")
    return found[0].parent


def _as_owner(*command: str | Path, check: bool = True) -> None:
    """Run as whoever owns the cluster. Its server inherits no pipe, which would be waited for."""
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*owner, *command], check=check, cwd="/", **quiet)
