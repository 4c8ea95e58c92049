"""Two Ray nodes of one processor each, in processes of their own on loopback."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

START = [str(Path(sys.executable).with_name("ray")), "start", "--block", "--num-cpus=1"]
LITTLE = ["--disable-usage-stats", "--object-store-memory=80000000", "--include-log-monitor=false"]
WORKER = b"ray::_Worker"


@contextmanager
def two_nodes() -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a cluster, and the environment that its drivers need."""
    own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {**os.environ, **own, "RAY_worker_niceness": "0"}
    address = f"127.0.0.2:{free_port()}"
    head = ["--head", "--port", address.partition(":")[2], "--include-dashboard=false"]
    nodes = []
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        try:
            for number, role in enumerate((head, ["--address", address]), start=2):
                place = ["--node-ip-address", f"127.0.0.{number}", "--temp-dir", folder]
                command = [*START, *LITTLE, *role, *(place if number == 2 else place[:2])]
                nodes.append(started(command, Path(folder) / f"{number}.log", environment))
            yield address, environment
        finally:
            for process in processes(environment):
                os.kill(process, signal.SIGKILL)
            for node in nodes:
                node.wait()


def started(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A node, once it says that it runs."""
    with log.open("wb") as stream:
        node = subprocess.Popen(
            command, stdout=stream, stderr=stream, env=environment, start_new_session=True
        )
    while b"Ray runtime started" not in log.read_bytes():
        assert node.poll() is None, log.read_text()
        time.sleep(0.1)
    return node


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.2", 0))
        port: int = held.getsockname()[1]
        return port


def workers(environment: dict[str, str]) -> list[int]:
    """The processes of actors that were started in this environment."""
    return processes(environment, named=WORKER)


def processes(environment: dict[str, str], *, named: bytes = b"") -> list[int]:
    """All processes that were started in this environment and are called so."""
    mark = f"RAY_AUTH_TOKEN={environment['RAY_AUTH_TOKEN']}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            ours = (process / "cmdline").read_bytes().startswith(named)
            if ours and mark in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found
