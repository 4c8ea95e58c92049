"""`aloi corpus stats` and `aloi corpus card`: the counts of a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.shared.console import print_frames, write_json
from aloi.cli.shared.inputs import open_corpus


def stats(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
    *,
    json_: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Also write the tables to this JSON file.",
        ),
    ] = None,
    plots: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write plots (SVG) to this folder."),
    ] = None,
) -> None:
    """Print counts of documents, words, mentions and relations.

    The tables show the counts by split, label, length and metadata.
    """
    import sys

    from aloi.corpus.statistics.corpus_counts import corpus_tables, to_json

    corpus = open_corpus(folder)
    tables = corpus_tables(corpus)
    print_frames(tables)
    print(corpus)
    write_json(json_, to_json(tables))
    if plots is not None:
        from aloi.corpus.statistics.plots import write_plots

        for path in write_plots(corpus, plots):
            print(f"written: {path}", file=sys.stderr)


def card(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
) -> None:
    """Update the tables of counts in CORPUS/README.md."""
    from aloi.corpus.statistics.readme_tables import README_FILE, update_readme

    update_readme(open_corpus(folder))
    print(f"counts written to {folder / README_FILE}")
