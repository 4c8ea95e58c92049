"""`aloi train` and `aloi predict`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

train_app = typer.Typer(help="Train a pipeline.", no_args_is_help=True)

TrainFile = Annotated[Path, typer.Option(help="Native documents to learn from.", exists=True)]
DevFile = Annotated[Path, typer.Option(help="Native documents to choose by.", exists=True)]
Out = Annotated[Path, typer.Option(help="Folder of the pipeline; `spacy.load` reads it.")]
SchemaFile = Annotated[Path | None, typer.Option(help="Schema (TOML).", exists=True)]
ConfigFile = Annotated[
    Path | None, typer.Option(help="A training config of your own.", exists=True)
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a config value, e.g. system.seed=2."),
]


@train_app.command()
def ner(
    *,
    train: TrainFile,
    dev: DevFile,
    out: Out,
    schema: SchemaFile = None,
    config: ConfigFile = None,
    settings: Settings = None,
) -> None:
    """Entities: one flat layer over the outermost mentions."""
    _train("ner", train, dev, out, schema=schema, config=config, settings=settings)


@train_app.command()
def relations(
    *,
    train: TrainFile,
    dev: DevFile,
    out: Out,
    schema: SchemaFile = None,
    config: ConfigFile = None,
    settings: Settings = None,
) -> None:
    """Relations between given entities."""
    _train("relations", train, dev, out, schema=schema, config=config, settings=settings)


@train_app.command()
def pipeline(
    *,
    train: TrainFile,
    dev: DevFile,
    out: Out,
    schema: SchemaFile = None,
    settings: Settings = None,
) -> None:
    """Entities, then relations: both trained, in one pipeline (OUT), each also beside it."""
    from aloi.models.training import assemble

    parts = {kind: out.with_name(f"{out.name}-{kind}") for kind in ("ner", "relations")}
    for kind, part in parts.items():
        _train(kind, train, dev, part, schema=schema, config=None, settings=settings)
    assemble(parts["ner"], parts["relations"], out=out)
    print(f"pipeline written to {out}", file=sys.stderr)


def _train(
    kind: str,
    train: Path,
    dev: Path,
    out: Path,
    *,
    schema: Path | None,
    config: Path | None,
    settings: list[str] | None,
) -> None:
    from aloi.models import training

    overrides = _overrides(settings or [])
    training.Job(kind, train, dev, out, schema=schema, config=config, overrides=overrides).run()
    print(f"{kind} written to {out}", file=sys.stderr)


def _overrides(settings: list[str]) -> dict[str, Any]:
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
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
) -> None:
    """Annotate documents with a trained pipeline."""
    from aloi.cli.console import progress
    from aloi.corpus.formats import registry
    from aloi.models import prediction

    documents = prediction.predict(
        prediction.load(model),
        progress(registry.read(source), "predicting"),
        gold_entities=gold_entities,
        workers=workers,
    )
    count = registry.write(documents, target, format_="native")
    print(f"{count} documents written to {target}", file=sys.stderr)
