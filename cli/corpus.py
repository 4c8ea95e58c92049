"""`aloi corpus`: check and stats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.console import fail, must_exist

app = typer.Typer(help="Look after a corpus.", no_args_is_help=True)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="Corpus folder, or file or folder of documents.")],
    *,
    schema: Annotated[
        Path | None, typer.Option(help="For bare files: check against it.", exists=True)
    ] = None,
) -> None:
    """List everything wrong with a corpus, or with bare documents."""
    from aloi.corpus.checks import check_path
    from aloi.corpus.collection import is_corpus

    must_exist(str(path))
    if schema is not None and is_corpus(path):
        raise typer.BadParameter("a corpus folder brings its own schema; leave --schema out")
    problems = list(check_path(path, schema=schema))
    if problems:
        fail(problems)
    print("0 problems")


@app.command()
def stats(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="A corpus folder.")],
    *,
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the counts there too.")
    ] = None,
) -> None:
    """Count documents, words, mentions and relations, by split, theme, form and type."""
    import json

    from rich.console import Console

    from aloi.cli.console import table
    from aloi.corpus import statistics
    from aloi.corpus.collection import Corpus, is_corpus
    from aloi.corpus.files import whole_file

    if not is_corpus(folder):
        raise typer.BadParameter(f"no corpus.toml in {folder}")
    corpus = Corpus.open(folder)
    tables = statistics.summary(corpus)
    console = Console(highlight=False)
    for title, frame in tables.items():
        console.print(table(title, frame))
    console.print(f"{corpus}")
    if json_ is not None:
        with whole_file(json_) as stream:
            json.dump(statistics.to_json(tables), stream, ensure_ascii=False, indent=1)
