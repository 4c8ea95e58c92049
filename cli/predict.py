"""The command `aloi predict`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from aloi.cli import language_model
from aloi.cli.shared.options import Engine, refuse_streams
from aloi.corpus.problems import count_noun


class ShardFormat(StrEnum):
    """Output formats of `aloi predict --engine ray`."""

    NATIVE = "native"
    PARQUET = "parquet"


ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Pipeline: a folder or an installed package; or `llm:NAME`, a language model; or "
        "`gliner:PATH`, a GLiNER model.",
    ),
]
SourceArgument = Annotated[
    str, typer.Argument(metavar="IN", help="Documents to annotate (`-` for standard input).")
]
TargetArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[OUT]",
        help="Output file or folder (`-` for standard output); omit OUT with --show or --html.",
    ),
]
ShowOption = Annotated[
    bool,
    typer.Option(
        "--show",
        help="Print texts, entities and relations instead of writing OUT; IN may be a text.",
    ),
]
HtmlOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Write the same to this HTML page instead of OUT; IN may be a text.",
    ),
]
GoldEntitiesOption = Annotated[
    bool,
    typer.Option(
        "--gold-entities",
        help="Keep the entities in IN, and predict only relations between them.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Number of processes (default: 1; with --engine ray, one per CPU); with "
        "`llm:NAME`, number of requests in flight (default: 8).",
    ),
]
EngineOption = Annotated[
    Engine,
    typer.Option(
        help="`local`: predict on this machine; `ray`: predict shards on a Ray cluster, and "
        "write a folder."
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        help="Address HOST:PORT of the cluster for --engine ray "
        "(default: start Ray on this machine)."
    ),
]
ToOption = Annotated[
    ShardFormat, typer.Option(help="Format of OUT; `parquet` requires --engine ray.")
]


def predict(
    model: ModelArgument,
    source: SourceArgument,
    target: TargetArgument = None,
    *,
    show: ShowOption = False,
    html: HtmlOption = None,
    gold_entities: GoldEntitiesOption = False,
    workers: WorkersOption = None,
    engine: EngineOption = Engine.LOCAL,
    address: AddressOption = None,
    to: ToOption = ShardFormat.NATIVE,
    schema: language_model.SchemaOption = None,
    guide: language_model.GuideOption = None,
    base_url: language_model.BaseUrlOption = None,
    key_file: language_model.KeyFileOption = None,
    shots: language_model.ShotsOption = 0,
    shots_from: language_model.ShotsFromOption = None,
    passes: language_model.PassesOption = 1,
    max_documents: language_model.MaxDocumentsOption = None,
    max_tokens: language_model.MaxTokensOption = None,
    price: language_model.PriceOption = None,
    parameters: language_model.ParameterOption = None,
    allow_restricted: language_model.AllowRestrictedOption = False,
) -> None:
    """Annotate documents with a pipeline or a language model.

    If OUT is a file, the predictions are written to OUT.partial, which is renamed at the end. After
    an interruption, run the same command again: it resumes if OUT is a file or with --engine ray,
    and otherwise starts from the beginning. A run fails if another run is writing to the same OUT.
    """
    options = language_model.LanguageModelOptions(
        schema,
        guide,
        base_url,
        key_file,
        shots,
        shots_from,
        passes,
        max_documents,
        max_tokens,
        price,
        parameters,
        allow_restricted,
    )
    pipeline = _PipelineOptions(show, html, gold_entities, engine, address, to)
    prefix = model.partition(":")[0]
    if prefix not in ("llm", "gliner"):
        options.refuse()
        _predict_with_pipeline(model, source, target, pipeline, workers=workers)
    elif target is None or pipeline != _PipelineOptions():
        message = "requires OUT, and no --show, --html, --gold-entities, --engine or --to"
        raise typer.BadParameter(f"{model} {message}")
    elif prefix == "llm":
        language_model.predict_with_language_model(model, source, target, options, workers=workers)
    else:
        replace(options, schema=None).refuse()
        if workers is not None:
            raise typer.BadParameter("gliner:PATH runs in one process: omit --workers")
        _predict_with_gliner(model, source, target, schema)


@dataclass(frozen=True)
class _PipelineOptions:
    """The options that only pipelines have."""

    show: bool = False
    html: Path | None = None
    gold_entities: bool = False
    engine: Engine = Engine.LOCAL
    address: str | None = None
    to: ShardFormat = ShardFormat.NATIVE


def _predict_with_pipeline(
    model: str, source: str, target: str | None, options: _PipelineOptions, *, workers: int | None
) -> None:
    """Write the predictions of a pipeline to OUT, or show them."""
    from aloi.cli.shared.inputs import must_exist

    must_exist(source)
    gold_entities, count = options.gold_entities, workers or 1
    if options.show or options.html is not None:
        show, html = options.show, options.html
        if target is not None or options != _PipelineOptions(show, html, gold_entities):
            message = "--show and --html work without OUT, --engine, --address and --to"
            raise typer.BadParameter(message)
        _preview(model, source, html, show=show, gold_entities=gold_entities, workers=count)
    elif target is None:
        raise typer.BadParameter("give OUT, or --show to print the predictions")
    elif options.engine is Engine.RAY:
        refuse_streams(source, target)
        _predict_to_shards(
            model,
            source,
            target,
            gold_entities=gold_entities,
            workers=workers,
            address=options.address,
            shard_format=options.to.value,
        )
    elif options.address or options.to is not ShardFormat.NATIVE:
        raise typer.BadParameter("--address and --to require --engine ray")
    else:
        _predict_to_file(model, source, target, gold_entities=gold_entities, workers=count)


def _predict_with_gliner(model: str, source: str, target: str, schema: Path | None) -> None:
    """Write the predictions of a GLiNER model to OUT."""
    from aloi.cli.shared.console import progress
    from aloi.cli.shared.inputs import must_exist, required_schema
    from aloi.models.zero_shot.prediction import predict_with_gliner

    must_exist(source)
    result = predict_with_gliner(
        model.partition(":")[2],
        source,
        target,
        required_schema(schema, source),
        progress=progress,
        notify=_notify,
    )
    _report_written(result.documents, target)


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
