"""The connection of `aloi annotate` commands to a Label Studio server."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.shared.console import steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.annotation.progress import Progress

HomeOption = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder of the local Label Studio server.")
]

AccountOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=ACCOUNT",
        help="Label Studio account of an annotator, as e-mail address or user number; repeatable "
        "(default: the account whose e-mail address, or its part before @, is the annotator's "
        "name).",
    ),
]


def parse_accounts(values: list[str] | None) -> dict[str, str]:
    """Return the values of `--account` by annotator; exit with status 2 if one is invalid."""
    pairs = [value.partition("=") for value in values or ()]
    for name, _, account in pairs:
        if not (name and account):
            raise typer.BadParameter("--account must have the form NAME=ACCOUNT")
    return {name: account for name, _, account in pairs}


@contextmanager
def connect(home: Path) -> Iterator[tuple[LabelStudioServer, Progress]]:
    """Connect to the configured server; yield the connection and a progress function."""
    from aloi.annotation.labelstudio.access import find_access
    from aloi.annotation.labelstudio.client import LabelStudioServer

    with LabelStudioServer(find_access(home)) as studio, steps() as progress:
        yield studio, progress
