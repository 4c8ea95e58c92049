"""A real Label Studio for tests, its users, and both kinds of token.

The server and its migrated databases are kept from run to run in the repository's `.label-studio/`:
installing takes minutes, and its 200 migrations most of one.
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
from aloi.annotation.labelstudio.local.home import Server

SHARED = Path(__file__).parents[2] / ".label-studio"


@dataclass(frozen=True)
class User:
    """Someone who signed up by invitation. `token`: the legacy one; `personal`: an access token."""

    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    personal: str = field(repr=False)


@dataclass(frozen=True)
class LabelStudio:
    """A running server in a home of its own; `cluster` where its data are in PostgreSQL."""

    home: Path
    server: Server
    cluster: Cluster | None = None

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def token(self) -> str:
        """The legacy token of the first user."""
        return self.server.token

    def client(self, token: str | None = None) -> httpx.Client:
        """Plain HTTP with a legacy token, the first user's unless said."""
        entry = {"Authorization": f"Token {token or self.token}"}
        return httpx.Client(base_url=self.url, headers=entry, timeout=60, trust_env=False)

    @cached_property
    def personal_token(self) -> str:
        """The personal access token of the first user: Label Studio gives one at a time."""
        with self.client() as client:
            return _personal(client)

    def user(self, name: str) -> User:
        """Sign someone up as a person would: through the invitation's page."""
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
    """A server in `home`, its data in SQLite or in a database of the cluster named for the home."""
    url = prepare(home, cluster)
    try:
        yield LabelStudio(home, server.start(home, port=free_port(), database=url), cluster)
    finally:
        server.stop(home)


def prepare(home: Path, cluster: Cluster | None = None) -> str | None:
    """Give a home the shared installation and empty tables; the database's URL, with password."""
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
    """A cluster's URL with the password in it."""
    quoted = "".join(f"%{byte:02x}" for byte in PASSWORD.encode())
    return url.replace("@", f":{quoted}@", 1)


def shared_environment() -> Path:
    """The repository's Label Studio, installed if it is missing or of another lock."""
    environment = SHARED / "venv"
    with _alone():
        if not installation.installed(environment):
            installation.install(environment)
    return environment.resolve()


def _template(kind: str, cluster: Cluster | None = None) -> Path:
    """Label Studio's tables as its own migrations make them, with nobody and nothing in them."""
    made = SHARED / f"empty-{installation.version()}.{kind}"
    with _alone():
        if not made.exists():
            scratch = SHARED / f"making-{kind}"
            shutil.rmtree(scratch, ignore_errors=True)
            (_migrated_sqlite if cluster is None else _migrated_postgresql)(scratch, cluster)
            (scratch / "result").replace(made)
            shutil.rmtree(scratch)
    return made


def _migrated_sqlite(scratch: Path, _: Cluster | None) -> None:
    _migrate(scratch, database.settings(None, scratch))
    (scratch / "label_studio.sqlite3").rename(scratch / "result")


def _migrated_postgresql(scratch: Path, cluster: Cluster | None) -> None:
    assert cluster is not None
    cluster.run("createdb", "empty")
    _migrate(scratch, database.settings(with_password(cluster.url("empty")), scratch))
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
def _alone() -> Iterator[None]:
    """One process at a time: tests may run in several."""
    SHARED.mkdir(mode=0o700, exist_ok=True)
    with (SHARED / "tests.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
