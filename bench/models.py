"""Scores and training costs of our models on public corpora.

    python bench/models.py DATA [--out build/bench-models] [--later YEAR_FOLDER]
                           [--pipeline FOLDER] [--bootstrap 1000]

DATA contains the folders `winer-fr` (2016 and 2017), `multi-crossre-fr` and `popcorn` as published
by their authors. Models are scored on the dev set that is used for early stopping and thresholds,
so the scores are slightly optimistic; `--later` also scores entities on a later year of WiNER-fr,
which is not used for training or thresholds. `--pipeline` scores PER, LOC and ORG of a pipeline
that was trained on a different corpus, and of fr_core_news_md. Pipelines in the output folder are
not trained again if they are up to date. The table shows the seconds of the training, and the peak
memory of the process up to the end of the training.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import spacy
from model_tasks import entities, relations
from rich.console import Console
from rich.table import Table

from aloi.corpus.document import Document
from aloi.eval.reports.report import Report, SchemeResult
from aloi.eval.reports.sheets import format_ratio
from aloi.models.training.pipeline_folder import read_record

GIB = 1 << 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/bench-models"))
    parser.add_argument("--later", type=Path, help="folder of a later year of WiNER-fr")
    parser.add_argument("--pipeline", type=Path, help="pipeline trained on a different corpus")
    parser.add_argument("--bootstrap", type=int, default=1000)
    arguments = parser.parse_args()
    if missing := [name for name in DATA_FOLDERS if not (arguments.data / name).is_dir()]:
        sys.exit(f"{arguments.data}: missing folders: {', '.join(missing)}; see {__file__}")
    table = Table("", "P", "R", "F1", "macro F1", "seconds", "GiB", title="Models")
    for row in rows(arguments):
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 150, highlight=False).print(table)


DATA_FOLDERS = ("winer-fr", "multi-crossre-fr", "popcorn")

Row = tuple[str, ...]


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows of the table."""
    data, out = arguments.data, arguments.out
    yield from _winer(data / "winer-fr", out, arguments.later, arguments.bootstrap)
    if arguments.pipeline is not None:
        yield from _transfer(arguments.pipeline, data / "winer-fr", arguments.bootstrap)
    yield _row("POPCORN, all mentions", entities.popcorn(data, out), "exact", out / "popcorn-ner")
    crossre = relations.crossre(data, out)
    yield _row("French CrossRE, news-dev, gold entities", crossre, "strict", out / "crossre")
    popcorn = relations.popcorn(data, out)
    yield _row("POPCORN, relations of clusters", popcorn, "facts", out / "popcorn")


def _winer(data: Path, out: Path, later: Path | None, bootstrap: int) -> Iterator[Row]:
    train_documents, held_out = entities.split(data)
    nlp = entities.train(data, out)
    test_sets: dict[str, list[Document]] = {"last quarter of 2017": held_out}
    if later is not None:
        test_sets[later.name] = entities.read_year(later)
    for name, documents in test_sets.items():
        for system, report in entities.reports(
            nlp, train_documents, documents, bootstrap=bootstrap
        ):
            unseen = format_ratio(entities.unseen_f1(report))
            title = f"WiNER, {name}, {system} (unseen surfaces {unseen})"
            yield _row(title, report, "outermost", out / "winer" if "ours" in system else None)
    for system, speed in entities.speeds(nlp, held_out).items():
        yield (f"documents per second, {system}", "", "", f"{speed:.1f}", "", "", "")


def _transfer(pipeline: Path, data: Path, bootstrap: int) -> Iterator[Row]:
    for name, report in entities.transfer(pipeline, data, bootstrap=bootstrap):
        yield _row(f"WiNER, 2017, {name}, three types", report, "outermost", None)


def _row(title: str, report: Report, scheme: str, folder: Path | None) -> Row:
    result: SchemeResult = {**report.entities, **report.relations}[scheme]
    micro = result.scores.micro.ratios
    intervals = result.intervals.micro if result.intervals else dict.fromkeys(micro)
    cost = read_record(folder / "model").get("cost", {}) if folder else {}
    return (
        title,
        *(format_ratio(micro[name], intervals[name]) for name in ("precision", "recall", "f1")),
        format_ratio(result.scores.macro["f1"]),
        f"{cost['seconds']:.0f}" if cost else "",
        f"{cost['peak_bytes'] / GIB:.2f}" if cost.get("peak_bytes") else "",
    )


if __name__ == "__main__":
    spacy.util.fix_random_seed(0)
    main()
