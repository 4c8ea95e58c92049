"""The training of one component: `spacy train` with our configs, and a training record."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import spacy
from spacy.language import Language
from thinc.api import Config

from aloi.corpus import document_files
from aloi.corpus.atomic_files import disk_full_problem, is_disk_full
from aloi.corpus.document import Document, hash_documents
from aloi.corpus.languages import language as languages
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import Rights
from aloi.corpus.schema import Schema, load_schema, require_valid
from aloi.models.attributes.training import fit_attributes, has_attributes
from aloi.models.publication import sources
from aloi.models.training import record
from aloi.models.training.fingerprint import library_versions, training_fingerprint
from aloi.models.training.fit import fit, tune_relations
from aloi.models.training.pipeline_folder import check_replaceable, read_record, write_pipeline
from aloi.models.training.setting_checks import (
    endless_problems,
    number_problems,
    with_floats,
)
from aloi.models.training.settings import (
    add_silver,
    config_errors,
    config_problem,
    has_setting,
    load_settings,
    read_config,
    shipped_config,
)
from aloi.models.training.teaching import Silver
from aloi.models.training.vocabulary import annotation_names

MAX_ERROR_LENGTH = 300
"""The number of characters of an error message of spaCy that are shown."""

COMPONENT_KINDS = ("ner", "relations")
"""The components with networks, which are trained by `spacy train`."""

ATTRIBUTES = "attributes"
"""The component that is trained at once on gold mentions and relations, if they have attributes."""

SCORE_NOTE = (
    "columns: epoch (E), step (#), loss; on dev: F1, precision and recall in percent; F1 (SCORE)\n"
)
"""The columns of spaCy's table for the configs of aloi; spaCy cuts the names of the scores."""

BASE_MODEL_PATHS = ("source", "words")
"""The settings below `paths` in a config of aloi that name the base model of the language."""

_MISSING_MODEL = re.compile(r"\[E(?:050|884)\].*? '(.*?)'")
"""spaCy's errors if a pipeline, or a pipeline with word vectors, is not found."""

BLANK_CONFIG = "blank"
"""The prefix of the configs that use no pretrained weights, for languages without a base model."""


@dataclass(frozen=True)
class TrainingJob:
    """A job that trains one component and writes a pipeline folder.

    kind: "ner", "relations" or "attributes". train, dev: native files or folders. config: training
    config (default: the config of aloi for the kind and the language). overrides: config values by
    dotted key. corpus: name, version, licence and sha256 of the corpus that contains the documents,
    if any. rights: rights of documents that do not state their own. names: values of `paths.train`
    and `paths.dev` for the saved config, if the files are temporary copies. silver: documents that
    a teacher annotated; they are used for training besides the train documents.
    """

    kind: str
    train: Path
    dev: Path
    out: Path
    schema: Path | None = None
    config: Path | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    corpus: Mapping[str, str] = field(default_factory=dict)
    rights: Rights = field(default_factory=Rights)
    names: Mapping[str, str] = field(default_factory=dict)
    silver: Silver | None = None

    @cached_property
    def documents(self) -> tuple[list[Document], list[Document]]:
        """The train documents and the dev documents, read once."""
        return document_files.read(self.train), document_files.read(self.dev)

    @cached_property
    def silver_documents(self) -> list[Document]:
        """The documents that the teacher annotated."""
        return document_files.read(self.silver.file) if self.silver else []

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of everything that determines the trained model (see `training.fingerprint`)."""
        train, dev = self.documents
        return training_fingerprint(
            kind=self.kind,
            train=train,
            dev=dev,
            schema=self.schema,
            config=self.config_file,
            overrides={**self._language_settings, **self.overrides},
            corpus=self.corpus,
            sources=sources.find_sources(self._settings().interpolate()),
            teacher=self.silver.record if self.silver else None,
        )

    @cached_property
    def language(self) -> languages.Language:
        """The language of the documents."""
        train, dev = self.documents
        return languages.common_language(document.meta for document in (*train, *dev))

    @property
    def config_file(self) -> Path:
        """The path of the training config; without a base model, it uses no pretrained weights."""
        config = self.config or shipped_config(self.kind)
        blank = shipped_config(f"{BLANK_CONFIG}-{config.stem}")
        is_shipped = config == shipped_config(config.stem) and blank.is_file()
        return blank if is_shipped and not self.language.base_model else config

    @cached_property
    def original(self) -> Config:
        """The config without overrides; its variables are not resolved."""
        return read_config(self.config_file)

    @property
    def _has_shipped_config(self) -> bool:
        """Whether the config is one of aloi's."""
        return self.config_file.parent == shipped_config(self.kind).parent

    @property
    def _language_settings(self) -> dict[str, str]:
        """The values that depend on the language, for a config of aloi, by dotted key."""
        if not self._has_shipped_config:
            return {}
        paths = self.original["paths"]
        base = {
            f"paths.{name}": self.language.base_model for name in BASE_MODEL_PATHS if name in paths
        }
        return {"nlp.lang": self.language.code, **{key: each for key, each in base.items() if each}}

    def run(self, *, log: IO[str] | None = None) -> Language:
        """Train the pipeline, write it with its training record, and return it.

        log: stream for spaCy's table of losses and scores.
        """
        started = time.monotonic()
        settings = self.check()
        if log is not None and self._has_shipped_config:
            log.write(self._language_note())
        with self._setting_errors():
            training_record = self._record(settings)
            nlp, tuning = self._fit(settings, log)
        nlp.config["paths"].update(self.names)
        if self.silver is not None:
            nlp.config["paths"]["silver"] = self.silver.name
        dev, schema = self.documents[1], self._loaded_schema
        if tuning is not None:
            training_record["tuning"] = tuning
        training_record["scores"] = record.score_dev(nlp, dev, kind=self.kind, schema=schema)
        training_record["cost"] = record.measure_cost(started)
        nlp.meta.update(name=self.kind, aloi=training_record)
        folders = map(sources.find_pipeline, sources.find_sources(settings.interpolate()))
        parts = (*self.documents, self.silver_documents)
        names = annotation_names(document for part in parts for document in part)
        write_pipeline(nlp, self.out, licence_folders=filter(None, folders), left_out=names)
        return nlp

    def _language_note(self) -> str:
        """Return a line on documents that do not state their language, or nothing."""
        train, dev = self.documents
        note = languages.assumed_language(document.meta for document in (*train, *dev))
        return f"note: {note}\n" if note else ""

    def check(self) -> Config:
        """Return the settings; raise `DataError` if the output, data or settings are unsuitable."""
        check_replaceable(self.out)
        self._check_data()
        return self._settings()

    def _fit(self, settings: Config, log: IO[str] | None) -> tuple[Language, dict[str, Any] | None]:
        """Return the trained pipeline, and the measurements of its tuning on dev."""
        train, dev = self.documents
        if self.kind == ATTRIBUTES:
            return fit_attributes(settings, train, dev, schema=self._loaded_schema)
        log = log or io.StringIO()
        if self._has_shipped_config:
            log.write(SCORE_NOTE)
        nlp = fit(settings, log=log)
        return nlp, tune_relations(nlp, dev)

    def is_done(self) -> bool:
        """Return whether `out` contains a pipeline with the fingerprint of this job."""
        return bool(read_record(self.out).get("fingerprint") == self.fingerprint)

    def resume(self, *, log: IO[str]) -> Language:
        """Return the pipeline in `out`; train it first unless it has the job's fingerprint."""
        if self.is_done():
            log.write(f"{self.out}: up to date\n")
            return spacy.load(self.out)
        log.write(f"{self.out}: training on {len(self.documents[0])} documents\n")
        return self.run(log=log)

    @property
    def _loaded_schema(self) -> Schema | None:
        return load_schema(self.schema) if self.schema else None

    def _settings(self) -> Config:
        paths = {"paths.train": str(self.train), "paths.dev": str(self.dev)}
        paths |= self._language_settings
        if self.kind == "relations" and self.schema is not None:
            paths["paths.schema"] = str(self.schema)
        overrides = with_floats(self.overrides, self.original)
        settings = load_settings(self.config_file, paths, overrides)
        if self.silver is not None:
            add_silver(settings, str(self.silver.file), overrides)
        with config_errors(self.config_file):
            resolved = settings.interpolate()
        problems = [*number_problems(resolved), *endless_problems(resolved)]
        if problems:
            raise DataError(problem.at(file=str(self.config_file)) for problem in problems)
        return settings

    @contextmanager
    def _setting_errors(self) -> Iterator[None]:
        """Raise `DataError` for any error of spaCy if the config or a setting is the user's own.

        spaCy and thinc raise many types of errors for settings that do not fit together. Errors of
        the system, such as missing memory or permissions, are not changed.
        """
        try:
            with config_errors(self.config_file), _library_errors():
                yield
        except (DataError, MemoryError):
            raise
        except Exception as error:
            is_system_error = isinstance(error, OSError) and error.errno is not None
            if is_system_error or (not self.overrides and self.config is None):
                raise
            message = " ".join(str(error).split())[:MAX_ERROR_LENGTH]
            what = f"training fails with this config: {type(error).__name__}: {message}"
            raise config_problem(self.config_file, what) from error

    def _check_data(self) -> None:
        """Raise `DataError` if the data are not suitable for training.

        Train and dev must contain entities and follow the schema. Train must contain what the
        component learns, and no dev texts.
        """
        train, dev = self.documents
        for path, documents in ((self.train, train), (self.dev, dev)):
            if not any(document.entities for document in documents):
                what, fix = "no document contains an entity", "Add annotated documents"
                raise DataError([Problem("no-data", what, fix, file=str(path))])
        if self.kind not in pipeline_kinds(train):
            what = f"no document contains {self.kind}, so there is nothing to learn"
            fix = f"Annotate {self.kind}, or train another component"
            raise DataError([Problem("no-data", what, fix, file=str(self.train))])
        if self._loaded_schema is not None:
            list(require_valid([*train, *dev], self._loaded_schema))
        texts = {document.text for document in train}
        shared = [document.id for document in dev if document.text in texts]
        if shared:
            what = "the text of this dev document is also in train"
            fix = "Remove the text from train or from dev"
            raise DataError(Problem("leak", what, fix, id_) for id_ in shared)

    def _record(self, settings: Config) -> dict[str, Any]:
        """Return the part of the training record that is known before the training."""
        train, dev = self.documents
        return {
            "kind": self.kind,
            "fingerprint": self.fingerprint,
            "train_sha256": hash_documents(train),
            "dev_sha256": hash_documents(dev),
            "schema": str(self._loaded_schema) if self.schema else None,
            "overrides": dict(self.overrides),
            "versions": {"aloi": version("aloi"), **library_versions()},
            "corpus": dict(self.corpus),
            **record.describe_data(train, dev, self.rights, silver=self.silver_documents),
            **({"teacher": dict(self.silver.record)} if self.silver else {}),
            **record.describe_config(self.config_file, settings.interpolate()),
        }


def pipeline_kinds(train: Collection[Document]) -> tuple[str, ...]:
    """Return the kinds of the components of a pipeline: those that train has annotations for."""
    kinds = ["ner"]
    if any(document.relations for document in train):
        kinds.append("relations")
    if has_attributes(train):
        kinds.append(ATTRIBUTES)
    return tuple(kinds)


def share_overrides(jobs: Sequence[TrainingJob], overrides: Mapping[str, Any]) -> list[TrainingJob]:
    """Return the jobs of a pipeline, each also with the overrides that its config contains.

    Raises `DataError` for a setting that no config contains.
    """
    shared = []
    for job in jobs:
        own = {key: each for key, each in overrides.items() if has_setting(job.original, key)}
        shared.append(replace(job, overrides={**job.overrides, **own}))
    unknown = overrides.keys() - {key for job in shared for key in job.overrides}
    if unknown:
        fix = f"Use a setting of {' or '.join(str(job.config_file) for job in jobs)}"
        raise DataError(
            Problem("bad-config", f"unknown setting {key}", fix) for key in sorted(unknown)
        )
    return shared


@contextmanager
def _library_errors() -> Iterator[None]:
    """Raise `DataError` for a full disk, which spaCy's errors would hide, or a missing model."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DataError([disk_full_problem(error)]) from error
        if missing := _MISSING_MODEL.match(str(error)):
            what = (
                f"the base model {missing[1]} is neither an installed package nor a pipeline folder"
            )
            fix = "Install this base model with pip, correct its name, or use --config blank"
            raise DataError([Problem("no-base-model", what, fix)]) from error
        raise


def prepare_job(
    kind: str,
    folder: Path,
    train: Iterable[Document],
    dev: Iterable[Document],
    *,
    schema: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> TrainingJob:
    """Write documents to train.jsonl and dev.jsonl in a folder; return a job that trains on them.

    The job writes the pipeline to `folder/model`.
    """
    train_file, dev_file = folder / "train.jsonl", folder / "dev.jsonl"
    document_files.write(train, train_file)
    document_files.write(dev, dev_file)
    return TrainingJob(
        kind, train_file, dev_file, out=folder / "model", schema=schema, overrides=overrides or {}
    )
