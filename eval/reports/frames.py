"""A report as a pandas data frame, and as the files that follow from one: CSV and LaTeX."""

from __future__ import annotations

import pandas as pd

from aloi.eval.counts import RATIOS, Tally
from aloi.eval.reports.report import Report
from aloi.eval.statistics.intervals import Interval


def frame(report: Report) -> pd.DataFrame:
    """A row for each type and for `micro`, under task, scheme and type.

    Columns: support, the counts of the scheme (missing where it has others), precision, recall and
    F1, and with a bootstrap the ends of their intervals, as in `f1_low`.
    """
    rows = []
    for task, results in (("entities", report.entities), ("relations", report.relations)):
        for scheme, result in results.items():
            spread = result.intervals
            named = [
                (label, tally, spread.types[label] if spread else None)
                for label, tally in result.scores.types.items()
            ]
            micro = ("micro", result.scores.micro, spread.micro if spread else None)
            for label, tally, ends in (*named, micro):
                key = {"task": task, "scheme": scheme, "type": label}
                rows.append({**key, **_row(tally, ends)})
    columns = None if rows else ["task", "scheme", "type", "support", *RATIOS]
    table = pd.DataFrame(rows, columns=columns).set_index(["task", "scheme", "type"])
    whole = [name for name in table.columns if name.partition("_")[0] not in RATIOS]
    return table.astype(dict.fromkeys(whole, "Int64"))


def _row(tally: Tally, ends: dict[str, Interval] | None) -> dict[str, float | int | None]:
    row: dict[str, float | int | None] = {"support": tally.support, **tally.plain(), **tally.ratios}
    for name, interval in (ends or {}).items():
        row[f"{name}_low"], row[f"{name}_high"] = interval.low, interval.high
    return row


def latex(report: Report) -> str:
    """Support, precision, recall and F1 as a LaTeX table with booktabs rules."""
    table = frame(report)[["support", *RATIOS]]
    styled = table.style.format(precision=3, na_rep="--", escape="latex")
    styled = styled.format_index(escape="latex")
    written: str = styled.to_latex(hrules=True, caption=report.signature.replace("_", r"\_"))
    return written
