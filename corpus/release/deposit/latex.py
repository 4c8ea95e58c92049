"""The data section of a paper as LaTeX: what the corpus contains, and agreement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aloi.corpus.release.build.citation import Citation, escape_bibtex
from aloi.corpus.release.build.figures import AgreementFigures
from aloi.corpus.release.read.release_folder import ReleaseManifest

_COUNTS = ("documents", "mentions", "relations")


def render_data_section(
    citation: Citation,
    manifest: ReleaseManifest,
    agreement: Iterable[AgreementFigures],
    *,
    key: str,
) -> str:
    """Return a section with a table of the splits, and a table of agreement if there is any.

    The tables need the package `booktabs`; `key` is the key of the BibTeX entry.
    """
    splits = manifest.counts
    totals = {name: sum(counts[name] for counts in splits.values()) for name in _COUNTS}
    rows = [
        *(_row(split, *(counts[name] for name in _COUNTS)) for split, counts in splits.items()),
        r"\midrule",
        _row("all", *totals.values()),
    ]
    text = (
        f"We use {escape_bibtex(citation.title)}, version {escape_bibtex(citation.version)} "
        rf"\cite{{{key}}}: {totals['documents']} documents, annotated with the schema "
        f"{escape_bibtex(f'{manifest.schema} {manifest.schema_version}')}."
    )
    lines = [
        "% needs \\usepackage{booktabs}",
        text,
        *_table("lrrr", _row("split", *_COUNTS), rows, "Documents and annotations by split."),
        *_agreement_table(agreement),
    ]
    return "\n".join(lines) + "\n"


def _agreement_table(agreement: Iterable[AgreementFigures]) -> Iterator[str]:
    rows = [
        _row(" and ".join(pair.annotators), pair.documents, rule, f"{ratios.f1:.3f}")
        for pair in agreement
        for rule, ratios in pair.f1.items()
        if ratios.f1 is not None
    ]
    if rows:
        head = _row("annotators", "documents", "match rule", "F1")
        yield from _table("lrlr", head, rows, "Agreement of annotators.")


def _table(columns: str, head: str, rows: Iterable[str], caption: str) -> Iterator[str]:
    yield from (r"\begin{table}", r"\centering", rf"\begin{{tabular}}{{{columns}}}", r"\toprule")
    yield from (head, r"\midrule", *rows, r"\bottomrule")
    yield from (r"\end{tabular}", rf"\caption{{{caption}}}", r"\end{table}")


def _row(*cells: str | int) -> str:
    return " & ".join(map(_cell, cells)) + r" \\"


def _cell(value: str | int) -> str:
    """Return the content of a cell; numbers have thin spaces between groups of three digits."""
    return f"{value:,}".replace(",", r"\,") if isinstance(value, int) else escape_bibtex(value)
