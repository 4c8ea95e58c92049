"""`aloi annotate start`, `stop` and `serve`: a Label Studio server and a prediction backend."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.annotation.labelstudio.access import ACCESS_FILE, DEFAULT_HOME
from aloi.cli.annotate.connection import HomeOption, connect
from aloi.cli.shared.console import steps
from aloi.cli.shared.inputs import corpus_at, open_corpus
from aloi.corpus.problems import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aloi.annotation.labelstudio.live_predictions import BackendServer
    from aloi.corpus.corpus_folder import Corpus

PASSWORD_VARIABLE = "ALOI_SERVE_PASSWORD"
"""The environment variable with the password of the prediction server."""


def start(
    *,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=1,
            max=65535,
            help="Port of the server (default: the port of the previous start; at the first start, "
            "8080).",
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="PostgreSQL database, in the form postgresql://USER@HOST/DATABASE "
            "(default: the database of the previous start; at the first start, SQLite).",
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Start the local Label Studio server.

    The first start installs Label Studio (1 GB) and creates the database, which takes about three
    minutes. The command prints the address, the user name and the password. If the output is not a
    terminal but, for example, a log, it prints the path of the password file instead.
    """
    from aloi.annotation.labelstudio.local import server

    with steps() as progress:
        local = server.start(home, port=port, database=database, progress=progress)
    print(f"Label Studio: {local.url}")
    print(f"user name: {local.username}")
    print(f"password: {local.password if sys.stdout.isatty() else f'see {home / ACCESS_FILE}'}")
    if shutil.which("aloi") is None:
        print(f"to use the command aloi in this shell: . {_activation_script()}")


def _activation_script() -> Path:
    """Return the script that activates the running Python's virtual environment."""
    script = Path(sys.prefix) / "bin" / "activate"
    here = Path.cwd()
    return script.relative_to(here) if script.is_relative_to(here) else script


def stop(*, home: HomeOption = DEFAULT_HOME) -> None:
    """Stop the local Label Studio server; its data are kept."""
    from aloi.annotation.labelstudio.local import server

    stopped = server.stop(home)
    print("Label Studio stopped" if stopped else f"Label Studio is not running in {home}")


ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="Pipeline: a folder or an installed package.")
]
HostOption = Annotated[
    str, typer.Option(metavar="ADDRESS", help="IP address of the prediction server.")
]
ServePortOption = Annotated[
    int,
    typer.Option(
        metavar="PORT",
        min=0,
        max=65535,
        help="Port of the prediction server; 0 selects any free port.",
    ),
]
ProjectOption = Annotated[
    str | None,
    typer.Option(
        metavar="PROJECT",
        help="Connect the model to the projects of this corpus (a folder), or to all projects "
        "with this name prefix (default: connect to no project).",
    ),
]
LearnOption = Annotated[
    bool,
    typer.Option(
        "--learn",
        help="Also run `aloi annotate next` in a separate process: after each event that Label "
        "Studio reports, and every 5 minutes; requires --to with a corpus folder.",
    ),
]
AllowHostOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Host name under which Label Studio calls this server; repeatable "
        "(default: only IP addresses, localhost and the value of --host).",
    ),
]


def serve(
    model: ModelArgument,
    *,
    host: HostOption = "127.0.0.1",
    port: ServePortOption = 9090,
    to: ProjectOption = None,
    learn: LearnOption = False,
    allow_host: AllowHostOption = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Serve live predictions of a model to Label Studio.

    When an annotator opens a text, Label Studio requests predictions for this text. Press Ctrl+C
    to stop the command. With --learn, the model is replaced after each training. While the command
    runs, and after it has stopped, a line in the descriptions of the projects reports this to
    annotators. If the environment variable ALOI_SERVE_PASSWORD is set, requests need this password
    (HTTP basic authentication, user `aloi`); with --to, Label Studio learns it.
    """
    from aloi.annotation.labelstudio.live_predictions import running_backend

    learning = _learning_corpus(to) if learn else None
    wake = Event()
    password = os.environ.get(PASSWORD_VARIABLE) or None
    if password is None and not _is_loopback(host):
        warning = f"warning: {host} may be reached from other machines: set {PASSWORD_VARIABLE}"
        print(warning, file=sys.stderr)
    with running_backend(
        model,
        host,
        port,
        on_event=wake.set,
        allowed_hosts=allow_host or (),
        password=password,
    ) as (server, thread):
        print(f"{server.backend.model_version}: {server.url}", flush=True)
        with (
            suppress(KeyboardInterrupt),
            nullcontext() if to is None else _connected(to, server.url, home, password),
            nullcontext()
            if learning is None
            else _learning(learning, server, wake, home, password),
        ):
            thread.join()


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _learning_corpus(to: str | None) -> Corpus:
    """Return the corpus to learn from; exit with status 2 if `to` is not a corpus folder."""
    if to is None:
        raise typer.BadParameter("--learn requires --to with a corpus folder")
    return open_corpus(Path(to))


def _learning(
    corpus: Corpus, server: BackendServer, wake: Event, home: Path, password: str | None
) -> AbstractContextManager[object]:
    """Return a context in which rounds are run, and the backend uses the newest model."""
    from aloi.annotation.learning.round import LearningSettings, learning_folder
    from aloi.annotation.learning.schedule import EventRounds

    settings = LearningSettings(folder=learning_folder(corpus))
    used: list[Path] = []

    def use_newest() -> None:
        newest = settings.newest_pipeline()
        if newest is not None and used != [newest]:
            server.backend.use_pipeline(newest)
            used[:] = [newest]

    _connect_webhooks(corpus.manifest.name, f"{server.url}/webhook", home, password)
    command = [sys.executable, "-m", "aloi.cli", "annotate", "next", str(corpus.folder)]
    return EventRounds([*command, "--home", str(home)], use_newest, wake)


def _connect_webhooks(corpus: str, url: str, home: Path, password: str | None) -> None:
    """Request events for all projects; print a note if Label Studio does not send them."""
    from aloi.annotation.exchange.pull import pass_annotators
    from aloi.annotation.labelstudio.request_limits import authorization

    headers = {} if password is None else {"Authorization": authorization(password)}
    with connect(home) as (studio, _):
        projects = studio.list_projects(corpus)
        try:
            for annotator in pass_annotators(projects):
                studio.connect_webhook(projects[annotator], url, headers)
        except DataError:
            print(
                f"Label Studio sends no events to {url}; finished work is noticed within 5 minutes",
                file=sys.stderr,
            )


@contextmanager
def _connected(to: str, backend: str, home: Path, password: str | None) -> Iterator[None]:
    """Connect the projects of all annotators to a backend, and print the project addresses.

    `to` is a corpus folder, or the prefix of project names. The notice in the descriptions of the
    projects is changed at the start and at the end, also if the start is interrupted.
    """
    from aloi.annotation.exchange.pull import pass_annotators
    from aloi.annotation.exchange.sources import corpus_name
    from aloi.annotation.labelstudio.backend_notice import show_notice
    from aloi.annotation.labelstudio.live_predictions import connect_projects
    from aloi.corpus.languages.language import find_language

    corpus = corpus_at(to)
    language = find_language(corpus.schema.language if corpus else None)
    with connect(home) as (studio, _):
        listed = studio.list_projects(corpus_name(to))
        projects = {name: listed[name] for name in pass_annotators(listed)}
        for annotator, project in projects.items():
            connect_projects(studio, [project], backend, password=password)
            print(f"{annotator}: {project.url}", flush=True)
    try:
        with connect(home) as (studio, _):
            show_notice(studio, projects.values(), language, answers=True)
        yield
    finally:
        with suppress(DataError), connect(home) as (studio, _):
            show_notice(studio, projects.values(), language, answers=False)
