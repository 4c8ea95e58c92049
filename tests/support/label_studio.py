"""A real Label Studio server for tests, its users, and both kinds of token.

The installation and migrated databases are kept between runs in the repository's `.label-studio/`,
because the installation takes minutes, and its 200 migrations nearly one.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import httpx
from ports import free_port
from postgresql import PASSWORD, Cluster

from aloi.annotation.labelstudio.local import database, installation, server
from aloi.annotation.labelstudio.local.home import LocalServer

SHARED = Path(__file__).parents[2] / ".label-studio"


@dataclass(frozen=True)
class User:
    """A user who signed up by invitation, with a legacy token and a personal access token."""

    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    personal: str = field(repr=False)


@dataclass(frozen=True)
class LabelStudio:
    """A running server and its home; `cluster` if its data are in PostgreSQL."""

    home: Path
    server: LocalServer
    cluster: Cluster | None = None

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def token(self) -> str:
        """The legacy token of the first user."""
        return self.server.token

    def client(self, token: str | None = None) -> httpx.Client:
        """Return an HTTP client with a legacy token, by default the first user's."""
        headers = {"Authorization": f"Token {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    @cached_property
    def personal_token(self) -> str:
        """The personal access token of the first user; Label Studio allows one at a time."""
        with self.client() as client:
            return _personal(client)

    def user(self, name: str) -> User:
        """Sign up a user through the page of an invitation."""
        email, password = f"{name}@example.com", f"password-of-{name}"
        with self.client() as client:
            invitation = client.get("/api/invite").raise_for_status().json()["invite_url"]
        with httpx.Client(base_url=self.url, timeout=60, trust_env=False) as browser:
            browser.get(invitation).raise_for_status()
            form = {"email": email, "password": password}
            form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
            assert browser.post(invitation, data=form).status_code == 302
            token = browser.get("/api/current-user/token").raise_for_status().json()["token"]
        with self.client(token) as client:
            return User(email, password, token, _personal(client))


def _personal(client: httpx.Client) -> str:
    return str(client.post("/api/token/").raise_for_status().json()["token"])


@contextmanager
def serving(home: Path, cluster: Cluster | None = None) -> Iterator[LabelStudio]:
    """Run a server in `home`; its data are in SQLite, or in a new database of the cluster."""
    url = prepare(home, cluster)
    try:
        yield LabelStudio(home, server.start(home, port=free_port(), database=url), cluster)
    finally:
        server.stop(home)


def prepare(home: Path, cluster: Cluster | None = None) -> str | None:
    """Set up a home with the shared installation and empty tables.

    Return the URL of its PostgreSQL database with the password, if there is a cluster.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "venv").symlink_to(shared_environment())
    if cluster is None:
        (home / "data").mkdir(mode=0o700)
        shutil.copyfile(_template("sqlite3"), home / "data" / "label_studio.sqlite3")
        return None
    name = home.name.replace("-", "_").lower()
    cluster.run("createdb", name)
    dump = _template("sql", cluster)
    cluster.run("psql", f"--dbname={name}", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={dump}")
    return with_password(cluster.url(name))


def with_password(url: str) -> str:
    """Return a cluster's URL with the password."""
    quoted = "".join(f"%{byte:02x}" for byte in PASSWORD.encode())
    return url.replace("@", f":{quoted}@", 1)


def shared_environment() -> Path:
    """Return the shared installation; install it if it is missing or outdated."""
    environment = SHARED / "venv"
    with _exclusive():
        if not installation.is_installed(environment):
            installation.install(environment)
    return environment.resolve()


def _template(kind: str, cluster: Cluster | None = None) -> Path:
    """Return the file with Label Studio's empty tables, as its migrations create them."""
    file = SHARED / f"empty-{installation.lock_hash()}.{kind}"
    with _exclusive():
        if not file.exists():
            scratch = SHARED / f"making-{kind}"
            shutil.rmtree(scratch, ignore_errors=True)
            (_migrated_sqlite if cluster is None else _migrated_postgresql)(scratch, cluster)
            (scratch / "result").replace(file)
            shutil.rmtree(scratch)
    return file


def _migrated_sqlite(scratch: Path, _: Cluster | None) -> None:
    _migrate(scratch, database.database_environment(None, scratch))
    (scratch / "label_studio.sqlite3").rename(scratch / "result")


def _migrated_postgresql(scratch: Path, cluster: Cluster | None) -> None:
    assert cluster is not None
    cluster.run("createdb", "empty")
    _migrate(scratch, database.database_environment(with_password(cluster.url("empty")), scratch))
    cluster.run("pg_dump", "--no-owner", f"--file={scratch / 'result'}", "empty")
    cluster.run("dropdb", "empty")


def _migrate(data: Path, settings: dict[str, str]) -> None:
    quiet = {"LABEL_STUDIO_BASE_DATA_DIR": str(data), "LABEL_STUDIO_COLLECT_ANALYTICS": "false"}
    quiet |= {"LABEL_STUDIO_SENTRY_DSN": "", "LABEL_STUDIO_FRONTEND_SENTRY_DSN": ""}
    subprocess.run(
        [SHARED / "venv" / "bin" / "label-studio", "init", "--quiet"],
        env={**os.environ, **settings, **quiet},
        check=True,
        capture_output=True,
    )


@contextmanager
def _exclusive() -> Iterator[None]:
    """Let one process at a time into the block; tests may run in several."""
    SHARED.mkdir(mode=0o700, exist_ok=True)
    with (SHARED / "tests.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
