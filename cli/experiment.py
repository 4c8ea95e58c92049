"""`aloi experiment`: what `make train` and `make eval` run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

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
) -> None:
    """Train what is missing or stale on a corpus, predict on dev and test, report."""
    from rich.console import Console

    from aloi.corpus.collection import Corpus, is_corpus
    from aloi.eval.reports import summary
    from aloi.eval.reports.sheets import terminal
    from aloi.models.studies.experiment import BASELINE, Experiment, write_reports

    if not is_corpus(folder):
        raise typer.BadParameter(f"no corpus.toml in {folder}")
    trial = Experiment(Corpus.open(folder), out)
    for line in trial.train():
        print(line, file=sys.stderr)
    if train_only:
        return
    runs = list(trial.evaluate(bootstrap=bootstrap, seed=seed))
    significance = trial.significance(replicates=REPLICATES, seed=seed)
    notes = [BASELINE_NOTE] if any(run.system == BASELINE for run in runs) else []
    ours = [run for run in runs if run.system == "ner"]
    notes += [INTERVAL_NOTE, *map(summary.nesting, ours), *map(summary.unseen, ours)]
    write_reports(out, runs, significance, summary.whole_markdown(runs, significance, notes))
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    compared = significance["test"].sheets() if significance else ()
    for sheet in (*summary.by_type(runs), *compared, summary.overview(runs)):
        console.print(terminal(sheet))
    for note in notes:
        console.print(f"- {note}")
    console.print(f"{runs[0].report.signature}\nwritten: {out}/reports/eval.json, eval.md, *.html")
