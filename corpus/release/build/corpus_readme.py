"""Read the parts of a corpus README that are copied into a release."""

from __future__ import annotations

import re

from aloi.corpus.corpus_folder import CORPUS_MANIFEST, Corpus
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.statistics.readme_tables import README_FILE, remove_counts


def readme_body(corpus: Corpus) -> str:
    """Return the README of a corpus without title and counts, with each heading one level lower.

    Returns an empty string if the corpus has no README.
    """
    file = corpus.folder / README_FILE
    if not file.is_file():
        return ""
    text = remove_counts(file.read_text(encoding="utf-8"))  # the card contains its own counts
    text = re.sub(r"\A# .*\n", "", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"^(#+) ", r"#\1 ", text, flags=re.MULTILINE)).strip()


def readme_section(corpus: Corpus, heading: str) -> str:
    """Return the text of a section of the README, with its subsections, without its heading.

    Raises `DataError` if the README has no section with this heading.
    """
    body = readme_body(corpus)
    found = re.search(rf"^(#+) {re.escape(heading)} *\n", body, re.MULTILINE)
    if found:
        next_heading = re.compile(rf"^#{{1,{len(found[1])}}} ", re.MULTILINE)
        section = next_heading.split(body[found.end() :], maxsplit=1)[0]
        return re.sub(r"^#+ ", "", section, flags=re.MULTILINE).strip()
    what = f"{README_FILE} has no section with the heading {heading!r}"
    fix = f"Correct the heading in [datasheet] of {CORPUS_MANIFEST}, or remove it"
    raise DataError([Problem("no-section", what, fix, file=str(corpus.folder / README_FILE))])


def readme_introduction(corpus: Corpus) -> str:
    """Return the text between the title of the README and the next heading."""
    return re.split(r"^#", readme_body(corpus), maxsplit=1, flags=re.MULTILINE)[0].strip()
