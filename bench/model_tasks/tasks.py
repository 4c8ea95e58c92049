"""The tasks on which models are compared: their documents, and the measures of a trained model.

A task trains one or two components. Test documents are not used for training. The public corpora
of `winer`, `popcorn-entities`, `popcorn-relations` and `crossre-news` have no public test set: the
dev documents of thresholds and of the best checkpoint are scored, which is slightly optimistic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from model_tasks import entities, relations
from spacy.language import Language

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.eval.columns import Annotations
from aloi.eval.reports.report import SchemeResult, evaluate
from aloi.models.examples import make_example
from aloi.models.prediction.pipelines import predict_documents
from aloi.models.relations.component import RelationExtractor
from aloi.models.studies.joined_corpus import join_corpora
from aloi.models.training.fit import tune_relations

WEAK_LABELS = ("MEETS", "OPPOSES", "SUPPORTS", "COOPERATES_WITH", "MEMBER_OF")
"""The relation labels of aloi-news-fr that light models find hard."""

Scores = dict[str, float | None]


@dataclass(frozen=True)
class Task:
    """A task.

    kinds: the components to train. train, dev: the documents. tests: the test documents, by name.
    schema: the schema of the documents, if there is one. held_out: documents that a student may not
    learn from, besides dev.
    """

    name: str
    kinds: tuple[str, ...]
    train: Sequence[Document]
    dev: Sequence[Document]
    tests: Mapping[str, Sequence[Document]]
    schema: Path | None = None
    held_out: Sequence[Document] = field(default=())


def load(name: str, data: Path, corpora: Mapping[str, Path]) -> Task:
    """Return a task. corpora: the folders of the corpora `own` and `wikinews`.

    `both` trains on the two corpora together.
    """
    if name in _PUBLIC:
        return _PUBLIC[name](data)
    return _corpus_task(name, {each: Corpus.open(folder) for each, folder in corpora.items()})


def _corpus_task(name: str, corpora: Mapping[str, Corpus]) -> Task:
    """Return the task of a corpus or of both; its models are scored on the test of each corpus."""
    corpus = join_corpora(list(corpora.values())) if name == "both" else corpora[name]
    tests = {"dev": corpus.split("dev")}
    if name in corpora:
        tests["test"] = corpus.split("test")
    others = sorted(corpora.keys() - {name})
    tests |= {f"{other} test": corpora[other].split("test") for other in others}
    schema = corpus.folder / corpus.manifest.schema
    splits = ("dev", "test")
    held_out = [doc for each in corpora.values() for split in splits for doc in each.split(split)]
    return Task(
        name, ("ner", "relations"), corpus.split("train"), tests["dev"], tests, schema, held_out
    )


def _winer(data: Path) -> Task:
    train, last_quarter = entities.split(data / "winer-fr")
    return Task("winer", ("ner",), train, last_quarter, {"last quarter of 2017": last_quarter})


def _popcorn(name: str, kind: str) -> Callable[[Path], Task]:
    def task(data: Path) -> Task:
        train, dev = relations.split_popcorn(data)
        return Task(name, (kind,), train, dev, {"a held-out fifth": dev})

    return task


def _crossre_news(data: Path) -> Task:
    train, dev = relations.crossre_news(data)
    return Task("crossre-news", ("relations",), train, dev, {"news-dev": dev})


def _crossre_quarters(data: Path) -> Task:
    train, third, fourth = relations.crossre_quarters(data)
    tests = {"third": third, "fourth": fourth}
    return Task("crossre-quarters", ("relations",), train, third, tests)


_PUBLIC: dict[str, Callable[[Path], Task]] = {
    "winer": _winer,
    "popcorn-entities": _popcorn("popcorn-entities", "ner"),
    "popcorn-relations": _popcorn("popcorn-relations", "relations"),
    "crossre-news": _crossre_news,
    "crossre-quarters": _crossre_quarters,
}

TASKS = ("own", "wikinews", "both", *_PUBLIC)


def measure(task: Task, pipelines: Mapping[str, Language]) -> dict[str, Scores]:
    """Return the measures of trained components by test set. pipelines: a pipeline by kind."""
    if task.name == "crossre-quarters":
        return {"the two quarters": _measure_quarters(task, pipelines["relations"])}
    measures: dict[str, Scores] = {}
    for name, documents in task.tests.items():
        measures[name] = {}
        if "ner" in pipelines and task.kinds != ("relations",):
            measures[name] |= _measure_entities(task, pipelines["ner"], documents)
        if "relations" in pipelines:
            measures[name] |= _measure_relations(task, pipelines["relations"], documents)
        if "pipeline" in pipelines:
            predicted = predict_documents(pipelines["pipeline"], documents)
            result = evaluate(documents, predicted, schemes=("strict",)).relations["strict"]
            measures[name] |= {"end to end": _f1(result)}
    return measures


def _measure_entities(task: Task, nlp: Language, documents: Sequence[Document]) -> Scores:
    report = evaluate(
        documents, predict_documents(nlp, documents), train=Annotations.of(task.train)
    )
    scheme = "exact" if task.name.startswith("popcorn") else "outermost"
    result = report.entities[scheme]
    return {
        "entities": _f1(result),
        "entities macro": result.scores.macro["f1"],
        "entities unseen": entities.unseen_f1(report),
    }


def _measure_relations(task: Task, nlp: Language, documents: Sequence[Document]) -> Scores:
    predicted = list(predict_documents(nlp, documents, gold_entities=True))
    scheme = "facts" if task.name.startswith("popcorn") else "strict"
    result = evaluate(documents, predicted, schemes=(scheme,)).relations[scheme]
    scores = {"relations": _f1(result), "relations macro": result.scores.macro["f1"]}
    scores |= {
        label: counts.ratios["f1"]
        for label, counts in result.scores.types.items()
        if label in WEAK_LABELS
    }
    if task.name.startswith("crossre"):
        scores |= known_pairs(nlp, documents)
    return scores


def _measure_quarters(task: Task, nlp: Language) -> Scores:
    """Score each quarter with the thresholds chosen on the other, and join the counts."""
    quarters = list(task.tests.values())
    gold: list[Document] = []
    predicted: list[Document] = []
    for tuned, scored in (quarters, quarters[::-1]):
        tune_relations(nlp, tuned)
        gold += scored
        predicted += predict_documents(nlp, scored, gold_entities=True)
    result = evaluate(gold, predicted, schemes=("strict",)).relations["strict"]
    scores = {"relations": _f1(result), "relations macro": result.scores.macro["f1"]}
    return {**scores, **known_pairs(nlp, gold)}


def known_pairs(nlp: Language, documents: Sequence[Document]) -> Scores:
    """Return micro-F1 and macro-F1 of the most probable label of each related pair.

    The published baseline of CrossRE has this task: it gets only pairs that are related. A pair
    with several labels counts as one instance for each of them.
    """
    component = nlp.get_pipe("aloi_relations")
    assert isinstance(component, RelationExtractor)
    right, gold, guessed = (np.zeros(len(component.labels)) for _ in range(3))
    for document in documents:
        example = make_example(nlp, document, before="aloi_relations")
        for block in component.candidate_blocks(example.predicted):
            truth = component.gold_matrix(block, example)
            related = truth.any(axis=1)
            best = component.probabilities([block]).argmax(axis=1)[related]
            gold += truth.sum(axis=0)
            np.add.at(guessed, best, 1)
            np.add.at(right, best, truth[related][np.arange(len(best)), best])
    f1 = 2 * right / np.maximum(gold + guessed, 1)
    return {
        "known pairs": float(2 * right.sum() / max(gold.sum() + guessed.sum(), 1)),
        "known pairs macro": float(f1[gold > 0].mean()),
    }


def _f1(result: SchemeResult) -> float | None:
    return result.scores.micro.ratios["f1"]
