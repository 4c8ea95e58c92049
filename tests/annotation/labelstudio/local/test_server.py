"""A Label Studio of one's own: what it refuses, what it remembers, and the real one."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from label_studio import LabelStudio, prepare, serving, with_password
from ports import free_port
from postgresql import PASSWORD, Cluster

from aloi.annotation.labelstudio.access import Access, find
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.local import database, home, installation, server
from aloi.annotation.labelstudio.local.home import Server
from aloi.corpus.problems import DataError

SERVER = Server("http://127.0.0.1:8080", "aloi@localhost", "secret-password", "secret-token")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with Label Studio."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        yield process
        process.kill()


def test_a_port_taken_by_something_else_is_told_before_anything_is_installed(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DataError, match=f"port {port} is taken.*--port"):
            server.start(tmp_path, port=port)
    assert not (tmp_path / "venv").exists()
    assert not (tmp_path / "access.toml").exists()


def test_a_process_that_has_the_number_of_a_dead_server_is_left_alone(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    (tmp_path / "server.pid").write_text(str(sleeper.pid))
    assert not server.stop(tmp_path)
    assert sleeper.poll() is None


def test_nothing_to_stop_where_nothing_was_started(tmp_path: Path) -> None:
    assert not server.stop(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_what_holds_the_home_is_stopped(tmp_path: Path) -> None:
    lock = home.lock(tmp_path)
    assert lock is not None
    with subprocess.Popen(["sleep", "600"], start_new_session=True, pass_fds=[lock]) as process:
        home.name_holder(lock, process.pid)
        os.close(lock)
        assert home.held(tmp_path)
        assert home.lock(tmp_path) is None
        assert server.stop(tmp_path)
        assert process.wait() == -signal.SIGTERM


def test_a_second_command_does_not_meddle_with_one_that_installs(tmp_path: Path) -> None:
    lock = home.lock(tmp_path)
    assert lock is not None
    for act in (server.start, server.stop):
        with pytest.raises(DataError, match="another command is setting up"):
            act(tmp_path)
    os.close(lock)


def test_access_is_private_from_its_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda a, b: (seen.append(mode(a)), replace(a, b))[1])
    before = os.umask(0)
    try:
        with home.remembered(tmp_path, SERVER):
            assert mode(tmp_path / "access.toml") == 0o600
    finally:
        os.umask(before)
    assert seen == [0o600]
    assert home.known(tmp_path) == SERVER
    assert find(tmp_path).token == "secret-token"


def test_what_does_not_come_to_run_is_forgotten(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), home.remembered(tmp_path, SERVER):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_spoilt_access_file_is_told_without_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "access.toml").write_text('token = "secret-token"\nurl')
    with pytest.raises(DataError, match=r"access\.toml") as told:
        server.start(tmp_path, port=free_port())
    assert "secret" not in str(told.value)


def test_an_installation_broken_off_or_of_another_lock_counts_for_none(tmp_path: Path) -> None:
    assert not installation.installed(tmp_path)
    (tmp_path / installation.READY).write_text("another")
    assert not installation.installed(tmp_path)
    (tmp_path / installation.READY).write_text(installation.version())
    assert installation.installed(tmp_path)


def test_secrets_show_in_no_repr() -> None:
    url = "postgresql://me:secret@host/base"
    assert "secret" not in repr(Server("http://x:1", "me", "secret", "secret", url))


def test_a_database_is_taken_apart_for_label_studio(tmp_path: Path) -> None:
    """What is not said is left to PostgreSQL's client; what is quoted is unquoted."""
    url = "postgresql://l%C3%A9a:p%40ss@db.example:5433/presse"
    assert database.settings(url, tmp_path) == {
        "DJANGO_DB": "default",
        "LABEL_STUDIO_POSTGRE_USER": "léa",
        "LABEL_STUDIO_POSTGRE_PASSWORD": "p@ss",
        "LABEL_STUDIO_POSTGRE_NAME": "presse",
        "LABEL_STUDIO_POSTGRE_HOST": "db.example",
        "LABEL_STUDIO_POSTGRE_PORT": "5433",
    }
    assert database.settings("postgres:///presse", tmp_path)["LABEL_STUDIO_POSTGRE_PASSWORD"] == ""
    assert database.place(url) == "postgresql://l%C3%A9a@db.example:5433/presse"


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
def test_what_is_no_database_is_refused_without_being_shown(tmp_path: Path, url: str) -> None:
    with pytest.raises(DataError, match="postgresql://USER@HOST") as told:
        server.start(tmp_path, port=free_port(), database=url)
    assert "secret" not in str(told.value)
    assert not (tmp_path / "access.toml").exists()


def test_a_home_keeps_its_database(tmp_path: Path) -> None:
    with home.remembered(tmp_path, SERVER), pytest.raises(DataError, match="are in SQLite"):
        server.start(tmp_path, port=free_port(), database="postgresql://me@host/base")


@pytest.mark.label_studio
def test_start_is_found_again_and_its_data_outlive_a_stop_and_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as studio:
        assert server.start(studio.home) == studio.server
        with studio.client() as client:
            client.post("/api/projects", json={"title": "presse"}).raise_for_status()
        assert server.stop(studio.home)
        assert not server.stop(studio.home)
        server.start(studio.home)
        os.killpg(home.holder(studio.home), signal.SIGKILL)
        assert server.start(studio.home, port=free_port()).token == studio.token
        with LabelStudio(studio.home, server.start(studio.home)).client() as client:
            titles = [each["title"] for each in client.get("/api/projects").json()["results"]]
    assert titles == ["presse"]


@pytest.mark.label_studio
def test_a_lost_access_file_is_made_anew_and_opens_the_same_server(tmp_path: Path) -> None:
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
def test_a_first_start_broken_off_is_made_good_by_the_next(tmp_path: Path) -> None:
    """Ctrl-C while Label Studio makes its tables, which no template is there for."""
    prepare(tmp_path / "home")
    (tmp_path / "home" / "data" / "label_studio.sqlite3").unlink()
    command = [sys.executable, "-m", "aloi.cli", "annotate", "start", "--home", tmp_path / "home"]
    command += ["--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        while not (tmp_path / "home" / "data" / "label_studio.sqlite3").exists():
            time.sleep(0.1)
        time.sleep(5)
        started.send_signal(signal.SIGINT)
        started.communicate()
    assert not home.held(tmp_path / "home")
    assert not (tmp_path / "home" / "access.toml").exists()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    running = home.known(tmp_path / "home")
    assert running is not None
    assert server.stop(tmp_path / "home")
    assert running.url in done.stdout
    assert "aloi@localhost" in done.stdout
    assert running.password not in done.stdout + done.stderr


@pytest.mark.filterwarnings("ignore:The `parse_obj`:DeprecationWarning")  # the client's own
def test_the_server_knows_both_kinds_of_token_and_who_was_invited(
    label_studio: LabelStudio,
) -> None:
    ana = label_studio.user("ana")
    with label_studio.client(ana.token) as client:
        assert client.get("/api/current-user/whoami").json()["email"] == "ana@example.com"
    for token in (label_studio.token, label_studio.personal_token, ana.token, ana.personal):
        with LabelStudioServer(Access(label_studio.url, token)) as studio:
            assert studio.projects("presse") == {}


def test_nobody_signs_up_uninvited(label_studio: LabelStudio) -> None:
    with httpx.Client(base_url=label_studio.url) as browser:
        browser.get("/user/signup/")
        form = {"email": "eve@example.com", "password": "password-of-eve"}
        form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        assert browser.post("/user/signup/", data=form).status_code == 403


def test_secrets_are_in_the_files_of_their_owner_alone(label_studio: LabelStudio) -> None:
    """Not in the log, which may be shown, nor on a command line, which anyone may read."""
    shown = (label_studio.home / "server.log").read_text(encoding="utf-8")
    group = home.holder(label_studio.home)
    shown += subprocess.run(
        ["ps", "-ww", "-e", "-o", "args="], check=True, capture_output=True, text=True
    ).stdout
    assert "gunicorn" in shown
    assert group > 0
    for secret in (label_studio.token, label_studio.server.password, PASSWORD):
        assert secret not in shown
    assert mode(label_studio.home) == 0o700
    for name in ("access.toml", "server.log", "server.pid"):
        assert mode(label_studio.home / name) == 0o600


def test_the_static_files_of_the_pages_are_served(label_studio: LabelStudio) -> None:
    page = httpx.get(f"{label_studio.url}/user/login/").text
    (style, *_) = [part.split('"')[0] for part in page.split('href="') if ".css" in part]
    assert httpx.get(f"{label_studio.url}{style}").is_success


@pytest.mark.label_studio
def test_a_database_password_need_not_be_kept(tmp_path: Path, postgresql: Cluster) -> None:
    """In the environment alone it does; none, or a wrong one, is told, and nothing is left."""
    folder = tmp_path / "team"
    prepare(folder, postgresql)
    url = postgresql.url("team")
    with pytest.raises(DataError, match="no password supplied"):
        server.start(folder, port=free_port(), database=url)
    with pytest.raises(DataError, match="authentication failed") as told:
        server.start(folder, port=free_port(), database=url.replace("@", ":not-that-one@"))
    assert "not-that-one" not in str(told.value)
    assert not (folder / "access.toml").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        started = server.start(folder, port=free_port(), database=url)
    with LabelStudio(folder, started).client() as client:
        client.post("/api/projects", json={"title": "équipe"}).raise_for_status()
    assert server.stop(folder)
    assert PASSWORD not in (folder / "access.toml").read_text(encoding="utf-8")
    assert "équipe" in postgresql.run("psql", "--dbname=team", "-c", "select title from project")
    assert database.place(with_password(url)) == url
