"""`aloi release`: build, check and rehydrate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.console import steps
from aloi.cli.corpus import open_corpus

if TYPE_CHECKING:
    from aloi.corpus.release.rehydrate import Rehydrated

app = typer.Typer(help="Publish a corpus.", no_args_is_help=True)


@app.command()
def build(
    folder: Annotated[Path, typer.Argument(metavar="[CORPUS]", help="A corpus folder.")] = Path(
        "corpus"
    ),
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to make or replace.")],
    figures: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Scores (aloi experiment) or agreement (aloi agree --json); may be repeated.",
            exists=True,
        ),
    ] = None,
    refs: Annotated[
        bool, typer.Option("--refs/--no-refs", help="With what restricted mentions refer to.")
    ] = True,
) -> None:
    """Make a folder that `datasets` loads, with no text that may not be given on."""
    from aloi.corpus.release.build import build as write
    from aloi.corpus.release.figures import read_figures

    corpus = open_corpus(folder)
    given = read_figures(figures or [])
    with steps() as tell:
        notes = write(corpus, out, figures=given, refs=refs, tell=tell)
    for note in notes:
        print(f"tokens: {note}", file=sys.stderr)
    print(f"written: {out}", file=sys.stderr)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="RELEASE", help="A release.", exists=True)],
    corpus: Annotated[
        Path | None, typer.Argument(metavar="[CORPUS]", help="What it was made from.")
    ] = None,
) -> None:
    """Open a release as its users will, and list everything wrong with it.

    With CORPUS every document is compared, and every file searched for restricted text.
    """
    import logging

    from aloi.cli.console import fail
    from aloi.corpus.release.check import check as examine
    from aloi.corpus.release.layout import Release

    logging.getLogger("absl").setLevel(logging.ERROR)  # what mlcroissant would only recommend
    with steps() as tell:
        checked = examine(Release.open(folder), open_corpus(corpus) if corpus else None, tell=tell)
    for name, result in checked.done.items():
        print(f"{name}: {result}")
    if checked.problems:
        fail(checked.problems)


@app.command()
def rehydrate(
    folder: Annotated[Path, typer.Argument(metavar="RELEASE", help="A release.", exists=True)],
    texts: Annotated[
        Path,
        typer.Argument(
            metavar="TEXTS", help=".txt, .html or .jsonl file, or folder of texts.", exists=True
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the documents go.")],
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report there too.")
    ] = None,
) -> None:
    """Put the documents that lack their text together again, from texts that you have.

    Files are named by the document's id, or found by their content. Status 1 if anything is lost.
    """
    import json

    from aloi.corpus import native
    from aloi.corpus.files import whole_file
    from aloi.corpus.release import rehydrate as rehydration
    from aloi.corpus.release.layout import Release

    release = Release.open(folder)
    fetch = rehydration.texts_of(release, rehydration.read_texts(texts))
    result = rehydration.rehydrate(release, fetch)
    if result.found:
        native.write(result.found, out)
    if json_ is not None:
        with whole_file(json_) as stream:
            json.dump(result.to_json(), stream, ensure_ascii=False, indent=1)
    _show(result)
    if not result.whole:
        raise typer.Exit(1)


def _show(result: Rehydrated) -> None:
    """What came through, by type."""
    import pandas as pd
    from rich.console import Console

    from aloi.cli.console import table
    from aloi.corpus.release.rehydrate import OUTCOMES

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    report = result.to_json()
    for kind in ("entities", "relations"):
        frame = pd.DataFrame.from_dict(report[kind], orient="index", columns=list(OUTCOMES))
        frame.loc["all"] = frame.sum()
        console.print(table(kind, frame))
    for outcome, ids in report["documents"].items():
        console.print(f"{len(ids)} documents {outcome}: {', '.join(ids)}".rstrip(": "))
