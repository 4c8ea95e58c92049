"""An experiment on one corpus: train missing or outdated pipelines, predict, and score.

The output folder contains data/ (the splits), models/, predictions/ and reports/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, Any, NamedTuple

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.label_maps import keep_labels, load_shipped_map
from aloi.corpus.languages.language import DEFAULT_LANGUAGE, common_language, load_language
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.refs.authority import load_named_refs
from aloi.eval.columns import Annotations
from aloi.eval.reports.report import evaluate
from aloi.eval.reports.summary import SystemReport
from aloi.eval.reports.system_comparison import Comparison, compare_systems
from aloi.eval.schemes import MAIN_SCHEMES, EvaluationTask, ItemKind
from aloi.eval.scoring_choices import EvaluationOptions
from aloi.models.attributes.prediction import predict_attributes
from aloi.models.prediction.pipelines import load_pipeline, predict_documents
from aloi.models.refs.corpus_lexicon import pipeline_lexicon
from aloi.models.refs.lexicon import RefLexicon
from aloi.models.training.job import ATTRIBUTES, TrainingJob, pipeline_kinds, share_overrides
from aloi.models.training.pipeline_folder import read_record
from aloi.models.training.pipeline_training import assemble_pipeline
from aloi.models.training.record import describe_lexicon

REQUIRED_SPLITS = ("train", "dev", "test")
SCORED_SPLITS = ("dev", "test")

RESTRICTED_SPLIT = "article"
"""The split name of the restricted documents in reports; they may be from any split."""

BASELINE = load_language(DEFAULT_LANGUAGE).base_model or ""
"""The published pipeline that is the baseline; it was not trained on the corpus.

Corpora in another language have no baseline.
"""

BASELINE_LABELS = ("PER", "LOC", "ORG")
"""The labels of the baseline that are scored if the schema defines them."""


class SystemPredictions(NamedTuple):
    """The dev and test documents, with gold annotations and with one system's predictions."""

    system: str
    task: str
    gold: list[Document]
    pred: list[Document]


@dataclass(frozen=True)
class Experiment:
    """A corpus, the output folder of its experiment, and changed values of the training configs.

    trained: the experiment that trained the pipelines to evaluate (default: this experiment).
    """

    corpus: Corpus
    out: Path
    overrides: Mapping[str, Any] = field(default_factory=dict)
    trained: Experiment | None = None

    @property
    def trained_on(self) -> str:
        """The name of the corpus that the pipelines are trained on."""
        return (self.trained or self).corpus.manifest.name

    def data_file(self, split: str) -> Path:
        """Return the path of the file with a split's documents."""
        return self.out / "data" / f"{split}.jsonl"

    def model_folder(self, name: str) -> Path:
        """Return the path of a trained pipeline's folder."""
        return (self.trained or self).out / "models" / name

    def write_splits(self) -> None:
        """Write the documents of each split, and the restricted documents, to data/.

        Raises `DataError` if train, dev or test is empty.
        """
        empty = [name for name in REQUIRED_SPLITS if not self.corpus.split(name)]
        if empty:
            fix = f"Assign documents to {' and '.join(empty)} in {self.corpus.manifest.splits}"
            raise DataError(
                Problem("no-split", f"the {name} split is empty", fix) for name in empty
            )
        for split in REQUIRED_SPLITS:
            document_files.write(self.corpus.split(split), self.data_file(split))
        document_files.write(self.restricted(), self.data_file(RESTRICTED_SPLIT))

    def restricted(self) -> list[Document]:
        """Return the documents in the corpus folder that must not be redistributed."""
        names = self.corpus.manifest.restricted
        return [document for document in self.corpus.documents if document.id in names]

    def train(self, *, log: IO[str] | None = None) -> Iterator[str]:
        """Train the pipelines that are missing or outdated; yield a message per pipeline.

        log: stream for spaCy's table of losses and scores.
        """
        self.write_splits()
        jobs = self._jobs()
        for job in jobs:
            if job.is_done():
                yield f"{job.kind}: up to date"
            else:
                yield f"{job.kind}: training"
                job.run(log=log)
        pipeline = self.model_folder("pipeline")
        lexicon = self._lexicon()
        expected = {job.kind: read_record(job.out) for job in jobs}
        if lexicon is not None:
            expected["refs"] = describe_lexicon(lexicon)
        if read_record(pipeline) != expected:
            folders = {job.kind: job.out for job in jobs}
            assemble_pipeline(folders, out=pipeline, lexicon=lexicon)
            yield "pipeline: assembled"

    def _lexicon(self) -> RefLexicon | None:
        """Return the names for the pipeline's component for refs, or None if it has none."""
        corpus = self.corpus
        authority = load_named_refs(corpus.folder, corpus.manifest.refs, corpus.schema)
        return pipeline_lexicon(authority, corpus.split("train"))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the trained components."""
        return pipeline_kinds((self.trained or self).corpus.split("train"))

    def _jobs(self) -> list[TrainingJob]:
        return share_overrides([self._job(kind) for kind in self.kinds], self.overrides)

    def _job(self, kind: str) -> TrainingJob:
        return TrainingJob(
            kind,
            self.data_file("train"),
            self.data_file("dev"),
            self.model_folder(kind),
            schema=self.corpus.folder / self.corpus.manifest.schema,
            corpus=self.corpus.origin(),
            rights=self.corpus.manifest.rights,
        )

    def evaluate(
        self, *, bootstrap: int, seed: int, restricted_text: bool = False
    ) -> Iterator[SystemReport]:
        """Yield the report of each system on dev, on test and on the restricted documents.

        restricted_text: include the text of restricted documents in the reports.
        """
        train = Annotations.of((self.trained or self).corpus.split("train"))
        for split, ids in self._scored_ids().items():
            for system, task, gold, pred in self._predictions if ids else ():
                report = evaluate(
                    _select(gold, ids),
                    _select(pred, ids),
                    schema=self.corpus.schema,
                    train=train,
                    corpus=str(self.corpus),
                    bootstrap=bootstrap,
                    seed=seed,
                    restricted=self.corpus.restricted_ids,
                    restricted_text=restricted_text,
                )
                yield SystemReport(split, system, task, report)

    def compare_with_baseline(self, *, replicates: int, seed: int) -> dict[str, Comparison]:
        """Compare our entities with those of the baseline; return the comparisons by split.

        Only labels that both the schema and the baseline define are compared. Without such labels,
        the result is {}.
        """
        systems = {each.system: each for each in self._predictions}
        if BASELINE not in systems:
            return {}
        baseline, ner = systems[BASELINE], systems[self.ner_on_shared_labels]
        ids = self._scored_ids()
        options = EvaluationOptions(
            schemes=(MAIN_SCHEMES[ItemKind.ENTITIES],),
            schema=self.corpus.schema,
            corpus=str(self.corpus),
            seed=seed,
        )
        return {
            split: compare_systems(
                _select(baseline.gold, ids[split]),
                {
                    BASELINE: _select(baseline.pred, ids[split]),
                    "ner": _select(ner.pred, ids[split]),
                },
                options,
                replicates=replicates,
            )
            for split in SCORED_SPLITS
        }

    def _scored_ids(self) -> dict[str, set[str]]:
        """Return document ids by split name: dev, test and the restricted documents."""
        splits = {name: {d.id for d in self.corpus.split(name)} for name in SCORED_SPLITS}
        return {**splits, RESTRICTED_SPLIT: {document.id for document in self.restricted()}}

    @cached_property
    def _predictions(self) -> list[SystemPredictions]:
        """The predictions of every system on dev and test, computed once."""
        documents = [*self.corpus.split("dev"), *self.corpus.split("test")]
        ner = self._predict("ner", documents)
        return [
            *self._on_shared_labels(documents, ner),
            SystemPredictions("ner", "entities", documents, ner),
            *self._relations(documents),
            *self._attributes(documents),
        ]

    def _relations(self, documents: list[Document]) -> Iterator[SystemPredictions]:
        """Yield the relations between gold entities and end to end, if there is a model."""
        if "relations" in self.kinds:
            gold_entities = self._predict("relations", documents, gold_entities=True)
            pipeline = self._predict("pipeline", documents)
            yield SystemPredictions(
                "relations", "relations-gold-entities", documents, gold_entities
            )
            yield SystemPredictions("pipeline", "relations-end-to-end", documents, pipeline)

    def _attributes(self, documents: list[Document]) -> Iterator[SystemPredictions]:
        """Yield the predicted attributes of gold mentions and relations, if there is a model."""
        if ATTRIBUTES in self.kinds:
            nlp = load_pipeline(str(self.model_folder(ATTRIBUTES)))
            predicted = list(predict_attributes(nlp, documents))
            document_files.write(predicted, self.out / "predictions" / f"{ATTRIBUTES}.jsonl")
            yield SystemPredictions(ATTRIBUTES, EvaluationTask.ATTRIBUTES, documents, predicted)

    def _on_shared_labels(
        self, documents: list[Document], ner: list[Document]
    ) -> Iterator[SystemPredictions]:
        """Yield the predictions of the baseline and of `ner`, reduced to the shared labels."""
        shared = self.shared_labels
        if not shared:
            return
        mapped = load_shipped_map(BASELINE).apply(self._predict(BASELINE, documents))
        gold = [keep_labels(document, shared) for document in documents]
        for name, pred in ((BASELINE, mapped), (self.ner_on_shared_labels, ner)):
            kept = [keep_labels(document, shared) for document in pred]
            yield SystemPredictions(name, "entities", gold, kept)

    @property
    def shared_labels(self) -> list[str]:
        """The baseline's labels that the schema also defines; none in another language."""
        language = common_language(document.meta for document in self.corpus.documents)
        labels = BASELINE_LABELS if language.base_model == BASELINE else ()
        return [label for label in labels if label in self.corpus.schema.entities]

    @property
    def ner_on_shared_labels(self) -> str:
        """The name of our entity recogniser if only the shared labels are scored."""
        return f"ner, {'+'.join(self.shared_labels)} only"

    def _predict(
        self, system: str, documents: list[Document], *, gold_entities: bool = False
    ) -> list[Document]:
        """Return a system's predictions and write them to predictions/."""
        nlp = load_pipeline(system if system == BASELINE else str(self.model_folder(system)))
        predicted = list(predict_documents(nlp, documents, gold_entities=gold_entities))
        document_files.write(predicted, self.out / "predictions" / f"{system}.jsonl")
        return predicted


def _select(documents: list[Document], ids: set[str]) -> list[Document]:
    return [document for document in documents if document.id in ids]
