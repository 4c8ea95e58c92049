"""Output of learning curves and cross-validation: JSON files, a table and a plot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from aloi.corpus.atomic_files import atomic_folder, atomic_text_file
from aloi.corpus.locks import locked
from aloi.corpus.optional_dependencies import need
from aloi.corpus.statistics.plots import COLOURS, GREY, new_figure, save_svg, svg_style
from aloi.eval.reports.report import Report
from aloi.eval.reports.sheets import Sheet, format_ratio
from aloi.models.studies.learning_curve import (
    CurvePoint,
    CurveSettings,
    LearningCurve,
    cross_validate,
    measure_curve,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE_COLUMNS = ("", "documents", "words", "P", "R", "F1")

CURVE_NOTE = (
    "The interval reflects the choice of dev documents, but not the choice of train documents or "
    "the training seed."
)


def run_learning_curve(
    settings: CurveSettings, shares: Sequence[int], *, log: IO[str]
) -> LearningCurve:
    """Measure a learning curve and write it to `curve.json` and `curve.svg` in `settings.out`.

    Parameters and errors are those of `measure_curve`. Also raises `DataError` if matplotlib is not
    installed, or if another run is writing to the folder.
    """
    need("matplotlib", extra="plots")
    with locked(settings.out):
        curve = measure_curve(settings, shares, log=log)
        write_curve(curve)
    return curve


def run_cross_validation(settings: CurveSettings, folds: int, *, log: IO[str]) -> Report:
    """Cross-validate and write the report to `cross-validation.json` in `settings.out`.

    Parameters and errors are those of `cross_validate`. Also raises `DataError` if another run is
    writing to the folder.
    """
    with locked(settings.out):
        report = cross_validate(settings, folds, log=log)
        with atomic_text_file(settings.out / "cross-validation.json") as stream:
            json.dump(report.to_json(), stream, ensure_ascii=False, indent=1)
    return report


def write_curve(curve: LearningCurve) -> None:
    """Write `curve.json` and `curve.svg`; if writing either file fails, write neither."""
    with atomic_folder(curve.settings.out) as scratch, svg_style():
        text = json.dumps(curve_json(curve), ensure_ascii=False, indent=1)
        (scratch / "curve.json").write_text(text, encoding="utf-8")
        save_svg(draw_curve(curve), scratch / "curve.svg")


def curve_json(curve: LearningCurve) -> dict[str, Any]:
    """Return a curve as JSON values."""
    settings, gain = curve.settings, curve.gain
    return {
        "corpus": str(settings.corpus),
        **({"also": str(settings.also)} if settings.also else {}),
        "kind": settings.kind,
        "settings": dict(settings.overrides),
        "bootstrap": settings.bootstrap,
        "seed": settings.seed,
        "points": [point.to_json() for point in curve.points],
        "gain": {"slope": gain.slope, "ci": [gain.low, gain.high], "told": str(gain)},
    }


def curve_sheet(curve: LearningCurve) -> Sheet:
    """Return a table of the micro-averaged scores of a curve, one row per share."""
    rows = tuple(map(_row, curve.points))
    also = f", also trained on {curve.settings.also}" if curve.settings.also else ""
    return Sheet(f"{curve.settings.kind} on dev, micro averages{also}", rows, CURVE_COLUMNS)


def _row(point: CurvePoint) -> tuple[str, ...]:
    intervals = point.result.intervals.micro if point.result.intervals else None
    scores = (
        format_ratio(value, intervals[name] if intervals else None)
        for name, value in point.result.scores.micro.ratios.items()
    )
    return (f"{point.share} %", str(point.documents), str(point.words), *scores)


def draw_curve(curve: LearningCurve) -> Figure:
    """Return a plot of F1 against the number of documents, with intervals and the fitted line."""
    points, gain = curve.points, curve.gain
    sizes = np.array([point.documents for point in points])
    f1 = np.array([point.f1 for point in points])
    intervals = [each.micro["f1"] for point in points if (each := point.result.intervals)]
    bounds = np.array([(each.low, each.high) for each in intervals], dtype=float)
    figure = new_figure(6, 3.5)
    axes = figure.subplots()
    axes.vlines(sizes, *bounds.T, color=COLOURS[0], alpha=0.5)
    axes.plot(sizes, f1, "o", color=COLOURS[0])
    line = f1.mean() + gain.slope * (np.log2(sizes) - np.log2(sizes).mean())
    axes.plot(sizes, line, "--", color=GREY, linewidth=1)
    axes.set_xscale("log", base=2)
    axes.set_xticks(sizes, [str(size) for size in sizes], minor=False)
    kind, scheme = curve.settings.kind, curve.settings.scheme
    axes.set(
        title=f"{kind}, {scheme}: {gain.slope:+.3f} for each doubling",
        xlabel="training documents (logarithmic scale)",
        ylabel="micro-F1 on dev",
    )
    axes.grid(axis="y", color="#dddddd")
    return figure
