"""Conversion of a report to one HTML page that works offline.

The page displays scores, errors, and every document with its annotations. All documents are in the
page as JSON, but only the selected document is drawn, so a page with hundreds of documents opens
quickly. Texts are inserted as text nodes, never as markup.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from aloi.corpus.rights import RESTRICTED_TEXT
from aloi.eval.analysis.errors import ERROR_KINDS, RIGHT, ClassifiedErrors
from aloi.eval.analysis.overview import Analysis
from aloi.eval.analysis.precision_recall import Curve, entity_curves, relation_curves
from aloi.eval.columns import Bools, Ints, MentionColumns
from aloi.eval.items import relation_items
from aloi.eval.pairing import PairedAnnotations, Side
from aloi.eval.reports.report import Report
from aloi.eval.reports.report_tables import detail_sheets, results_by_type
from aloi.eval.schemes import ItemKind
from aloi.eval.score_counts import RATIOS
from aloi.eval.scores import deduplicate, is_member


def render_page(report: Report) -> str:
    """Return a report as an HTML page; raises `ValueError` if the report has no analysis."""
    if report.analysis is None:
        what = "the HTML page requires an analysis of errors, but this report contains no analysis"
        raise ValueError(f"{what}; call `evaluate` without `schemes`")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    source = files("aloi.eval.reports").joinpath("templates/page.html").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        report=report,
        charts=_charts(report),
        sheets=list(detail_sheets(report)),
        confusion=report.analysis.errors.confusion(),
        curves=_curves(report.analysis.errors.pair, report.symmetric),
        frequent=report.analysis.frequent_errors(),
        data=_data(report.analysis, report.symmetric),
        mark=RESTRICTED_TEXT if report.has_restricted_text else None,
    )


def _data(analysis: Analysis, symmetric: frozenset[str]) -> Markup:
    """Return the documents as JSON; `&`, `<` and `>` are escaped for use in a script element."""
    pair = analysis.errors.pair
    content = {
        "labels": [*pair.labels, *pair.relation_labels],
        "documents": _documents(analysis.errors, symmetric),
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _charts(report: Report) -> list[dict[str, Any]]:
    """Return one chart per scheme in `TYPE_SCHEMES`, with one row per type and a micro row."""
    return [
        {
            "title": f"{kind}, {scheme}",
            "rows": [*result.types(), result.micro()],
            "ratios": RATIOS,
        }
        for kind, scheme, result in results_by_type(report)
    ]


def _curves(
    pair: PairedAnnotations, symmetric: frozenset[str]
) -> list[tuple[ItemKind, list[Curve]]]:
    curves = [
        (ItemKind.ENTITIES, entity_curves(pair)),
        (ItemKind.RELATIONS, relation_curves(pair, symmetric=symmetric)),
    ]
    return [(kind, each) for kind, each in curves if each]


def _documents(errors: ClassifiedErrors, symmetric: frozenset[str]) -> list[dict[str, Any]]:
    """Return every document with its annotations, sorted by descending number of errors.

    The text of a withheld document is None.
    """
    pair, alignment = errors.pair, errors.alignment
    gold_correct, pred_correct = _correct_relations(pair, symmetric)
    gold_kinds = _mention_kinds(pair.gold.mentions, alignment.gold, errors.gold)
    pred_kinds = _mention_kinds(pair.pred.mentions, alignment.pred, errors.pred)
    gold = _annotations(pair, pair.gold, gold_kinds, gold_correct)
    pred = _annotations(pair, pair.pred, pred_kinds, pred_correct)
    documents = [
        {
            "id": id_,
            "text": None if id_ in pair.withheld else text,
            "errors": _error_count(gold[number]) + _error_count(pred[number]),
            "gold": gold[number],
            "pred": pred[number],
        }
        for number, (id_, text) in enumerate(zip(pair.ids, pair.texts, strict=True))
    ]
    return sorted(documents, key=lambda document: -document["errors"])


def _annotations(
    pair: PairedAnnotations, side: Side, kinds: Ints, correct: Bools
) -> list[dict[str, list[Any]]]:
    """Return the mentions (`spans`) and relations (`arcs`) of each document.

    A span is [start, end, label, kind], and an arc is [head, tail, label, correct]. `head` and
    `tail` are positions in the document's list of spans.
    """
    mentions, relations = side.mentions, side.relations
    documents: list[dict[str, list[Any]]] = [{"spans": [], "arcs": []} for _ in pair.ids]
    positions: list[int] = []
    labels = mentions.label.tolist()
    for (number, start, end), label, kind in zip(
        mentions.spans(), labels, kinds.tolist(), strict=True
    ):
        spans = documents[number]["spans"]
        positions.append(len(spans))
        spans.append([start, end, pair.labels[label], ERROR_KINDS[kind]])
    columns = (relations.head, relations.tail, relations.label, correct)
    for head, tail, label, is_correct in zip(*(each.tolist() for each in columns), strict=True):
        arc = [positions[head], positions[tail], pair.relation_labels[label], bool(is_correct)]
        documents[int(mentions.document[head])]["arcs"].append(arc)
    return documents


def _error_count(annotations: dict[str, list[Any]]) -> int:
    wrong_spans = [kind for *_, kind in annotations["spans"] if kind != ERROR_KINDS[RIGHT]]
    wrong_arcs = [correct for *_, correct in annotations["arcs"] if not correct]
    return len(wrong_spans) + len(wrong_arcs)


def _mention_kinds(mentions: MentionColumns, distinct: MentionColumns, kinds: Ints) -> Ints:
    """Return the error kind of each mention; `kinds[i]` is the kind of distinct mention i."""
    rows = {key: number for number, key in enumerate(_mention_keys(distinct))}
    return kinds[[rows[key] for key in _mention_keys(mentions)]] if len(mentions) else kinds


def _mention_keys(mentions: MentionColumns) -> list[tuple[int, ...]]:
    labels = mentions.label.tolist()
    return [(*span, label) for span, label in zip(mentions.spans(), labels, strict=True)]


def _correct_relations(pair: PairedAnnotations, symmetric: frozenset[str]) -> tuple[Bools, Bools]:
    """Return, for gold relations and for predicted relations, whether each relation is correct."""
    gold, pred = relation_items(pair, typed=True, symmetric=symmetric)
    return (
        is_member(gold.key, deduplicate(pred).key),
        is_member(pred.key, deduplicate(gold).key),
    )
