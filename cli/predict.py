"""The command `aloi predict`."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.shared.options import Engine, refuse_streams
from aloi.corpus.problems import count_noun


class ShardFormat(StrEnum):
    """Output formats of `aloi predict --engine ray`."""

    NATIVE = "native"
    PARQUET = "parquet"


def predict(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Pipeline: a folder or an installed package.")
    ],
    source: Annotated[
        str, typer.Argument(metavar="IN", help="Documents to annotate (`-` for standard input).")
    ],
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[OUT]",
            help="Output file or folder (`-` for standard output); omit OUT with --show or --html.",
        ),
    ] = None,
    *,
    show: Annotated[
        bool,
        typer.Option(
            "--show",
            help="Print texts, entities and relations instead of writing OUT; IN may be a text.",
        ),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the same to this HTML page instead of OUT; IN may be a text.",
        ),
    ] = None,
    gold_entities: Annotated[
        bool,
        typer.Option(
            "--gold-entities",
            help="Keep the entities in IN, and predict only relations between them.",
        ),
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of processes (default: 1; with --engine ray, one per CPU)."
        ),
    ] = None,
    engine: Annotated[
        Engine,
        typer.Option(
            help="`local`: predict on this machine; `ray`: predict shards on a Ray cluster, and "
            "write a folder."
        ),
    ] = Engine.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(
            help="Address HOST:PORT of the cluster for --engine ray "
            "(default: start Ray on this machine)."
        ),
    ] = None,
    to: Annotated[
        ShardFormat, typer.Option(help="Format of OUT; `parquet` requires --engine ray.")
    ] = ShardFormat.NATIVE,
) -> None:
    """Annotate documents with a trained pipeline.

    After an interruption, run the same command again to resume. If OUT is a file, the
    predictions are written to OUT.partial, which is renamed at the end. A run fails if another run
    is writing to the same OUT.
    """
    from aloi.cli.shared.inputs import must_exist

    must_exist(source)
    if show or html is not None:
        if target is not None or engine is Engine.RAY:
            raise typer.BadParameter("--show and --html work without OUT and --engine ray")
        _preview(model, source, html, show=show, gold_entities=gold_entities, workers=workers or 1)
        return
    if target is None:
        raise typer.BadParameter("give OUT, or --show to print the predictions")
    if engine is Engine.RAY:
        refuse_streams(source, target)
        _predict_to_shards(
            model,
            source,
            target,
            gold_entities=gold_entities,
            workers=workers,
            address=address,
            shard_format=to.value,
        )
    elif address or to is not ShardFormat.NATIVE:
        raise typer.BadParameter("--address and --to require --engine ray")
    else:
        _predict_to_file(model, source, target, gold_entities=gold_entities, workers=workers or 1)


def _preview(
    model: str, source: str, html: Path | None, *, show: bool, gold_entities: bool, workers: int
) -> None:
    """Print predictions, write them as a page, or both."""
    from aloi.cli.shared.console import print_sheets, stdout_console
    from aloi.corpus.atomic_files import atomic_text_file
    from aloi.eval.reports.document_view import document_sheets, marked_text, render_documents
    from aloi.models.prediction.previews import preview

    result = preview(model, source, gold_entities=gold_entities, workers=workers)
    if html is not None:
        with atomic_text_file(html) as stream:
            stream.write(render_documents(result.documents, model=result.model))
        _report_written(len(result.documents), str(html))
    for document in result.documents if show else ():
        console = stdout_console()
        if len(result.documents) > 1:
            console.rule(document.id, align="left")
        console.print(marked_text(document), end="\n\n")
        print_sheets(document_sheets(document))


def _predict_to_file(
    model: str, source: str, target: str, *, gold_entities: bool, workers: int
) -> None:
    from aloi.cli.shared.console import progress
    from aloi.models.prediction.prediction_files import predict_to_file

    result = predict_to_file(
        model,
        source,
        target,
        gold_entities=gold_entities,
        workers=workers,
        progress=progress,
        notify=_notify,
    )
    _report_written(result.documents, target)


def _predict_to_shards(
    model: str,
    source: str,
    target: str,
    *,
    gold_entities: bool,
    workers: int | None,
    address: str | None,
    shard_format: str,
) -> None:
    """Annotate IN in shards; exit with status 1 if some documents could not be annotated."""
    from aloi.cli.shared.console import fail, progress
    from aloi.models.prediction.sharded import predict_to_shards

    result = predict_to_shards(
        model,
        source,
        target,
        gold_entities=gold_entities,
        workers=workers,
        address=address,
        shard_format=shard_format,
        progress=progress,
        notify=_notify,
    )
    _report_written(result.documents, target)
    if not result.is_complete:
        fail(result.problems())


_notify = partial(print, file=sys.stderr)


def _report_written(documents: int, target: str) -> None:
    _notify(f"{count_noun(documents, 'document')} written to {target}")
