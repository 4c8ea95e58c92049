"""Report files in several formats."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path

from aloi.corpus.atomic_files import atomic_text_file
from aloi.eval.reports.report import Report


class ReportFormat(StrEnum):
    """The formats of a report file."""

    JSON = "json"
    HTML = "html"
    MARKDOWN = "markdown"
    LATEX = "latex"
    CSV = "csv"


def write_report(report: Report, path: Path, format_: ReportFormat) -> None:
    """Write a report to a file; if writing fails, no partial file is left behind.

    Raises `ValueError` for HTML if the report has no analysis.
    """
    text = render_report(report, format_)
    with atomic_text_file(path) as stream:
        stream.write(text)


def render_report(report: Report, format_: ReportFormat) -> str:
    """Return the text of a report file.

    Raises `ValueError` for HTML if the report has no analysis.
    """
    # Each format is imported when it is used, because jinja2 and pandas are slow to import.
    if format_ is ReportFormat.JSON:
        return json.dumps(report.to_json(), ensure_ascii=False, indent=1)
    if format_ is ReportFormat.HTML:
        from aloi.eval.reports.page import render_page  # noqa: PLC0415

        return render_page(report)
    if format_ is ReportFormat.MARKDOWN:
        from aloi.eval.reports.report_tables import report_markdown  # noqa: PLC0415

        return report_markdown(report)
    if format_ is ReportFormat.LATEX:
        from aloi.eval.reports.latex import report_latex  # noqa: PLC0415

        return report_latex(report)
    from aloi.eval.reports.frames import report_csv  # noqa: PLC0415

    return report_csv(report)
