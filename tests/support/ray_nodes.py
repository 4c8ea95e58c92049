"""Two Ray nodes of one processor each, in separate processes on loopback addresses."""

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

RAY = [sys.executable, "-m", "ray.scripts.scripts"]
START = [*RAY, "start", "--block", "--num-cpus=1"]
SMALL = ["--disable-usage-stats", "--object-store-memory=80000000", "--include-log-monitor=false"]
WORKER_TITLE = b"ray::_Worker"


@contextmanager
def two_nodes() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the address of a cluster, and the environment that its drivers need."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    environment = {**os.environ, **token, "RAY_worker_niceness": "0"}
    address = f"127.0.0.2:{free_port()}"
    nodes = []
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        port = address.partition(":")[2]
        head = ["--head", "--port", port, "--include-dashboard=false", "--temp-dir", folder]
        try:
            for number, role in enumerate((head, ["--address", address]), start=2):
                command = [*START, *SMALL, *role, "--node-ip-address", f"127.0.0.{number}"]
                nodes.append(start_node(command, Path(folder) / f"{number}.log", environment))
            yield address, environment
        finally:
            for process in find_processes(environment):
                os.kill(process, signal.SIGKILL)
            for node in nodes:
                node.wait()


def start_node(
    command: list[str], log: Path, environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    """Start a node and return when its log says that it is running."""
    with log.open("wb") as stream:
        node = subprocess.Popen(
            command, stdout=stream, stderr=stream, env=environment, start_new_session=True
        )
    while b"Ray runtime started" not in log.read_bytes():
        assert node.poll() is None, log.read_text()
        time.sleep(0.1)
    return node


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.2", 0))
        port: int = probe.getsockname()[1]
        return port


def find_workers(environment: dict[str, str]) -> list[int]:
    """Return the process ids of the actors that were started in an environment."""
    return find_processes(environment, title=WORKER_TITLE)


def find_processes(environment: dict[str, str], *, title: bytes = b"") -> list[int]:
    """Return the ids of the processes started in an environment whose title begins with `title`."""
    token = f"RAY_AUTH_TOKEN={environment['RAY_AUTH_TOKEN']}".encode()
    processes = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            has_title = (process / "cmdline").read_bytes().startswith(title)
            if has_title and token in (process / "environ").read_bytes():
                processes.append(int(process.name))
    return processes
