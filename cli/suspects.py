"""`aloi suspects`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.models import Part, overrides

if TYPE_CHECKING:
    from rich.table import Table

    from aloi.models.studies.suspects import Suspect

COLUMNS = ("score", "confidence", "kind", "document", "surface", "gold", "model", "context")


def suspects(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="A corpus folder.")],
    *,
    kind: Annotated[
        Part | None, typer.Option(help="Only these; entities and relations unless said.")
    ] = None,
    folds: Annotated[int, typer.Option(min=3, help="How many pipelines of each kind.")] = 5,
    most: Annotated[int, typer.Option(min=1, help="How many to list of each kind.")] = 100,
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write them there too.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change the config: system.seed=2."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the trained folds there.")
    ] = None,
) -> None:
    """List likely label errors: what models that never saw a document hold wrong in its gold.

    Every document is held out once, of whichever split; restricted ones are never learned from.
    """
    import tempfile

    from rich.console import Console

    from aloi.cli.shared.inputs import open_corpus
    from aloi.corpus.locks import locked
    from aloi.models.studies.folds import Rounds
    from aloi.models.studies.folds import folds as dealt
    from aloi.models.studies.suspects import cross_checked

    corpus, changed = open_corpus(folder), overrides(settings or [])
    parts, found = dealt(corpus.documents, folds), []
    with locked(*filter(None, [out])), tempfile.TemporaryDirectory() as scratch:
        for part in [kind] if kind else list(Part):
            rounds = Rounds(
                part,
                out or Path(scratch),
                schema=corpus.folder / corpus.manifest.schema,
                overrides=changed,
                untaught=corpus.manifest.restricted,
            )
            found.append(cross_checked(rounds, parts, progress=sys.stderr))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for ranked in filter(None, found):
        console.print(_table(ranked, most))
    console.print(f"{corpus} | {folds} folds | {sum(map(len, found))} suspects")
    if json_ is not None:
        listed = [suspect for ranked in found for suspect in ranked[:most]]
        _write(json_, {"corpus": str(corpus), "folds": folds, "settings": changed}, listed)


def _write(path: Path, told: dict[str, object], listed: list[Suspect]) -> None:
    from dataclasses import asdict

    from aloi.corpus.files import atomic_text_file

    with atomic_text_file(path) as stream:
        content = {**told, "suspects": [{"score": each.score, **asdict(each)} for each in listed]}
        json.dump(content, stream, ensure_ascii=False, indent=1)


def _table(found: list[Suspect], most: int) -> Table:
    from rich.table import Table
    from rich.text import Text

    title = f"{found[0].task}, {min(most, len(found))} likeliest errors of {len(found)} suspects"
    table = Table(*COLUMNS, title=title, title_justify="left")
    for suspect in found[:most]:
        numbers = f"{suspect.score:.3f}", f"{suspect.confidence:.3f}"
        cells = [*numbers, *(getattr(suspect, name) for name in COLUMNS[2:])]
        table.add_row(*map(Text, cells))  # Text: the brackets of a context are no markup
    return table
