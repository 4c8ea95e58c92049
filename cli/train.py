"""`aloi train`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.shared.options import OverrideOptions, parse_overrides


class TrainingTarget(StrEnum):
    """What `aloi train` can train."""

    NER = "ner"
    RELATIONS = "relations"
    PIPELINE = "pipeline"


def train(
    component: Annotated[TrainingTarget, typer.Argument(help="Component to train, or both.")],
    *,
    train: Annotated[Path, typer.Option(help="Native documents to train on.")],
    dev: Annotated[
        Path, typer.Option(help="Native documents to select the best model and thresholds on.")
    ],
    out: Annotated[Path, typer.Option(help="Output folder; `spacy.load` reads it.")],
    schema: Annotated[
        Path | None,
        typer.Option(help="Schema (TOML) to check documents and relations by.", exists=True),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(help="`transformer`, or a config file (default: the one for the component)."),
    ] = None,
    settings: OverrideOptions = None,
) -> None:
    """Train a component, or a pipeline of both.

    `pipeline` writes the components to OUT-ner and OUT-relations, and the pipeline of both to OUT;
    --set changes both configs.
    """
    from aloi.cli.shared.inputs import must_exist
    from aloi.models.training.pipeline_training import train_component, train_pipeline

    must_exist(str(train), str(dev))
    overrides = parse_overrides(settings)
    if component is TrainingTarget.PIPELINE:
        train_pipeline(
            train,
            dev,
            out,
            schema=schema,
            configs=_pipeline_configs(config),
            overrides=overrides,
            log=sys.stderr,
        )
    else:
        train_component(
            component.value,
            train,
            dev,
            out,
            schema=schema,
            config=_config(component.value, config),
            overrides=overrides,
            log=sys.stderr,
        )
    print(f"{component} written to {out}", file=sys.stderr)


def _config(kind: str, name: str | None) -> Path | None:
    """Return the config that --config names; exit with status 2 if there is none."""
    from aloi.models.training.settings import find_config

    if name is None:
        return None
    config = find_config(kind, name)
    if config is None:
        raise typer.BadParameter(f"--config takes `transformer` or a config file, not {name!r}")
    return config


def _pipeline_configs(name: str | None) -> dict[str, Path | None]:
    """Return the config of each component; exit with status 2 for a config file of one."""
    from aloi.models.training.job import COMPONENT_KINDS

    configs = {kind: _config(kind, name) for kind in COMPONENT_KINDS}
    if name is not None and len(set(configs.values())) == 1:
        raise typer.BadParameter("a config file is for one component: train ner, then relations")
    return configs
