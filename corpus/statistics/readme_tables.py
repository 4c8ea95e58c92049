"""The counts in a corpus's README, made from its documents so that the two never differ."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from aloi.corpus.collection import Corpus
from aloi.corpus.files import whole_file
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.statistics.counts import cell, summary

CARD = "README.md"
TABLES = ("by split", "by form", "entities", "relations")
"""The tables of `statistics.summary` that a card shows."""

_COUNTS = re.compile(r"(<!-- counts -->\n).*?(<!-- /counts -->)", re.DOTALL)


def refresh(corpus: Corpus) -> None:
    """Write the counts between the marks `<!-- counts -->` and `<!-- /counts -->` of the README.

    Raises `DataError` if the marks are missing, or documents that a split names.
    """
    card = corpus.folder / CARD
    text = card.read_text(encoding="utf-8")
    problems = list(_problems(text, corpus))
    if problems:
        raise DataError(problem.at(file=str(card)) for problem in problems)
    with whole_file(card) as stream:
        stream.write(with_counts(text, corpus))


def with_counts(text: str, corpus: Corpus) -> str:
    """A card's text with the counts as the documents give them."""
    shown = counts(corpus)
    return _COUNTS.sub(lambda match: f"{match[1]}{shown}\n{match[2]}", text)


def without_counts(text: str) -> str:
    """A card's text without the counts and their marks."""
    return _COUNTS.sub("", text)


def counts(corpus: Corpus) -> str:
    """The tables of a card, in Markdown."""
    tables = summary(corpus)
    return "\n\n".join("\n".join(_lines(tables[title])) for title in TABLES)


def lacking(corpus: Corpus) -> list[str]:
    """The ids that a split names and this copy of the corpus does not have."""
    return sorted(corpus.split_of.keys() - {document.id for document in corpus.documents})


def _problems(text: str, corpus: Corpus) -> Iterator[Problem]:
    if not _COUNTS.search(text):
        what, fix = "no marks for the counts", "Add the lines <!-- counts --> and <!-- /counts -->"
        yield Problem("no-marks", what, fix)
    for id_ in lacking(corpus):
        what, fix = "not at hand, so the counts would lack it", "Count where all documents are"
        yield Problem("no-document", what, fix, id_)


def _lines(table: pd.DataFrame) -> Iterator[str]:
    """A table in Markdown, its index first."""
    yield f"| | {' | '.join(table.columns)} |"
    yield "|---|" + "---:|" * len(table.columns)
    for name, row in table.iterrows():
        yield f"| {name} | {' | '.join(map(cell, row))} |"
