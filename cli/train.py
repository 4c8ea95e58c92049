"""The command `aloi train`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.shared.options import OverrideOptions, parse_overrides

if TYPE_CHECKING:
    from aloi.corpus.refs.authority import RefAuthority
    from aloi.models.training.teaching import Lesson


class TrainingTarget(StrEnum):
    """A component that `aloi train` can train, or the pipeline with all components."""

    NER = "ner"
    RELATIONS = "relations"
    ATTRIBUTES = "attributes"
    PIPELINE = "pipeline"


Target = Annotated[
    TrainingTarget,
    typer.Argument(
        help="What to train: entity component (`ner`), relation component, component of "
        "attributes, or pipeline of all."
    ),
]
TrainDocuments = Annotated[Path, typer.Option(help="Training documents (`native` format).")]
DevDocuments = Annotated[
    Path,
    typer.Option(
        help="Documents (`native` format) used to choose the checkpoint and the thresholds."
    ),
]
Output = Annotated[Path, typer.Option(help="Output folder, which `spacy.load` can load.")]
TrainSchema = Annotated[
    Path | None,
    typer.Option(
        help="Schema (TOML) that determines the relation labels, their permitted entity labels, "
        "which relations are symmetric, and the labels and defaults of attributes; fail if a "
        "document violates it (default: what the training documents contain; all relations are "
        "directed).",
        exists=True,
    ),
]
Config = Annotated[
    str | None,
    typer.Option(
        help="Training config: `blank` (no pretrained weights), `transformer` (with a pretrained "
        "encoder), `blank-transformer` (the same without the base model of the language) or, for a "
        "single component, a config file; attributes have only `blank` (default: a config for CPUs "
        "that starts from the base model of the language, if any)."
    ),
]
RefList = Annotated[
    Path | None,
    typer.Option(
        metavar="CORPUS",
        help="Corpus folder; the pipeline's component `aloi_refs` knows its list of refs "
        "(default: only the refs of the training documents).",
        exists=True,
    ),
]
Teacher = Annotated[
    str | None,
    typer.Option(
        metavar="PIPELINE",
        help="Also learn from the predictions of this pipeline on the texts of --unlabelled: a "
        "folder or an installed package that predicts all labels of the training documents.",
    ),
]
Unlabelled = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Documents in any format that --teacher annotates; their own annotations are ignored.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="Documents that must not be in --unlabelled, such as test documents; fail if they "
        "are, by id or text. Repeatable; the documents of --dev are always excluded.",
    ),
]


def train(
    component: Target,
    *,
    train: TrainDocuments,
    dev: DevDocuments,
    out: Output,
    schema: TrainSchema = None,
    config: Config = None,
    corpus: RefList = None,
    teacher: Teacher = None,
    unlabelled: Unlabelled = None,
    exclude: Exclude = None,
    settings: OverrideOptions = None,
) -> None:
    """Train an entity, relation or attribute component, or a pipeline.

    A pipeline contains all components and, if there are refs, the component `aloi_refs`; relations
    and attributes are left out if the training documents have none, attributes also with --config.
    The pipeline is written to the folder OUT (--out), and the components are written to OUT-ner,
    OUT-relations and OUT-attributes. For a pipeline, --set changes the configs of the components
    that have the setting.

    With --teacher and --unlabelled, a small pipeline learns from a larger one: entities and
    relations are learned from the training documents and from what the teacher predicts.
    """
    from aloi.cli.shared.console import progress
    from aloi.cli.shared.inputs import must_exist
    from aloi.models.training.pipeline_training import train_component, train_pipeline

    lesson = _lesson(component, teacher, unlabelled, exclude or [])
    must_exist(str(train), str(dev), *((lesson.unlabelled, *lesson.exclude) if lesson else ()))
    overrides = parse_overrides(settings)
    if component is TrainingTarget.PIPELINE:
        train_pipeline(
            train,
            dev,
            out,
            schema=schema,
            configs=_pipeline_configs(config),
            overrides=overrides,
            authority=_authority(corpus),
            lesson=lesson,
            progress=progress,
            log=sys.stderr,
        )
    elif corpus is not None:
        raise typer.BadParameter("--corpus is for pipelines: a single component has no refs")
    else:
        train_component(
            component.value,
            train,
            dev,
            out,
            schema=schema,
            config=_config(component.value, config),
            overrides=overrides,
            lesson=lesson,
            progress=progress,
            log=sys.stderr,
        )
    print(f"{component} written to {out}", file=sys.stderr)


def _lesson(
    component: TrainingTarget, teacher: str | None, unlabelled: str | None, exclude: list[str]
) -> Lesson | None:
    """Return what the options of the teacher say; exit with status 2 if one of them is missing."""
    from aloi.models.training.teaching import Lesson

    if teacher is None and unlabelled is None and not exclude:
        return None
    if not teacher or not unlabelled:
        raise typer.BadParameter("use --teacher and --unlabelled together; --exclude needs both")
    if component is TrainingTarget.ATTRIBUTES:
        raise typer.BadParameter("--teacher is for `ner`, `relations` and `pipeline`")
    return Lesson(teacher, unlabelled, exclude)


def _authority(corpus: Path | None) -> RefAuthority | None:
    """Return the list of refs of a corpus folder, or None if there is none."""
    from aloi.cli.shared.inputs import open_corpus
    from aloi.corpus.refs.authority import load_named_refs

    if corpus is None:
        return None
    opened = open_corpus(corpus)
    return load_named_refs(opened.folder, opened.manifest.refs, opened.schema)


def _config(kind: str, name: str | None) -> Path | None:
    """Return the config file for the value of --config; exit with status 2 if none exists."""
    from aloi.models.training.settings import find_config, shipped_config

    if name is None:
        return None
    config = find_config(kind, name)
    if config is None:
        files = sorted(shipped_config(kind).parent.glob(f"*-{kind}.cfg"))
        names = ", ".join(f"`{file.stem.removesuffix(f'-{kind}')}`" for file in files)
        raise typer.BadParameter(
            f"--config for {kind} must be {names} or a config file, not {name!r}"
        )
    return config


def _pipeline_configs(name: str | None) -> dict[str, Path | None]:
    """Return the config of each component; exit with status 2 if `name` is a config file."""
    from aloi.models.training.job import COMPONENT_KINDS

    configs = {kind: _config(kind, name) for kind in COMPONENT_KINDS}
    if name is not None and len(set(configs.values())) == 1:
        raise typer.BadParameter(
            "a config file describes one component: train `ner` and `relations` separately"
        )
    return configs
