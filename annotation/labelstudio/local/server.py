"""Functions that start and stop a local Label Studio server.

The server's home contains `venv/`, `data/`, `server.log`, and the files of
`aloi.annotation.labelstudio.local.home`. Secrets are passed to the server in environment
variables.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from aloi.annotation.labelstudio.local import database as databases
from aloi.annotation.labelstudio.local import home as homes
from aloi.annotation.labelstudio.local import installation
from aloi.annotation.labelstudio.local.home import LocalServer
from aloi.annotation.progress import Progress, ignore_progress
from aloi.corpus.problems import DataError, Problem

HOST, DEFAULT_PORT = "127.0.0.1", 8080
USERNAME = "aloi@localhost"

START_TIMEOUT = 3600.0
"""Seconds until a started server must be ready; the start after an upgrade migrates all data."""

STOP_TIMEOUT = 35.0
"""Seconds to wait before killing the server. It may complete open requests for 30 seconds."""

DEFAULT_SETTINGS = {
    "DEBUG": "false",
    "HOST": "",
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "SENTRY_RATE": "0",
    "DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "ML_BLOCK_LOCAL_IP": "false",  # required by `aloi annotate serve` on the same machine
}
"""Label Studio's settings without the prefix LABEL_STUDIO_; environment variables override them."""


def start(
    home: Path,
    *,
    port: int | None = None,
    database: str | None = None,
    progress: Progress = ignore_progress,
) -> LocalServer:
    """Start the server of `home` unless it is already running; return the server when it is ready.

    `port` and `database` (a URL) default to the values of the last start. Raise `DataError` if the
    port is taken, if the data of `home` are in a different database, or if the start fails.
    """
    home = home.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    while (lock := homes.acquire_lock(home)) is None:
        if running := _running_server(home, progress):
            return running
    try:
        server = _configure(home, port, database)
        _install_and_launch(home, server, lock, progress)
    finally:
        os.close(lock)
    return server


def stop(home: Path) -> bool:
    """Stop the server of `home`; return whether the server was running.

    Raise `DataError` if the server does not stop.
    """
    home = home.resolve()
    if not homes.is_locked(home):
        return False
    group = homes.locking_process(home)
    for ending, seconds in ((signal.SIGTERM, STOP_TIMEOUT), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.killpg(group, ending)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not homes.is_locked(home):
                return True
            time.sleep(0.05)
    what = f"the Label Studio server of {home} does not stop"
    raise DataError([Problem("not-stopped", what, f"Kill the process group {group}")])


def _running_server(home: Path, progress: Progress) -> LocalServer | None:
    """Return the running server of a home folder when it is ready, or None if it exits."""
    homes.locking_process(home)
    server = homes.read_access(home)
    if server is None:
        what = f"a server is running in {home}, but its access file is missing"
        fix = "Stop the server with `aloi annotate stop`, then start it again"
        raise DataError([Problem("no-access", what, fix)])
    return server if _wait_until_ready(server, lambda: homes.is_locked(home), progress) else None


def _configure(home: Path, port: int | None, database: str | None) -> LocalServer:
    """Return the server to start, with the requested port and database.

    All other values come from the last start, or are generated at the first start.
    """
    server = homes.read_access(home)
    if server is None:
        password, token = secrets.token_urlsafe(16), secrets.token_hex(20)
        url = f"http://{HOST}:{DEFAULT_PORT}"
        server = LocalServer(url, USERNAME, password, token, database)
    elif database and databases.display_url(database) != databases.display_url(server.database):
        what = f"the data of {home} are in {databases.display_url(server.database)}"
        fix = "Omit --database, or choose a different folder with --home"
        raise DataError([Problem("other-database", what, fix)])
    url = f"http://{HOST}:{port}" if port else server.url
    return replace(server, url=url, database=database or server.database)


def _install_and_launch(home: Path, server: LocalServer, lock: int, progress: Progress) -> None:
    """Install Label Studio if necessary, then launch the server.

    Restore the previous access file if the launch fails.
    """
    environment = _environment(home, server)
    _check_port(server.port)
    if not installation.is_installed(home / "venv"):
        installation.install(home / "venv", progress=progress)
    with homes.saved_access(home, server):
        _launch(home, server, environment, lock, progress)


def _environment(home: Path, server: LocalServer) -> dict[str, str]:
    """Return the environment variables of the server.

    The user's variables override the default settings, but not the required settings.
    """
    return {
        **{f"LABEL_STUDIO_{key}": value for key, value in DEFAULT_SETTINGS.items()},
        **os.environ,
        **databases.database_environment(server.database, home / "data"),
        "DJANGO_SETTINGS_MODULE": "label_studio.core.settings.label_studio",
        "LABEL_STUDIO_BASE_DATA_DIR": str(home / "data"),
        "LABEL_STUDIO_USERNAME": server.username,
        "LABEL_STUDIO_PASSWORD": server.password,
        "LABEL_STUDIO_USER_TOKEN": server.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    }


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)):
            return
    what = f"another program uses port {port}"
    raise DataError([Problem("busy-port", what, "Choose a different port with --port")])


def _launch(
    home: Path, server: LocalServer, environment: dict[str, str], lock: int, progress: Progress
) -> None:
    """Launch the server in a new session, pass the lock on, and wait until the server is ready.

    Raise `DataError` with the last line of the log if the server exits before it is ready.
    """
    log = home / "server.log"
    configuration = Path(__file__).with_name("gunicorn_conf.py")
    python = home / "venv" / "bin" / "python"
    address = f"{HOST}:{server.port}"
    with open(log, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as output:
        process = subprocess.Popen(
            [python, "-I", "-m", "gunicorn", "-c", configuration, "--bind", address],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=[lock],
        )
    try:
        if not _wait_until_ready(server, lambda: process.poll() is None, progress):
            what = f"Label Studio exited during startup: {_last_line(log)}"
            fix = "Read this log file and correct the error"
            if server.database:
                fix += (
                    "; if the first start was interrupted, use a new, empty database"
                    " and a new folder (--home)"
                )
            raise DataError([Problem("not-started", what, fix, file=str(log))])
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    process.returncode = 0  # detached on purpose; suppresses Popen's ResourceWarning


def _wait_until_ready(server: LocalServer, alive: Callable[[], bool], progress: Progress) -> bool:
    """Wait until the server is ready; return False if it exits before it is ready.

    Raise `DataError` after `START_TIMEOUT` seconds.
    """
    started = time.monotonic()
    while alive():
        if _is_ready(server):
            return True
        waited = time.monotonic() - started
        progress(f"starting Label Studio: {waited:.0f} s (the first start creates the database)")
        if waited > START_TIMEOUT:
            what = f"Label Studio is not ready after {START_TIMEOUT:.0f} s"
            fix = "Read server.log in the home folder and correct the error"
            raise DataError([Problem("not-started", what, fix)])
        time.sleep(0.2)
    return False


def _is_ready(server: LocalServer) -> bool:
    """Return whether the server answers and accepts its first user's access token."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.addheaders = [("Authorization", f"Token {server.token}")]
    try:
        with opener.open(f"{server.url}/health", timeout=30) as answer:
            healthy = json.load(answer) == {"status": "UP"}
        with opener.open(f"{server.url}/api/current-user/whoami", timeout=30) as answer:
            return bool(healthy and json.load(answer)["email"] == server.username)
    except (OSError, ValueError, LookupError):
        return False


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "")
