"""The local server: its lock, access file and database, and a real Label Studio."""

import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from label_studio import LabelStudio, prepare, serving, with_password
from ports import free_port
from postgresql import PASSWORD, Cluster

from aloi.annotation.labelstudio.access import Access, find_access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.local import database, home, installation, server
from aloi.annotation.labelstudio.local.home import LocalServer
from aloi.corpus.problems import DataError

SERVER = LocalServer("http://127.0.0.1:8080", "aloi@localhost", "secret-password", "secret-token")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def forget_a_migration(file: Path) -> None:
    """Let the next start migrate the database, as after an upgrade of Label Studio."""
    with closing(sqlite3.connect(file)) as database, database:
        # An index for PostgreSQL; in SQLite, this migration does nothing.
        name = "0059_task_completion_id_updated_at_idx_async"
        found = database.execute("DELETE FROM django_migrations WHERE name = ?", [name])
        assert found.rowcount == 1


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that has nothing to do with Label Studio."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        yield process
        process.kill()


def test_an_occupied_port_is_an_error_before_anything_is_installed(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DataError, match=f"uses port {port} .*--port"):
            server.start(tmp_path, port=port)
    assert not (tmp_path / "venv").exists()
    assert not (tmp_path / "access.toml").exists()


def test_a_process_with_the_number_of_a_dead_server_is_not_stopped(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    (tmp_path / "server.pid").write_text(str(sleeper.pid))
    assert not server.stop(tmp_path)
    assert sleeper.poll() is None


def test_stop_without_a_server_does_nothing(tmp_path: Path) -> None:
    assert not server.stop(tmp_path / "missing")
    assert not (tmp_path / "missing").exists()


def test_the_process_that_locks_the_home_is_stopped(tmp_path: Path) -> None:
    lock = home.acquire_lock(tmp_path)
    assert lock is not None
    with subprocess.Popen(["sleep", "600"], start_new_session=True, pass_fds=[lock]) as process:
        (tmp_path / "server.pid").write_text(str(process.pid))
        os.close(lock)
        assert home.is_locked(tmp_path)
        assert home.acquire_lock(tmp_path) is None
        assert server.stop(tmp_path)
        assert process.wait() == -signal.SIGTERM


def test_a_command_fails_while_another_one_installs(tmp_path: Path) -> None:
    lock = home.acquire_lock(tmp_path)
    assert lock is not None
    for command in (server.start, server.stop):
        with pytest.raises(DataError, match="another command is setting up"):
            command(tmp_path)
    os.close(lock)


def test_the_access_file_is_private_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda a, b: (modes.append(mode(a)), replace(a, b))[1])
    before = os.umask(0)
    try:
        with home.saved_access(tmp_path, SERVER):
            assert mode(tmp_path / "access.toml") == 0o600
    finally:
        os.umask(before)
    assert modes == [0o600]
    assert home.read_access(tmp_path) == SERVER
    assert find_access(tmp_path).token == "secret-token"


def test_a_failed_start_leaves_no_access_file(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), home.saved_access(tmp_path, SERVER):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_an_invalid_access_file_is_reported_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "access.toml").write_text('token = "secret-token"\nurl')
    with pytest.raises(DataError, match=r"access\.toml") as caught:
        server.start(tmp_path, port=free_port())
    assert "secret" not in str(caught.value)


def test_an_interrupted_or_outdated_installation_does_not_count(
    tmp_path: Path,
) -> None:
    assert not installation.is_installed(tmp_path)
    (tmp_path / installation.READY_FILE).write_text("another")
    assert not installation.is_installed(tmp_path)
    (tmp_path / installation.READY_FILE).write_text(installation.lock_hash())
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(tmp_path / "removed")
    assert not installation.is_installed(tmp_path)
    (tmp_path / "removed").touch()
    assert installation.is_installed(tmp_path)


def test_secrets_are_not_in_the_repr() -> None:
    url = "postgresql://me:secret@host/base"
    assert "secret" not in repr(LocalServer("http://x:1", "me", "secret", "secret", url))


def test_a_database_url_becomes_environment_variables(tmp_path: Path) -> None:
    """Missing parts are left to the PostgreSQL client, and percent-encoding is decoded."""
    url = "postgresql://l%C3%A9a:p%40ss@db.example:5433/presse"
    assert database.database_environment(url, tmp_path) == {
        "DJANGO_DB": "default",
        "LABEL_STUDIO_POSTGRE_USER": "léa",
        "LABEL_STUDIO_POSTGRE_PASSWORD": "p@ss",
        "LABEL_STUDIO_POSTGRE_NAME": "presse",
        "LABEL_STUDIO_POSTGRE_HOST": "db.example",
        "LABEL_STUDIO_POSTGRE_PORT": "5433",
    }
    assert (
        database.database_environment("postgres:///presse", tmp_path)[
            "LABEL_STUDIO_POSTGRE_PASSWORD"
        ]
        == ""
    )
    assert database.display_url(url) == "postgresql://l%C3%A9a@db.example:5433/presse"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:secret@host/base",
        "postgresql://me:secret@host",
        "postgresql://me:secret@host/",
        "postgresql://me:secret@host:port/base",
        "postgresql://me:secret@host/base?sslmode=require",
        "secret",
    ],
)
def test_an_invalid_database_url_is_refused_without_being_quoted(tmp_path: Path, url: str) -> None:
    with pytest.raises(DataError, match="postgresql://USER@HOST") as caught:
        server.start(tmp_path, port=free_port(), database=url)
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "access.toml").exists()


def test_the_database_of_a_home_cannot_be_changed(tmp_path: Path) -> None:
    with home.saved_access(tmp_path, SERVER), pytest.raises(DataError, match="are in SQLite"):
        server.start(tmp_path, port=free_port(), database="postgresql://me@host/base")


@pytest.mark.label_studio
def test_a_running_server_is_found_and_data_survive_a_stop_and_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as studio:
        assert server.start(studio.home) == studio.server
        with studio.client() as client:
            client.post("/api/projects", json={"title": "presse"}).raise_for_status()
        assert server.stop(studio.home)
        assert not server.stop(studio.home)
        server.start(studio.home)
        os.killpg(home.locking_process(studio.home), signal.SIGKILL)
        disk = tmp_path / "disk.sqlite3"
        database = studio.home / "data" / "label_studio.sqlite3"
        database.rename(disk)
        database.symlink_to(disk)
        forget_a_migration(disk)
        assert server.start(studio.home, port=free_port()).token == studio.token
        with LabelStudio(studio.home, server.start(studio.home)).client() as client:
            titles = [each["title"] for each in client.get("/api/projects").json()["results"]]
    assert titles == ["presse"]
    assert database.is_symlink()


@pytest.mark.label_studio
def test_a_missing_access_file_is_written_again_for_the_same_data(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as studio:
        server.stop(studio.home)
        (studio.home / "access.toml").unlink()
        again = LabelStudio(studio.home, server.start(studio.home, port=free_port()))
        assert again.token != studio.token
        with again.client() as client:
            assert client.get("/api/current-user/whoami").json()["email"] == server.USERNAME
        with studio.client() as client, pytest.raises(httpx.ConnectError):
            client.get("/health")


@pytest.mark.label_studio
def test_an_interrupted_first_start_can_be_repeated(tmp_path: Path) -> None:
    """Ctrl-C while Label Studio creates its tables, without the template of other tests."""
    prepare(tmp_path / "home")
    database = tmp_path / "home" / "data" / "label_studio.sqlite3"
    database.unlink()
    command = [sys.executable, "-m", "aloi.cli", "annotate", "start", "--home", tmp_path / "home"]
    command += ["--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        tables = database.parent / "migration" / database.name
        while not (tables.exists() and tables.stat().st_size):
            time.sleep(0.1)
        time.sleep(5)
        started.send_signal(signal.SIGINT)
        started.communicate()
    assert tables.stat().st_size
    assert not database.stat().st_size  # a half-migrated database could not be completed
    assert not home.is_locked(tmp_path / "home")
    assert not (tmp_path / "home" / "access.toml").exists()
    completed = subprocess.run(command, check=True, capture_output=True, text=True)
    running = home.read_access(tmp_path / "home")
    assert running is not None
    assert server.stop(tmp_path / "home")
    assert running.url in completed.stdout
    assert "aloi@localhost" in completed.stdout
    assert running.password not in completed.stdout + completed.stderr
    assert database.stat().st_size
    assert not tables.parent.exists()


@pytest.mark.filterwarnings("ignore:The `parse_obj`:DeprecationWarning")  # raised in the SDK
def test_both_kinds_of_token_work_for_all_users(
    label_studio: LabelStudio,
) -> None:
    ana = label_studio.user("ana")
    with label_studio.client(ana.token) as client:
        assert client.get("/api/current-user/whoami").json()["email"] == "ana@example.com"
    for token in (label_studio.token, label_studio.personal_token, ana.token, ana.personal):
        with LabelStudioServer(Access(label_studio.url, token)) as studio:
            assert studio.list_projects("presse") == {}


def test_signing_up_requires_an_invitation(label_studio: LabelStudio) -> None:
    with httpx.Client(base_url=label_studio.url) as browser:
        browser.get("/user/signup/")
        form = {"email": "eve@example.com", "password": "password-of-eve"}
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        assert browser.post("/user/signup/", data=form).status_code == 403


def test_secrets_are_neither_logged_nor_readable_by_others(label_studio: LabelStudio) -> None:
    """They are not in the log, which may be shown to others, nor on a command line."""
    public = (label_studio.home / "server.log").read_text(encoding="utf-8")
    group = home.locking_process(label_studio.home)
    public += subprocess.run(
        ["ps", "-ww", "-e", "-o", "args="], check=True, capture_output=True, text=True
    ).stdout
    assert "gunicorn" in public
    assert group > 0
    for secret in (label_studio.token, label_studio.server.password, PASSWORD):
        assert secret not in public
    assert mode(label_studio.home) == 0o700
    for name in ("access.toml", "server.log", "server.pid"):
        assert mode(label_studio.home / name) == 0o600


def test_static_files_are_served(label_studio: LabelStudio) -> None:
    page = httpx.get(f"{label_studio.url}/user/login/").text
    (style, *_) = [part.split('"')[0] for part in page.split('href="') if ".css" in part]
    assert httpx.get(f"{label_studio.url}{style}").is_success


@pytest.mark.label_studio
def test_a_database_password_is_read_from_the_environment(
    tmp_path: Path, postgresql: Cluster
) -> None:
    """A missing or wrong password is an error, after which no access file is left."""
    folder = tmp_path / "team"
    prepare(folder, postgresql)
    url = postgresql.url("team")
    with pytest.raises(DataError, match="no password supplied"):
        server.start(folder, port=free_port(), database=url)
    with pytest.raises(DataError, match="authentication failed") as caught:
        server.start(folder, port=free_port(), database=url.replace("@", ":not-that-one@"))
    assert "not-that-one" not in str(caught.value)
    assert not (folder / "access.toml").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        started = server.start(folder, port=free_port(), database=url)
    with LabelStudio(folder, started).client() as client:
        client.post("/api/projects", json={"title": "équipe"}).raise_for_status()
    assert server.stop(folder)
    assert PASSWORD not in (folder / "access.toml").read_text(encoding="utf-8")
    assert "équipe" in postgresql.run("psql", "--dbname=team", "-c", "select title from project")
    assert database.display_url(with_password(url)) == url
