"""`aloi corpus migrate`: new names for labels, in files and in Label Studio."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.annotation.labelstudio.access import DEFAULT_HOME
from aloi.cli.annotate.connection import HomeOption, connect
from aloi.corpus.problems import count_noun

if TYPE_CHECKING:
    from aloi.corpus.migration.corpus_migration import MigrationResult


def migrate(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
    *,
    rename: Annotated[
        list[str],
        typer.Option(
            metavar="OLD=NEW",
            help="Entity or relation label to rename, and its new name; repeat for several.",
        ),
    ],
    server: Annotated[
        bool,
        typer.Option(
            "--server",
            help="Also rename the labels in the annotators' projects in Label Studio "
            "(default: only in files).",
        ),
    ] = False,
    project: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Project name prefix, as in `aloi annotate push` (default: the name of the "
            "corpus).",
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Rename labels in the schema and in all documents.

    Documents in gold/, restricted/, inbox/ and passes/ are changed: all of them, or none if there
    is a problem. The schema gets the next major version. The command can be repeated.
    """
    from aloi.annotation.exchange.label_migration import migrate_projects
    from aloi.corpus.corpus_folder import Corpus, is_corpus
    from aloi.corpus.migration.corpus_migration import migrate_corpus
    from aloi.corpus.migration.label_renames import parse_renames

    try:
        renames = parse_renames(rename)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--rename") from error
    if not is_corpus(folder):
        raise typer.BadParameter(f"{folder} is not a corpus folder: it contains no corpus.toml")
    if not server:
        _print_result(migrate_corpus(folder, renames))
        print("projects in Label Studio: unchanged; add --server if there are any", file=sys.stderr)
        return
    with connect(home) as (studio, progress):  # first: without a server, nothing is changed
        projects = studio.list_projects(project or Corpus.open(folder).manifest.name)
        _print_result(migrate_corpus(folder, renames))
        for annotator, tasks in migrate_projects(
            studio, projects, renames, progress=progress
        ).items():
            print(f"{annotator}: {count_noun(tasks, 'task')} changed; {projects[annotator].url}")


def _print_result(result: MigrationResult) -> None:
    if result.schema != result.old_schema:
        print(f"schema: {result.old_schema} became {result.schema}")
    for name, number in result.documents.items():
        print(f"{name}: {count_noun(number, 'document')} changed")
    if not result.documents and result.schema == result.old_schema:
        print("files: nothing to change")
    for file in result.mentions:
        print(f"{file} contains an old label: edit it by hand", file=sys.stderr)
