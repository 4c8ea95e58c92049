"""The tables of counts in the README of a corpus, generated from its documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError, Problem, table_cell
from aloi.corpus.statistics.corpus_counts import corpus_tables, format_cell

README_FILE = "README.md"

README_TABLES = ("by split", "by form", "entities", "relations")
"""Titles of the tables in the README; `corpus_tables` returns the tables."""

_COUNTS = re.compile(r"(<!-- counts -->\n).*?(<!-- /counts -->)", re.DOTALL)


def update_readme(corpus: Corpus) -> None:
    """Update the tables between `<!-- counts -->` and `<!-- /counts -->` in the README.

    Raises `DataError` if these two lines or any document listed in a split are missing.
    """
    readme = corpus.folder / README_FILE
    text = readme.read_text(encoding="utf-8")
    problems = list(_problems(text, corpus))
    if problems:
        raise DataError(problem.at(file=str(readme)) for problem in problems)
    with atomic_text_file(readme) as stream:
        stream.write(replace_counts(text, corpus))


def replace_counts(text: str, corpus: Corpus) -> str:
    """Return the text of a README with updated tables of counts."""
    tables = count_tables(corpus)
    return _COUNTS.sub(lambda match: f"{match[1]}{tables}\n{match[2]}", text)


def remove_counts(text: str) -> str:
    """Return the text of a README without the tables of counts and their marker lines."""
    return _COUNTS.sub("", text)


def count_tables(corpus: Corpus) -> str:
    """Return the tables of counts for a README, in Markdown."""
    tables = corpus_tables(corpus)
    return "\n\n".join("\n".join(_markdown_lines(tables[title])) for title in README_TABLES)


def missing_documents(corpus: Corpus) -> list[str]:
    """Return the ids of documents listed in a split but missing from this copy of the corpus."""
    return sorted(corpus.split_of.keys() - {document.id for document in corpus.documents})


def _problems(text: str, corpus: Corpus) -> Iterator[Problem]:
    if not _COUNTS.search(text):
        what = "the README has no marker lines for the tables of counts"
        fix = "Add the lines <!-- counts --> and <!-- /counts -->"
        yield Problem("no-marks", what, fix)
    for id_ in missing_documents(corpus):
        what = "the document is missing, so the counts would be too low"
        fix = "Use a copy of the corpus that contains all documents"
        yield Problem("no-document", what, fix, id_)


def _markdown_lines(table: pd.DataFrame) -> Iterator[str]:
    """Yield the lines of a Markdown table, with the index as its first column."""
    yield f"| | {' | '.join(map(table_cell, table.columns))} |"
    yield "|---|" + "---:|" * len(table.columns)
    for name, row in table.iterrows():
        yield f"| {table_cell(str(name))} | {' | '.join(map(format_cell, row))} |"
