"""The report as one HTML page that needs no network: scores, errors, and every document drawn.

The page carries its data as JSON and draws a document when it is looked at, so that hundreds of
them open at once. Texts reach the page as text alone, whatever they hold.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from aloi.corpus.rights import RESTRICTED_TEXT
from aloi.eval.analysis.errors import KINDS, RIGHT
from aloi.eval.analysis.overview import Analysis
from aloi.eval.analysis.precision_recall import Curve, entity_curves, relation_curves
from aloi.eval.columns import Bools, Ints, MentionColumns
from aloi.eval.counts import RATIOS
from aloi.eval.items import relations
from aloi.eval.pairing import Pair, Side
from aloi.eval.reports.report import Report
from aloi.eval.reports.sheets import Sheet
from aloi.eval.reports.tables import BY_TYPE, sheets
from aloi.eval.scores import among, distinct


def page(report: Report) -> str:
    """The page of a whole report; raises `ValueError` for one of single schemes."""
    if report.analysis is None:
        raise ValueError("a page is made of a whole report, not of single schemes")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    source = files("aloi.eval.reports").joinpath("templates/page.html").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        report=report,
        charts=_charts(report),
        sheets=[sheet for sheet in sheets(report) if not _charted(sheet)],
        confusion=_confusion(report.analysis),
        curves=_curves(report.analysis.errors.pair, report.symmetric),
        frequent=report.analysis.to_json()["frequent_errors"],
        data=_data(report),
        mark=RESTRICTED_TEXT if report.has_restricted_text else None,
    )


def _data(report: Report) -> Markup:
    """The documents as JSON that no text can break out of."""
    assert report.analysis is not None
    pair = report.analysis.errors.pair
    documents = {
        "labels": [*pair.labels, *pair.relation_labels],
        "documents": _documents(pair, report.analysis, report.symmetric),
    }
    written = json.dumps(documents, ensure_ascii=False, separators=(",", ":"))
    return Markup(written.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _charted(sheet: Sheet) -> bool:
    """Whether a sheet's figures stand in a chart already."""
    return sheet.title.partition(", ")[2].partition(";")[0] in BY_TYPE


def _charts(report: Report) -> list[dict[str, Any]]:
    """For each main scheme, a row a type: its support, and each ratio with its interval."""
    charts = []
    for what, results in (("entities", report.entities), ("relations", report.relations)):
        for name, result in results.items():
            if name not in BY_TYPE or not result.scores.types:
                continue
            spread = result.intervals
            rows = [
                (label, tally, spread.types[label] if spread else None)
                for label, tally in result.scores.types.items()
            ]
            rows.append(("micro", result.scores.micro, spread.micro if spread else None))
            charts.append({"title": f"{what}, {name}", "rows": rows, "ratios": RATIOS})
    return charts


def _confusion(analysis: Analysis) -> dict[str, Any]:
    confusion = analysis.errors.confusion()
    rows = list(zip((*confusion.labels, "spurious"), confusion.matrix.tolist(), strict=True))
    return {"columns": (*confusion.labels, "missed"), "rows": rows}


def _curves(pair: Pair, symmetric: frozenset[str]) -> list[tuple[str, list[Curve]]]:
    found = [
        ("entities", entity_curves(pair)),
        ("relations", relation_curves(pair, symmetric=symmetric)),
    ]
    return [(what, curves) for what, curves in found if curves]


def _documents(pair: Pair, analysis: Analysis, symmetric: frozenset[str]) -> list[dict[str, Any]]:
    """Every document with what gold and predictions mark in it, most errors first.

    The text of a restricted document is None, unless it was asked for.
    """
    documents = [
        {
            "id": id_,
            "text": None if id_ in pair.withheld else text,
            "errors": 0,
            "gold": _blank(),
            "pred": _blank(),
        }
        for id_, text in zip(pair.ids, pair.texts, strict=True)
    ]
    right = _right_relations(pair, symmetric)
    errors = analysis.errors
    for name, side, kinds, found in (
        (
            "gold",
            pair.gold,
            _kinds(pair.gold.mentions, errors.alignment.gold, errors.gold),
            right[0],
        ),
        (
            "pred",
            pair.pred,
            _kinds(pair.pred.mentions, errors.alignment.pred, errors.pred),
            right[1],
        ),
    ):
        _fill(documents, name, side, kinds, found, pair)
    return sorted(documents, key=lambda document: -document["errors"])


def _blank() -> dict[str, list[Any]]:
    return {"spans": [], "arcs": []}


def _fill(
    documents: list[dict[str, Any]],
    name: str,
    side: Side,
    kinds: Ints,
    right: Bools,
    pair: Pair,
) -> None:
    """Add a side's spans [start, end, label, kind] and arcs [head, tail, label, right]."""
    m, r = side.mentions, side.relations
    place: list[int] = []
    for document, start, end, label, kind in zip(
        m.document.tolist(),
        m.start.tolist(),
        m.end.tolist(),
        m.label.tolist(),
        kinds.tolist(),
        strict=True,
    ):
        spans = documents[document][name]["spans"]
        place.append(len(spans))
        spans.append([start, end, pair.labels[label], KINDS[kind]])
        documents[document]["errors"] += kind != RIGHT
    for head, tail, label, good in zip(
        r.head.tolist(), r.tail.tolist(), r.label.tolist(), right.tolist(), strict=True
    ):
        document = documents[int(m.document[head])]
        document[name]["arcs"].append(
            [place[head], place[tail], pair.relation_labels[label], bool(good)]
        )
        document["errors"] += not good


def _kinds(mentions: MentionColumns, known: MentionColumns, kinds: Ints) -> Ints:
    """The kind of every mention, duplicates having that of the first."""
    rows = {key: number for number, key in enumerate(_rows(known))}
    return kinds[[rows[key] for key in _rows(mentions)]] if len(mentions) else kinds


def _rows(mentions: MentionColumns) -> list[tuple[int, ...]]:
    columns = (mentions.document, mentions.start, mentions.end, mentions.label)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _right_relations(pair: Pair, symmetric: frozenset[str]) -> tuple[Bools, Bools]:
    gold, pred = relations(pair, typed=True, symmetric=symmetric)
    return among(gold.key, distinct(pred).key), among(pred.key, distinct(gold).key)
