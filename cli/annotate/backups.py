"""`aloi annotate backup` and `restore`: projects of Label Studio in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.annotation.labelstudio.access import DEFAULT_HOME
from aloi.cli.annotate.connection import HomeOption, connect
from aloi.cli.shared.console import fail, output_lock
from aloi.corpus.problems import count_noun

if TYPE_CHECKING:
    from aloi.annotation.labelstudio.backup import BackupReport


def backup(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="CORPUS",
            help="Corpus folder or project name prefix (default: all projects of the server).",
        ),
    ] = None,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Output file (JSON Lines).")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Save the projects of a Label Studio server to a file.

    The file contains settings, tasks, predictions, annotations and drafts, with the texts. It does
    not contain users, passwords or access tokens. The command works with local and remote servers.
    """
    from aloi.annotation.exchange.sources import corpus_name
    from aloi.annotation.labelstudio.backup import back_up

    corpus = None if source is None else corpus_name(source)
    with output_lock(str(out)), connect(home) as (studio, progress):
        projects = None if corpus is None else list(studio.list_projects(corpus).values())
        if projects == []:
            raise typer.BadParameter(f"{studio.url} contains no project «{corpus} · …»")
        report = back_up(studio, out, projects=projects, progress=progress)
    print(f"{out}: {_format_counts(report)}")


def restore(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="File written by `aloi annotate backup`.", exists=True),
    ],
    *,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Create the projects of a backup on a Label Studio server.

    Invite the users first: annotations of users who are missing on the server are reported and
    restored under the account of the access token. Nothing is created if a project with the same
    title exists. A project has the title «restoring …» until it is complete.
    """
    from aloi.annotation.labelstudio.backup import restore as restore_backup

    with connect(home) as (studio, progress):
        report = restore_backup(studio, file, progress=progress)
    for project in report.projects:
        print(f"{project.title}: {project.url}")
    print(f"restored: {_format_counts(report)}")
    if problems := list(report.problems()):
        fail(problems)


def _format_counts(report: BackupReport) -> str:
    numbers = {
        "project": len(report.projects),
        "task": report.tasks,
        "annotation": report.annotations,
        "draft": report.drafts,
    }
    return ", ".join(count_noun(number, noun) for noun, number in numbers.items())
