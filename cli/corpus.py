"""`aloi corpus`: check, review, add, stats and card."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.console import fail, print_frames, write_json
from aloi.cli.inputs import must_exist, open_corpus

if TYPE_CHECKING:
    from aloi.corpus.intake.addition import Text

DAY = "%Y-%m-%d"

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
    from aloi.corpus.collection import is_corpus
    from aloi.corpus.quality.checks import check_path

    must_exist(str(path))
    if schema is not None and is_corpus(path):
        raise typer.BadParameter("a corpus folder brings its own schema; leave --schema out")
    problems = list(check_path(path, schema=schema))
    if problems:
        fail(problems)
    print("0 problems")


@app.command()
def review(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="A corpus folder.")],
    *,
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the findings there too.")
    ] = None,
) -> None:
    """List likely mistakes of annotation that review.toml does not record as right.

    Status 1 if there are any.
    """
    from collections import Counter
    from dataclasses import asdict

    import msgspec

    from aloi.corpus.quality import rules as quality

    result = quality.review(open_corpus(folder))
    for finding in result.open:
        print(finding)
    for entry in result.stale:
        print(f"stale in review.toml: {entry.rule}, document {entry.document}: «{entry.surface}»")
    for rule, count in sorted(Counter(finding.rule for finding in result.open).items()):
        print(f"{count:6} {rule}")
    print(f"{len(result.open):6} open, {len(result.stale)} stale")
    found = [asdict(finding) for finding in result.open]
    write_json(json_, {"open": found, "stale": msgspec.to_builtins(result.stale)})
    if result.open:
        raise typer.Exit(1)


@app.command()
def add(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help=".txt or .html file, folder, or - (plain text).")
    ],
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="A corpus folder.")],
    *,
    id_: Annotated[str | None, typer.Option("--id", help="Else the file's name.")] = None,
    title: Annotated[str | None, typer.Option(help="Else the page's, if it has one.")] = None,
    date: Annotated[
        datetime | None, typer.Option(formats=[DAY], help="Of the text; else the page's.")
    ] = None,
    origin: Annotated[
        str | None, typer.Option("--source", help="Who published it; else the page's address.")
    ] = None,
    rights: Annotated[str | None, typer.Option(help="Its licence; else unknown.")] = None,
    holder: Annotated[str | None, typer.Option(help="Whose it is.")] = None,
    lang: Annotated[str | None, typer.Option(help="Language code, such as fr.")] = None,
    retrieved: Annotated[
        datetime | None, typer.Option(formats=[DAY], help="When it was fetched.")
    ] = None,
    redistributable: Annotated[
        bool, typer.Option("--redistributable", help="The text may be given on.")
    ] = False,
) -> None:
    """Normalise new texts, refuse what is already there, and write them to CORPUS/inbox.

    They may not be redistributed unless it is said that they may.
    """
    import logging

    from aloi.corpus.intake import addition as intake
    from aloi.corpus.locks import locked
    from aloi.corpus.streams import is_unnamed

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # what it misses, we tell
    must_exist(source)
    corpus = open_corpus(folder)
    if is_unnamed(source) and id_ is None:
        raise typer.BadParameter("a text from a stream needs --id")
    texts = _texts(source)
    if len(texts) > 1 and (id_ or title):
        raise typer.BadParameter("--id and --title are for a single text")
    details = intake.Details(
        id=id_,
        title=title,
        date=date.strftime(DAY) if date else None,
        source=origin,
        rights=rights,
        holder=holder,
        lang=lang,
        retrieved=retrieved.strftime(DAY) if retrieved else None,
        redistributable=redistributable,
    )
    with locked(folder):
        added = intake.add(texts, corpus, details)
    for document in added:
        print(f"{folder / intake.INBOX / document.id}.json")


def _texts(source: str) -> list[Text]:
    """Return the texts of a file, folder or stream; a stream without a file name is plain text."""
    from dataclasses import replace

    from aloi.corpus.intake import addition as intake
    from aloi.corpus.streams import is_stream, is_unnamed, on_disk

    with on_disk(source) as given:
        if is_stream(source) and is_unnamed(source):
            return [intake.from_plain(given.path.read_bytes(), file=source)]
        texts = intake.read(given.path)
    return [replace(text, file=given.restore(text.file)) for text in texts]


@app.command()
def stats(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="A corpus folder.")],
    *,
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the counts there too.")
    ] = None,
    plots: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write drawings (SVG) there.")
    ] = None,
) -> None:
    """Count documents, words, mentions and relations, and how long, dense, varied they are."""
    import sys

    from aloi.corpus.statistics import counts as statistics

    corpus = open_corpus(folder)
    tables = statistics.summary(corpus)
    print_frames(tables)
    print(corpus)
    write_json(json_, statistics.to_json(tables))
    if plots is not None:
        from aloi.corpus.statistics.plots import draw

        for path in draw(corpus, plots):
            print(f"written: {path}", file=sys.stderr)


@app.command()
def card(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="A corpus folder.")],
) -> None:
    """Bring the counts in CORPUS/README.md up to date with the documents."""
    from aloi.corpus.statistics.readme_tables import CARD, refresh

    refresh(open_corpus(folder))
    print(f"counts written to {folder / CARD}")
