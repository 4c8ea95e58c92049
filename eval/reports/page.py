"""Conversion of a report to one HTML page that works offline.

The page displays scores, errors, and every document with its annotations. All documents are in the
page as JSON, but only the selected document is drawn (see `aloi.eval.reports.page_documents`).
Texts are inserted as text nodes, never as markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from aloi.corpus.rights import RESTRICTED_TEXT
from aloi.corpus.site.page_data import script_json
from aloi.eval.analysis.calibration import (
    BINS,
    Calibration,
    entity_calibration,
    relation_calibration,
)
from aloi.eval.analysis.errors import Confusion
from aloi.eval.analysis.overview import Analysis
from aloi.eval.analysis.precision_recall import Curve, entity_curves, relation_curves
from aloi.eval.reports import explanations, page_documents
from aloi.eval.reports.report import Report
from aloi.eval.reports.report_tables import results_by_type, slice_sheets
from aloi.eval.schemes import ItemKind
from aloi.eval.score_counts import RATIOS


class CauseTable(NamedTuple):
    """Counts of missed or spurious relations or facts: a row per cause, a column per label."""

    title: str
    counts: Mapping[str, Counter[str]]
    notes: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, str, list[int]]]:
        """Yield each cause that occurs, with its explanation, and its count for each label."""
        for cause, note in self.notes.items():
            row = [causes[cause] for causes in self.counts.values()]
            if any(row):
                yield cause, note, row


class ScoreCharts(NamedTuple):
    """Precision–recall curves and calibration of predictions with scores."""

    kind: ItemKind
    curves: list[Curve]
    calibration: Calibration

    @property
    def mean_average_precision(self) -> float | None:
        """The mean of average precision over the types with a curve; None if there is no curve."""
        values = [curve.average_precision for curve in self.curves]
        return sum(values) / len(values) if values else None


def render_page(report: Report) -> str:
    """Return a report as an HTML page; raises `ValueError` if the report has no analysis."""
    if report.analysis is None:
        what = "the HTML page requires an analysis of errors, but this report contains no analysis"
        raise ValueError(f"{what}; call `evaluate` without `schemes`")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    order = page_documents.document_order(report)
    return environment.from_string(_template("page.html")).render(
        report=report,
        style=Markup(_template("page.css")),
        script=Markup(_template("page.js")),
        ratios=RATIOS,
        results=list(results_by_type(report)),
        explanations=explanations,
        kinds=_error_kinds(report.analysis),
        slices=[
            *slice_sheets(ItemKind.ENTITIES, report.analysis.entity_slices),
            *slice_sheets(ItemKind.RELATIONS, report.analysis.relation_slices),
        ],
        confusions=list(_confusions(report.analysis)),
        causes=list(_cause_tables(report.analysis)),
        charts=list(_score_charts(report.analysis)),
        bins=BINS,
        frequent=report.analysis.frequent_errors(),
        index=script_json(
            {
                **page_documents.document_index(report, order),
                "notes": {
                    "mention": dict(explanations.MENTION_ERRORS),
                    "gold": dict(explanations.MISSED_RELATIONS),
                    "pred": dict(explanations.SPURIOUS_RELATIONS),
                },
            }
        ),
        chunks=page_documents.document_chunks(report, order),
        mark=RESTRICTED_TEXT if report.has_restricted_text else None,
    )


def _template(name: str) -> str:
    folder = files("aloi.eval.reports").joinpath("templates")
    return folder.joinpath(name).read_text(encoding="utf-8")


def _error_kinds(analysis: Analysis) -> list[tuple[str, int, int]]:
    """Return each kind of error that occurs, with its number of gold and predicted mentions."""
    table = {
        kind: [sum(counts[side] for counts in types.values()) for side in ("fn", "fp")]
        for kind, types in analysis.errors.table().items()
    }
    return [
        (kind, missed, spurious) for kind, (missed, spurious) in table.items() if missed or spurious
    ]


def _confusions(analysis: Analysis) -> Iterator[tuple[ItemKind, Confusion]]:
    """Yield the confusion matrices that contain any annotation."""
    yield ItemKind.ENTITIES, analysis.errors.confusion()
    relations = analysis.relation_confusion()
    if relations.matrix.any():
        yield ItemKind.RELATIONS, relations


def _cause_tables(analysis: Analysis) -> Iterator[CauseTable]:
    """Yield the causes of missed relations and facts, and of spurious relations."""
    tables = (
        CauseTable("missed relations", analysis.causes, explanations.MISSED_RELATIONS),
        CauseTable("missed facts", analysis.fact_causes, explanations.MISSED_FACTS),
        CauseTable(
            "spurious relations", analysis.spurious_relations(), explanations.SPURIOUS_RELATIONS
        ),
    )
    return (table for table in tables if table.counts)


def _score_charts(analysis: Analysis) -> Iterator[ScoreCharts]:
    """Yield the charts of mentions and of relations, if the predictions have scores."""
    pair, symmetric = analysis.errors.pair, analysis.symmetric
    mentions = entity_calibration(pair)
    if mentions:
        yield ScoreCharts(ItemKind.ENTITIES, entity_curves(pair), mentions)
    relations = relation_calibration(pair, symmetric=symmetric)
    if relations:
        curves = relation_curves(pair, symmetric=symmetric)
        yield ScoreCharts(ItemKind.RELATIONS, curves, relations)
