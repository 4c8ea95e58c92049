"""`aloi curve`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.models import Part, overrides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aloi.eval.reports.sheets import Sheet
    from aloi.models.studies.learning_curve import CurveSettings, Point

COLUMNS = ("", "documents", "words", "P", "R", "F1")


def curve(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="A corpus folder.")],
    *,
    out: Annotated[Path, typer.Option(help="Where models, figures and the drawing go.")],
    kind: Annotated[Part, typer.Option(help="What is learned.")] = Part.NER,
    shares: Annotated[str, typer.Option(help="Per cent of the train documents.")] = "25,50,75,100",
    folds: Annotated[
        int | None, typer.Option(min=3, help="Cross-validate on train and dev instead.")
    ] = None,
    bootstrap: Annotated[
        int, typer.Option(min=1, max=100_000, help="Replicates for intervals.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change the config: system.seed=2."),
    ] = None,
) -> None:
    """Measure what more documents would bring: train on shares of train, score on dev.

    With --folds, score what is held out of train and dev, fold by fold. Test is never looked at.
    """
    from aloi.cli.shared.inputs import open_corpus
    from aloi.corpus.locks import locked
    from aloi.models.studies.learning_curve import CurveSettings

    wanted = _shares(shares)
    corpus, changed = open_corpus(folder), overrides(settings or [])
    plan = CurveSettings(corpus, out, kind.value, changed, bootstrap=bootstrap, seed=seed)
    with locked(out):
        if folds is None:
            _grow(plan, wanted)
        else:
            _cross(plan, folds)


def _shares(text: str) -> list[int]:
    """Whole numbers from 1 to 100, at least two."""
    shares = {int(part) for part in text.split(",") if part.strip().isdecimal()}
    if len(shares) != len(text.split(",")) or len(shares) < 2 or not shares <= set(range(1, 101)):
        told = "--shares takes two or more different per cents, such as 25,50,100"
        raise typer.BadParameter(told)
    return sorted(shares)


def _grow(plan: CurveSettings, shares: Sequence[int]) -> None:
    """The learning curve, as files and in the terminal."""
    from aloi.corpus.extras import need
    from aloi.models.studies.learning_curve import gain, points, write

    need("matplotlib", extra="plots")
    found = list(points(plan, shares, progress=sys.stderr))
    brought = gain(found, bootstrap=plan.bootstrap, seed=plan.seed)
    write(plan, found, brought)
    _show([_sheet(plan, found)])
    print(brought)
    print("It measures other dev documents alone, not another choice of train or another seed.")
    print(f"{found[-1].report.signature}\nwritten: {plan.out}/curve.json, curve.svg")


def _sheet(plan: CurveSettings, found: Sequence[Point]) -> Sheet:
    from aloi.eval.reports.sheets import Sheet, format_ratio

    rows = []
    for point in found:
        spread = point.result.intervals.micro if point.result.intervals else None
        cells = [
            format_ratio(value, spread[name] if spread else None)
            for name, value in point.result.scores.micro.ratios.items()
        ]
        rows.append((f"{point.share} %", str(point.documents), str(point.words), *cells))
    return Sheet(f"{plan.kind} on dev, micro averages", tuple(rows), COLUMNS)


def _cross(plan: CurveSettings, count: int) -> None:
    """The cross-validation, as a file and in the terminal."""
    import json

    from aloi.corpus.files import atomic_text_file
    from aloi.eval.reports.tables import report_sheets
    from aloi.models.studies.folds import folds
    from aloi.models.studies.learning_curve import cross_validate

    parts = folds(plan.taught("train", "dev"), count)
    report = cross_validate(plan, parts, progress=sys.stderr)
    with atomic_text_file(plan.out / "cross-validation.json") as stream:
        json.dump(report.to_json(), stream, ensure_ascii=False, indent=1)
    _show(list(report_sheets(report)))
    print(f"{report.signature} | {count} folds\nwritten: {plan.out}/cross-validation.json")


def _show(shown: Sequence[Sheet]) -> None:
    from rich.console import Console

    from aloi.eval.reports.sheets import rich_table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for sheet in shown:
        console.print(rich_table(sheet))
