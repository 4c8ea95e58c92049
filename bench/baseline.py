"""Comparison of entity recognisers with fr_core_news_md on French Wikinews (WiNER-fr).

    python bench/baseline.py DATA RECOGNISER [--transfer PIPELINE] [--bootstrap 1000]

DATA contains the folder `winer-fr` (2016 and 2017). RECOGNISER was trained on the documents of 2016
and 2017 without the last quarter of 2017 (`bench/models.py --tasks winer`), on which it is scored.
--transfer: a pipeline that was trained on a different corpus, with different guidelines; it is
scored on all of 2017, to measure how well it transfers to general news.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import spacy
from model_tasks import entities
from rich.console import Console
from rich.table import Table

from aloi.eval.reports.report import Report
from aloi.eval.reports.sheets import format_ratio

Row = tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("recogniser", type=Path)
    parser.add_argument("--transfer", type=Path, help="pipeline trained on a different corpus")
    parser.add_argument("--bootstrap", type=int, default=1000)
    options = parser.parse_args()
    table = Table("", "P", "R", "F1", "macro F1", "unseen F1")
    for row in rows(options):
        table.add_row(*row)
    Console(highlight=False).print(table)


def rows(options: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows of the table."""
    data = options.data / "winer-fr"
    train, held_out = entities.split(data)
    nlp = spacy.load(options.recogniser)
    for system, report in entities.reports(nlp, train, held_out, bootstrap=options.bootstrap):
        yield _row(system, report, format_ratio(entities.unseen_f1(report)))
    if options.transfer is not None:
        transfers = entities.transfer(options.transfer, data, bootstrap=options.bootstrap)
        for name, report in transfers:
            yield _row(f"all of 2017, {name}, three types", report)
    for system, speed in entities.speeds(nlp, held_out).items():
        yield f"documents per second, {system}", "", "", f"{speed:.1f}", "", ""


def _row(title: str, report: Report, unseen: str = "") -> Row:
    result = report.entities["outermost"]
    micro = result.scores.micro.ratios
    intervals = result.intervals.micro if result.intervals else dict.fromkeys(micro)
    ratios = (format_ratio(micro[name], intervals[name]) for name in ("precision", "recall", "f1"))
    return title, *ratios, format_ratio(result.scores.macro["f1"]), unseen


if __name__ == "__main__":
    main()
