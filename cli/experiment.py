"""`aloi experiment`: what `make train` and `make eval` run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.evaluate import RestrictedText

if TYPE_CHECKING:
    from aloi.models.studies.experiment import Experiment

BASELINE_NOTE = (
    "fr_core_news_md is scored off the shelf, on the labels it shares with the schema; it was made "
    "by other guidelines than ours, so part of its errors are differences of convention."
)
REPLICATES = 10_000
"""Of the test of significance."""

INTERVAL_NOTE = "Intervals are 95 % bootstrap intervals over documents; a single one has none."


def experiment(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="A corpus folder.")],
    *,
    out: Annotated[Path, typer.Option(help="Where models and reports go.")] = Path("build"),
    train_only: Annotated[bool, typer.Option("--train-only", help="Stop after training.")] = False,
    bootstrap: Annotated[
        int, typer.Option(min=0, max=100_000, help="Replicates for intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    restricted_text: RestrictedText = False,
) -> None:
    """Train what is missing or stale on a corpus, predict on dev and test, report.

    A second run on the same --out ends with an error while the first one runs.
    """
    from aloi.cli.shared.inputs import open_corpus
    from aloi.corpus.locks import locked
    from aloi.models.studies.experiment import Experiment

    corpus = open_corpus(folder)
    with locked(out):
        trial = Experiment(corpus, out)
        for line in trial.train():
            print(line, file=sys.stderr)
        if not train_only:
            _evaluate(trial, bootstrap=bootstrap, seed=seed, restricted_text=restricted_text)


def _evaluate(trial: Experiment, *, bootstrap: int, seed: int, restricted_text: bool) -> None:
    """Score every system on dev and test; write and print the reports."""
    from rich.console import Console

    from aloi.eval.reports import summary
    from aloi.eval.reports.sheets import rich_table
    from aloi.models.studies.experiment import BASELINE, write_reports

    out = trial.out
    runs = list(trial.evaluate(bootstrap=bootstrap, seed=seed, restricted_text=restricted_text))
    significance = trial.significance(replicates=REPLICATES, seed=seed)
    notes = [BASELINE_NOTE] if any(run.system == BASELINE for run in runs) else []
    ours = [run for run in runs if run.system == "ner"]
    notes += [INTERVAL_NOTE, *map(summary.nesting_note, ours)]
    notes += map(summary.seen_surfaces_note, ours)
    write_reports(out, runs, significance, summary.experiment_markdown(runs, significance, notes))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    compared = significance["test"].sheets() if significance else ()
    for sheet in (*summary.type_sheets(runs), *compared, summary.micro_sheet(runs)):
        console.print(rich_table(sheet))
    for note in notes:
        console.print(f"- {note}")
    console.print(f"{runs[0].report.signature}\nwritten: {out}/reports/eval.json, eval.md, *.html")
