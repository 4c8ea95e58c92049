"""One experiment on one corpus: train what is missing or stale, predict, score.

Under the output folder it keeps data/ (the splits), models/, predictions/ and reports/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aloi.corpus import native
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.corpus.files import whole_file
from aloi.corpus.labels import keep, shipped_map
from aloi.corpus.problems import DataError, Problem
from aloi.eval.report import evaluate
from aloi.eval.summary import Run
from aloi.models import prediction, training

SPLITS = ("train", "dev", "test")
BASELINE = "fr_core_news_md"
BASELINE_LABELS = ("PER", "LOC", "ORG")

Comparison = tuple[str, str, list[Document], list[Document]]


@dataclass(frozen=True, slots=True)
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
            native.write(self.corpus.split(split), self.data(split))
        native.write(self.restricted(), self.data("article"))

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
        return training.Job(
            kind, self.data("train"), self.data("dev"), self.model(kind), schema=schema
        )

    def evaluate(self, *, bootstrap: int, seed: int) -> Iterator[Run]:
        """Predict on dev and test, and score each split that has documents, a run at a time."""
        splits = {split: native.read(self.data(split)) for split in ("dev", "test", "article")}
        documents = [*splits["dev"], *splits["test"]]
        compared = list(self._compared(documents))
        for split, chosen in splits.items():
            ids = {document.id for document in chosen}
            for system, task, gold, pred in compared if ids else ():
                report = evaluate(
                    [document for document in gold if document.id in ids],
                    [document for document in pred if document.id in ids],
                    schema=self.corpus.schema,
                    corpus=str(self.corpus),
                    bootstrap=bootstrap,
                    seed=seed,
                )
                yield Run(split, system, task, report)

    def _compared(self, documents: list[Document]) -> Iterator[Comparison]:
        """(system, task, gold, prediction): the baseline and ours on its labels, then ours."""
        ours = self._predict("ner", documents)
        shared = [label for label in BASELINE_LABELS if label in self.corpus.schema.entities]
        if shared:
            few = [keep(document, shared) for document in documents]
            shelf = shipped_map(BASELINE).apply(self._predict(BASELINE, documents))
            yield BASELINE, "entities", few, [keep(document, shared) for document in shelf]
            own = [keep(document, shared) for document in ours]
            yield f"ner, {'+'.join(shared)} only", "entities", few, own
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
        native.write(predicted, self.out / "predictions" / f"{system}.jsonl")
        return predicted


def write_reports(out: Path, runs: list[Run], markdown: str) -> None:
    """Write reports/eval.json and reports/eval.md."""
    with whole_file(out / "reports" / "eval.json") as stream:
        json.dump({"runs": [run.to_json() for run in runs]}, stream, ensure_ascii=False, indent=1)
    with whole_file(out / "reports" / "eval.md") as stream:
        stream.write(markdown)
