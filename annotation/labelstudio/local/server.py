"""A local Label Studio: started, found running, stopped.

Its home contains `venv/`, `data/`, `server.log`, and the state kept by
`aloi.annotation.labelstudio.local.home`.
All secrets go to the server through its environment.
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
from aloi.annotation.labelstudio.local.home import Server
from aloi.corpus.problems import DataError, Problem

HOST, PORT = "127.0.0.1", 8080
USERNAME = "aloi@localhost"

PATIENCE = 900.0
"""Seconds until a server that lives must be ready: the first time it makes its tables."""

FAREWELL = 35.0
"""Seconds that a server gets to end by itself: it gives requests under way thirty."""

DEFAULTS = {
    "DEBUG": "false",
    "HOST": "",
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "SENTRY_RATE": "0",
    "DISABLE_SIGNUP_WITHOUT_LINK": "true",
    "ML_BLOCK_LOCAL_IP": "false",  # else no predictions from `aloi annotate serve` beside it
}
"""Label Studio's settings, less LABEL_STUDIO_; the user's environment may say otherwise."""

Step = Callable[[str], object]


def start(
    home: Path,
    *,
    port: int | None = None,
    database: str | None = None,
    step: Step = lambda step: None,
) -> Server:
    """The server of `home`, ready: the one that runs already, whatever else is said, or a new one.

    Unless said, `port` and `database` (a URL) are as they were last. Raises `DataError` if the port
    is taken, the database is not that of the home's data, or the server does not come up.
    """
    home = home.resolve()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    while (lock := homes.lock(home)) is None:
        if running := _running(home):
            return running
    try:
        server = _planned(home, port, database)
        _set_up(home, server, lock, step)
    finally:
        os.close(lock)
    return server


def stop(home: Path) -> bool:
    """End the server of `home`; whether one was running. Raises `DataError` if it will not end."""
    home = home.resolve()
    if not homes.held(home):
        return False
    group = homes.holder(home)
    for ending, seconds in ((signal.SIGTERM, FAREWELL), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.killpg(group, ending)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not homes.held(home):
                return True
            time.sleep(0.05)
    fix = f"End the process group {group} by hand"
    raise DataError([Problem("not-stopped", "Label Studio does not end", fix)])


def _running(home: Path) -> Server | None:
    """The server that holds the home, once it is ready; none if it ends before."""
    homes.holder(home)
    server = homes.known(home)
    if server is None:
        fix = "Stop it with `aloi annotate stop`, then start it again"
        raise DataError([Problem("no-access", f"{home} runs, but its access is lost", fix)])
    return server if _ready(server, lambda: homes.held(home)) else None


def _planned(home: Path, port: int | None, database: str | None) -> Server:
    """What is to run: as last time but for what is said, secrets included."""
    server = homes.known(home)
    if server is None:
        password, token = secrets.token_urlsafe(16), secrets.token_hex(20)
        server = Server(f"http://{HOST}:{PORT}", USERNAME, password, token, database)
    elif database and databases.place(database) != databases.place(server.database):
        what = f"the data of {home} are in {databases.place(server.database)}"
        fix = "Leave --database out, or name another folder with --home"
        raise DataError([Problem("other-database", what, fix)])
    url = f"http://{HOST}:{port}" if port else server.url
    return replace(server, url=url, database=database or server.database)


def _set_up(home: Path, server: Server, lock: int, step: Step) -> None:
    """Install what is missing and launch; what fails leaves the home as it was."""
    environment = _environment(home, server)
    _check_port(server.port)
    if not installation.installed(home / "venv"):
        step("installing Label Studio: once, some minutes")
        installation.install(home / "venv")
    step("starting Label Studio: the first time, a minute or two")
    with homes.remembered(home, server):
        _launch(home, server, environment, lock)


def _environment(home: Path, server: Server) -> dict[str, str]:
    """Ours over the user's over the defaults."""
    return {
        **{f"LABEL_STUDIO_{key}": value for key, value in DEFAULTS.items()},
        **os.environ,
        **databases.settings(server.database, home / "data"),
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
    what = f"port {port} is taken by another program"
    raise DataError([Problem("busy-port", what, "Choose another with --port")])


def _launch(home: Path, server: Server, environment: dict[str, str], lock: int) -> None:
    """Bring the server up in a session of its own, which holds the lock; return when it is ready.

    Raises `DataError` with the last line of its log if it ends before.
    """
    log = home / "server.log"
    conf = Path(__file__).with_name("gunicorn_conf.py")
    python = home / "venv" / "bin" / "python"
    with open(log, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as said:
        process = subprocess.Popen(
            [python, "-I", "-m", "gunicorn", "-c", conf, "--bind", f"{HOST}:{server.port}"],
            cwd=home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            pass_fds=[lock],
        )
    try:
        homes.name_holder(lock, process.pid)
        if not _ready(server, lambda: process.poll() is None):
            what = f"Label Studio ended at once: {_last_line(log)}"
            raise DataError([Problem("not-started", what, "See its log", file=str(log))])
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    process.returncode = 0  # it is to outlive us: nobody waits for it


def _ready(server: Server, alive: Callable[[], bool]) -> bool:
    """Wait until the server is well and lets its user in; false if it does not live so long."""
    until = time.monotonic() + PATIENCE
    while alive():
        if _answers(server):
            return True
        if time.monotonic() > until:
            what, fix = f"Label Studio is not ready after {PATIENCE:.0f} s", "See server.log"
            raise DataError([Problem("not-started", what, fix)])
        time.sleep(0.2)
    return False


def _answers(server: Server) -> bool:
    """Whether the server is well, and the token its user's."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.addheaders = [("Authorization", f"Token {server.token}")]
    try:
        with opener.open(f"{server.url}/health", timeout=30) as answer:
            well = json.load(answer) == {"status": "UP"}
        with opener.open(f"{server.url}/api/current-user/whoami", timeout=30) as answer:
            return bool(well and json.load(answer)["email"] == server.username)
    except (OSError, ValueError, LookupError):
        return False


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "")
