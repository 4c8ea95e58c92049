"""`aloi train` and `aloi predict`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aloi.cli.sharded import Engine, Written, predict_shards

if TYPE_CHECKING:
    from spacy.language import Language

    from aloi.corpus.document import Document
    from aloi.corpus.scale.input_summary import InputSummary
    from aloi.corpus.scale.journal import Journal


class Kind(StrEnum):
    """What can be trained."""

    NER = "ner"
    RELATIONS = "relations"
    PIPELINE = "pipeline"


class Part(StrEnum):
    """What is trained by itself."""

    NER = "ner"
    RELATIONS = "relations"


def train(
    kind: Annotated[Kind, typer.Argument(help="Entities, relations between them, or both.")],
    *,
    train: Annotated[Path, typer.Option(help="Native documents to learn from.")],
    dev: Annotated[Path, typer.Option(help="Native documents to choose by.")],
    out: Annotated[Path, typer.Option(help="Folder of the pipeline; `spacy.load` reads it.")],
    schema: Annotated[Path | None, typer.Option(help="Schema (TOML).", exists=True)] = None,
    config: Annotated[
        str | None, typer.Option(help="`transformer`, or a training config of your own.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change the config: system.seed=2."),
    ] = None,
) -> None:
    """Train a pipeline.

    `pipeline` trains both kinds and writes OUT, and each part beside it; --set changes both.
    """
    from aloi.cli.shared.inputs import must_exist
    from aloi.corpus.locks import locked
    from aloi.corpus.streams import on_disk
    from aloi.models.training.job import Job, assemble

    must_exist(str(train), str(dev))
    folders = {kind: out}
    if kind is Kind.PIPELINE:
        folders = {part: out.with_name(f"{out.name}-{part}") for part in (Kind.NER, Kind.RELATIONS)}
    configs = {part: _config(part, config) for part in folders}
    if kind is Kind.PIPELINE and len(set(configs.values())) == 1 and config:
        raise typer.BadParameter("a config of your own trains ner or relations, one by one")
    changed = overrides(settings or [])
    with (
        on_disk(train) as taught,
        on_disk(dev) as held_out,
        locked(out, *folders.values()),
    ):
        data = taught.path, held_out.path
        names = {"train": taught.name, "dev": held_out.name}
        for part, folder in folders.items():
            Job(part, *data, folder, schema, configs[part], changed, names=names).run()
        if kind is Kind.PIPELINE:
            assemble(*folders.values(), out=out)
    print(f"{kind} written to {out}", file=sys.stderr)


def _config(kind: Kind, name: str | None) -> Path | None:
    """The config of a kind that --config names: one that ships, or a file."""
    from aloi.models.training.job import shipped_config

    if name is None:
        return None
    shipped, own = shipped_config(f"{name}-{kind}"), Path(name)
    if not shipped.is_file() and not own.is_file():
        raise typer.BadParameter(f"--config takes `transformer` or a file, and {name} is neither")
    return shipped if shipped.is_file() else own


def overrides(settings: list[str]) -> dict[str, Any]:
    """What `--set` changes in a config, by dotted key; values are JSON, or text."""
    import srsly

    found = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or "." not in key:
            raise typer.BadParameter(f"--set takes section.key=value, not {setting!r}")
        try:
            found[key] = srsly.json_loads(value)
        except ValueError:
            found[key] = value
    return found


def predict(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Pipeline folder or package.")],
    source: Annotated[str, typer.Argument(metavar="IN", help="Documents, or - (stdin).")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="Documents, or - (stdout).")],
    *,
    gold_entities: Annotated[
        bool, typer.Option("--gold-entities", help="Keep IN's entities; predict relations.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes: 1 unless said; with Ray, all there are.")
    ] = None,
    engine: Annotated[Engine, typer.Option(help="ray: OUT is a folder of shards.")] = Engine.LOCAL,
    address: Annotated[
        str | None, typer.Option(help="The Ray cluster; without it, Ray runs here.")
    ] = None,
    to: Annotated[Written, typer.Option(help="Format of the shards.")] = Written.NATIVE,
) -> None:
    """Annotate documents with a trained pipeline.

    Until a file OUT is whole it is OUT.partial: the same call goes on with it after a stop.
    With --engine ray the same call goes on with the folder OUT.
    A second run on the same OUT ends with an error while the first one runs.
    """
    from aloi.cli.shared.console import output_lock
    from aloi.cli.shared.inputs import must_exist

    must_exist(source)
    if engine is Engine.RAY:
        predict_shards(
            model,
            source,
            target,
            gold_entities=gold_entities,
            workers=workers,
            address=address,
            format_=to.value,
        )
    elif address or to is not Written.NATIVE:
        raise typer.BadParameter("--address and --to go with --engine ray")
    else:
        from aloi.corpus.streams import on_disk
        from aloi.models.prediction.pipelines import load

        nlp = load(model)  # first: a wrong model is reported before a stream is awaited
        with on_disk(source) as given, output_lock(target):
            path = str(given.path)
            _predict_here(nlp, path, target, gold_entities=gold_entities, workers=workers or 1)


def _predict_here(
    nlp: Language, source: str, target: str, *, gold_entities: bool, workers: int
) -> None:
    """Annotate in this process, or in processes forked from it."""
    from functools import partial

    from aloi.cli.shared.console import progress
    from aloi.corpus import document_files
    from aloi.corpus.formats import registry
    from aloi.corpus.scale.input_summary import summarize_input
    from aloi.corpus.scale.journal import Journal
    from aloi.corpus.streams import STANDARD_STREAM
    from aloi.models.prediction import pipelines as prediction

    annotated = partial(prediction.predict, nlp, gold_entities=gold_entities, workers=workers)
    found = summarize_input(source, partial(prediction.too_long, nlp))
    count = found.documents
    if target == STANDARD_STREAM or document_files.is_folder(Path(target)):
        documents = progress(annotated(found.read()), "predicting", total=count)
        registry.write(documents, target, format_="native")
    else:
        origin = prediction.origin(nlp, found, gold_entities=gold_entities)
        _write_on(Journal(Path(target), origin), found, annotated)
    print(f"{count} documents written to {target}", file=sys.stderr)


def _write_on(
    journal: Journal,
    found: InputSummary,
    annotated: Callable[[Iterable[Document]], Iterable[Document]],
) -> None:
    """Write what the journal does not have yet, and tell how far it had come."""
    from aloi.cli.shared.console import progress
    from aloi.corpus import document_files
    from aloi.corpus.problems import DataError

    if changes := journal.changes():
        told = f"{' and '.join(changes)} changed, starting anew"
        print(f"{journal.partial}: {told}", file=sys.stderr)
    if done := journal.resume():
        print(f"{journal.partial}: going on after {done} documents", file=sys.stderr)
    documents = annotated(found.read(skip=done))
    shown = progress(documents, "predicting", total=found.documents, done=done)
    try:
        with journal.stream() as stream:
            document_files.write_lines(shown, stream)
    except (KeyboardInterrupt, DataError):
        print(f"Stopped; the same call goes on with {journal.partial}", file=sys.stderr)
        raise
