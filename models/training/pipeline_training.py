"""Training from files, folders or pipes: one component, or a pipeline with all components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import spacy
from spacy.language import Language

from aloi.corpus import document_files
from aloi.corpus.locks import locked
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.refs.authority import RefAuthority
from aloi.corpus.scale.progress import ProgressBar, no_progress
from aloi.corpus.streams import on_disk
from aloi.models.attributes.training import COMPONENT
from aloi.models.refs.component import RefResolver
from aloi.models.refs.corpus_lexicon import pipeline_lexicon
from aloi.models.refs.lexicon import RefLexicon
from aloi.models.training.job import (
    ATTRIBUTES,
    COMPONENT_KINDS,
    TrainingJob,
    pipeline_kinds,
    share_overrides,
)
from aloi.models.training.pipeline_folder import check_replaceable, write_pipeline
from aloi.models.training.record import describe_lexicon
from aloi.models.training.teaching import Lesson, teach
from aloi.models.transformer.encoder import FrozenEncoder

ENCODER = "aloi_encoder"
"""The component with the frozen layers of a transformer, which other components share."""


def train_component(
    kind: str,
    train: Path,
    dev: Path,
    out: Path,
    *,
    schema: Path | None = None,
    config: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    lesson: Lesson | None = None,
    progress: ProgressBar = no_progress,
    log: IO[str] | None = None,
) -> Language:
    """Train one component, write its pipeline to `out` and return it.

    kind: "ner", "relations" or "attributes". train, dev: native files, folders or pipes. config:
    training config (default: the config of aloi for the kind). overrides: config values by dotted
    key. lesson: also learn from the predictions of a teacher. progress: shows the work of the
    teacher. log: stream for spaCy's table of losses and scores. Raises `DataError` for invalid data
    or settings, or if another run is writing to `out`.
    """
    with locked(out), _inputs(train, dev) as inputs:
        job = TrainingJob(
            kind, out=out, schema=schema, config=config, overrides=overrides or {}, **inputs
        )
        with _taught([job], lesson, progress=progress, log=log) as (taught,):
            return taught.run(log=log)


def train_pipeline(
    train: Path,
    dev: Path,
    out: Path,
    *,
    schema: Path | None = None,
    configs: Mapping[str, Path | None] | None = None,
    overrides: Mapping[str, Any] | None = None,
    authority: RefAuthority | None = None,
    lesson: Lesson | None = None,
    progress: ProgressBar = no_progress,
    log: IO[str] | None = None,
) -> Language:
    """Train the components of a pipeline, write the pipeline, and return it.

    The pipeline is written to `out`, the components to `OUT-ner` and, if the training documents
    have relations and attributes, `OUT-relations` and `OUT-attributes`. configs: training config by
    kind ("ner", "relations"); with any, there is no component of attributes, which uses the tags
    and parses of the default configs. authority: names of things that the pipeline's component for
    refs knows, besides those of the train documents. Other parameters and errors: see
    `train_component`.
    """
    check_replaceable(out)
    kinds = (*COMPONENT_KINDS, ATTRIBUTES)
    folders = {kind: out.with_name(f"{out.name}-{kind}") for kind in kinds}
    own = {kind: config for kind, config in (configs or {}).items() if config is not None}
    with locked(out, *folders.values()), _inputs(train, dev) as inputs:
        for folder in folders.values():
            check_replaceable(folder)
        documents = document_files.read(inputs["train"])
        trained = [kind for kind in pipeline_kinds(documents) if kind in COMPONENT_KINDS or not own]
        if log is not None and "relations" not in trained:
            log.write("note: the training documents contain no relations; they are left out\n")
        jobs = [
            TrainingJob(
                kind,
                out=folders[kind],
                schema=schema,
                config=own.get(kind),
                **inputs,
            )
            for kind in trained
        ]
        jobs = share_overrides(jobs, overrides or {})
        with _taught(jobs, lesson, progress=progress, log=log) as taught:
            for job in taught:
                job.run(log=log)
        lexicon = pipeline_lexicon(authority, documents)
        parts = {kind: folders[kind] for kind in trained}
        return assemble_pipeline(parts, out=out, lexicon=lexicon)


def assemble_pipeline(
    folders: Mapping[str, Path], *, out: Path, lexicon: RefLexicon | None = None
) -> Language:
    """Combine trained components into one pipeline, write it to `out` and return it.

    folders: the pipeline folders by kind: "ner" and, if they were trained, "relations" and
    "attributes".
    lexicon: also add the component for refs, with these names. Components that use a pretrained
    transformer share its frozen layers; `DataError` if these differ.
    """
    parts = {kind: spacy.load(folder) for kind, folder in folders.items()}
    _check_same_encoder(parts.values())
    records = {kind: part.meta["aloi"] for kind, part in parts.items()}
    nlp = parts.get("relations") or parts.get(ATTRIBUTES) or parts["ner"]
    if nlp is not parts["ner"]:
        following = "aloi_relations" if "relations" in parts else COMPONENT
        nlp.add_pipe("ner", source=parts["ner"], before=following)
    if ATTRIBUTES in parts and "relations" in parts:
        nlp.add_pipe(COMPONENT, source=parts[ATTRIBUTES], after="aloi_relations")
    nlp.meta["name"] = "pipeline"
    nlp.meta["aloi"] = records
    if lexicon is not None:
        resolver = nlp.add_pipe("aloi_refs")
        assert isinstance(resolver, RefResolver)
        resolver.lexicon = lexicon
        nlp.meta["aloi"]["refs"] = describe_lexicon(lexicon)
    write_pipeline(nlp, out, licence_folders=folders.values())
    return nlp


def _check_same_encoder(parts: Iterable[Language]) -> None:
    """Raise `DataError` if the pipelines do not have the same component `aloi_encoder`."""
    pipes = [part.get_pipe(ENCODER) for part in parts if part.has_pipe(ENCODER)]
    encoders = {pipe.to_bytes() for pipe in pipes if isinstance(pipe, FrozenEncoder)}
    if len(encoders) > 1:
        what = "the components have different frozen layers of a transformer"
        fix = "Train them with the same checkpoint, transformer.frozen, transformer.window and data"
        raise DataError([Problem("bad-encoder", what, fix)])


@contextmanager
def _taught(
    jobs: list[TrainingJob],
    lesson: Lesson | None,
    *,
    progress: ProgressBar,
    log: IO[str] | None,
) -> Iterator[list[TrainingJob]]:
    """Yield the jobs; those of components with networks also learn from silver documents.

    Raises `DataError` if a job cannot run, before the first one starts.
    """
    for job in jobs:
        job.check()
    if lesson is None:
        yield jobs
        return
    train, dev = jobs[0].documents
    held_out = {jobs[0].names["dev"]: dev}
    relations = any(job.kind == "relations" for job in jobs)
    with teach(lesson, train, held_out, relations=relations, progress=progress, log=log) as silver:
        yield [replace(job, silver=silver) if job.kind in COMPONENT_KINDS else job for job in jobs]


@contextmanager
def _inputs(train: Path, dev: Path) -> Iterator[dict[str, Any]]:
    """Yield the data arguments of a `TrainingJob`, with streams copied to temporary files."""
    with on_disk(train) as train_input, on_disk(dev) as dev_input:
        names = {"train": train_input.name, "dev": dev_input.name}
        yield {"train": train_input.path, "dev": dev_input.path, "names": names}
