"""The commands `aloi experiment`, `aloi curve` and `aloi suspects`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aloi.cli.evaluate import RestrictedText
from aloi.cli.shared.options import ComponentKind, OverrideOptions, parse_overrides
from aloi.corpus.problems import printable

if TYPE_CHECKING:
    from rich.table import Table

    from aloi.corpus.corpus_folder import Corpus
    from aloi.models.studies.learning_curve import CurveSettings
    from aloi.models.studies.suspect_record import Suspect

WIDE = 160
"""Width of wide tables, in characters, if standard output is not a terminal."""

SUSPECT_COLUMNS = ("score", "confidence", "kind", "document", "surface", "gold", "model", "context")

CorpusFolder = Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")]
BootstrapSeed = Annotated[int, typer.Option(min=0, help="Random seed of the bootstrap.")]


def experiment(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="CORPUS",
            help="Corpus folder. With several, train on each and on all together, and score each "
            "model on the test documents of every corpus.",
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(help="Output folder for models and reports.")] = Path(
        "build"
    ),
    train_only: Annotated[
        bool, typer.Option("--train-only", help="Train the models without evaluating them.")
    ] = False,
    bootstrap: Annotated[
        int,
        typer.Option(
            min=0, max=100_000, help="Number of bootstrap replicates for 95 % confidence intervals."
        ),
    ] = 1000,
    seed: BootstrapSeed = 0,
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,...",
            help="Training seeds, for example 1,2,3: train and score each seed in its own folder "
            "of OUT, and write means and ranges (default: one run with the seed of the configs).",
        ),
    ] = None,
    restricted_text: RestrictedText = False,
) -> None:
    """Train and evaluate models on a corpus.

    Models are trained on the train split and scored on dev and test. Models that are up to date are
    not trained again. A run fails if another run is writing to the same folder. With --seeds, the
    experiment is repeated and reports/seeds.md contains means and ranges. With several corpora,
    reports/cross-corpus.md compares the models.
    """
    from aloi.cli.shared.inputs import open_corpus

    corpora = [open_corpus(folder) for folder in folders]
    numbers = None if seeds is None else _parse_seeds(seeds)
    options = {"bootstrap": bootstrap, "seed": seed, "restricted_text": restricted_text}
    if len(corpora) > 1:
        _run_across(corpora, out, numbers, train_only=train_only, options=options)
    elif numbers is not None:
        _run_seeds(corpora[0], out, numbers, train_only=train_only, options=options)
    else:
        _run_once(corpora[0], out, train_only=train_only, options=options)


def curve(
    folder: CorpusFolder,
    *,
    out: Annotated[Path, typer.Option(help="Output folder for models, scores and a plot.")],
    kind: Annotated[
        ComponentKind, typer.Option(help="Component to train: entities (`ner`) or `relations`.")
    ] = ComponentKind.NER,
    shares: Annotated[
        str, typer.Option(help="Sizes of the training sets, as percentages of the train split.")
    ] = "25,50,75,100",
    also: Annotated[
        Path | None,
        typer.Option(
            metavar="CORPUS",
            help="Corpus with train documents that are part of every training set.",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=3, help="Cross-validate with this number of folds, instead of estimating a gain."
        ),
    ] = None,
    bootstrap: Annotated[
        int,
        typer.Option(
            min=1, max=100_000, help="Number of bootstrap replicates for 95 % confidence intervals."
        ),
    ] = 1000,
    seed: BootstrapSeed = 0,
    settings: OverrideOptions = None,
) -> None:
    """Estimate the gain in F1 from additional training documents.

    Models are trained on growing parts of the train split and scored on dev. With --folds, models
    are instead cross-validated on train and dev. The test split is never used.
    """
    from aloi.cli.shared.inputs import open_corpus
    from aloi.models.studies.learning_curve import CurveSettings

    if also is not None and folds is not None:
        raise typer.BadParameter("--also cannot be used with --folds")
    per_cents = _parse_shares(shares)
    curve_settings = CurveSettings(
        open_corpus(folder),
        out,
        kind.value,
        parse_overrides(settings),
        bootstrap=bootstrap,
        seed=seed,
        also=open_corpus(also) if also else None,
    )
    if folds is None:
        _measure_curve(curve_settings, per_cents)
    else:
        _cross_validate(curve_settings, folds)


def suspects(
    folder: CorpusFolder,
    *,
    kind: Annotated[
        ComponentKind | None,
        typer.Option(
            help="Check only entities (`ner`) or only relations (default: both, if annotated)."
        ),
    ] = None,
    folds: Annotated[
        int,
        typer.Option(
            min=3,
            help="Number of cross-validation folds; each fold trains one model per kind.",
        ),
    ] = 5,
    most: Annotated[
        int, typer.Option("--most", min=1, help="Maximum number of errors to list per kind.")
    ] = 100,
    json_: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write the list to this JSON file."),
    ] = None,
    settings: OverrideOptions = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Keep the trained models in this folder (default: delete them)."
        ),
    ] = None,
) -> None:
    """List likely annotation errors found by models.

    Each document is compared with the predictions of a model that was not trained on this document.
    The documents of all splits are checked. No model is trained on documents with restricted text.
    """
    from aloi.cli.shared.console import stdout_console, write_json
    from aloi.cli.shared.inputs import open_corpus
    from aloi.models.studies.suspects import find_suspects

    report = find_suspects(
        open_corpus(folder),
        kinds=[kind.value] if kind else None,
        folds=folds,
        overrides=parse_overrides(settings),
        out=out,
        log=sys.stderr,
    )
    console = stdout_console(width=WIDE)
    for ranked in filter(None, report.suspects.values()):
        console.print(_suspect_table(ranked, most))
    console.print(f"{report.corpus} | {folds} folds | {report.count} suspects")
    write_json(json_, report.to_json(limit=most))


def _notify(message: str) -> None:
    print(message, file=sys.stderr)


def _parse_seeds(text: str) -> list[int]:
    """Return the numbers of --seeds; exit with status 2 if they are invalid."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) < 2 or len(set(parts)) < len(parts) or not all(map(str.isdecimal, parts)):
        raise typer.BadParameter(
            "--seeds must be two or more different whole numbers, such as 1,2,3"
        )
    return [int(part) for part in parts]


def _run_once(corpus: Corpus, out: Path, *, train_only: bool, options: dict[str, Any]) -> None:
    """Train, or train and evaluate, with the seed of the configs; print the scores."""
    from aloi.cli.shared.console import print_sheets
    from aloi.models.studies.experiment_report import run_experiment, train_experiment

    if train_only:
        train_experiment(corpus, out, log=sys.stderr, notify=_notify)
        return
    result = run_experiment(corpus, out, log=sys.stderr, notify=_notify, **options)
    print_sheets(result.sheets(), width=WIDE)
    for note in result.notes():
        print(f"- {note}")
    print(f"{result.signature}\nwritten: {out}/reports/eval.json, eval.md, *.html")


def _run_seeds(
    corpus: Corpus, out: Path, seeds: list[int], *, train_only: bool, options: dict[str, Any]
) -> None:
    """Train, or train and evaluate, each seed; print the summary."""
    from aloi.cli.shared.console import print_notes, print_sheets
    from aloi.models.studies.seeds import run_seeds, train_seeds

    if train_only:
        train_seeds(corpus, out, seeds, log=sys.stderr, notify=_notify)
        return
    summary = run_seeds(corpus, out, seeds, log=sys.stderr, notify=_notify, **options)
    print_sheets(summary.sheets(), width=WIDE)
    print(f"{summary.signature}\nwritten: {out}/reports/seeds.json, seeds.md")
    print_notes(f"warning: {each}" for each in summary.warnings)


def _run_across(
    corpora: list[Corpus],
    out: Path,
    seeds: list[int] | None,
    *,
    train_only: bool,
    options: dict[str, Any],
) -> None:
    """Train, or train and evaluate, on each corpus and on all corpora; print the summary."""
    from aloi.cli.shared.console import print_sheets
    from aloi.models.studies.cross_corpus import run_across, train_across

    if train_only:
        train_across(corpora, out, seeds or (None,), log=sys.stderr, notify=_notify)
        return
    summary = run_across(corpora, out, seeds or (None,), log=sys.stderr, notify=_notify, **options)
    print_sheets([summary.summary_sheet(), summary.difference_sheet()], width=WIDE)
    for note in summary.notes:
        print(f"- {note}")
    print(f"written: {out}/reports/cross-corpus.json, cross-corpus.md")


def _parse_shares(text: str) -> list[int]:
    """Return the percentages of --shares, sorted; exit with status 2 if they are invalid."""
    shares = {int(part) for part in text.split(",") if part.strip().isdecimal()}
    if len(shares) != len(text.split(",")) or len(shares) < 2 or not shares <= set(range(1, 101)):
        raise typer.BadParameter(
            "--shares must be two or more different whole percentages up to 100, such as 25,50,100"
        )
    return sorted(shares)


def _measure_curve(settings: CurveSettings, shares: list[int]) -> None:
    """Measure, write and print a learning curve."""
    from aloi.cli.shared.console import print_sheets
    from aloi.models.studies.curve_files import CURVE_NOTE, curve_sheet, run_learning_curve

    learning_curve = run_learning_curve(settings, shares, log=sys.stderr)
    print_sheets([curve_sheet(learning_curve)])
    print(learning_curve.gain)
    print(CURVE_NOTE)
    print(learning_curve.points[-1].report.signature)
    print(f"written: {settings.out}/curve.json, curve.svg")


def _cross_validate(settings: CurveSettings, folds: int) -> None:
    """Cross-validate, write and print the scores."""
    from aloi.cli.shared.console import print_sheets
    from aloi.eval.reports.report_tables import report_sheets
    from aloi.models.studies.curve_files import run_cross_validation

    report = run_cross_validation(settings, folds, log=sys.stderr)
    print_sheets(report_sheets(report))
    print(f"{report.signature} | {folds} folds")
    print(f"written: {settings.out}/cross-validation.json")


def _suspect_table(suspects: list[Suspect], limit: int) -> Table:
    """Return a table of the first `limit` suspects of one kind; the likeliest errors come first."""
    from rich.table import Table
    from rich.text import Text

    shown = suspects[:limit]
    title = f"{shown[0].task}, {len(shown)} likeliest errors of {len(suspects)} suspects"
    table = Table(*SUSPECT_COLUMNS, title=title, title_justify="left")
    for suspect in shown:
        numbers = f"{suspect.score:.3f}", f"{suspect.confidence:.3f}"
        cells = [*numbers, *(getattr(suspect, name) for name in SUSPECT_COLUMNS[2:])]
        # Text, since rich would read [brackets] as markup
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table
