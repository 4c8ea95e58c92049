"""Read the parts of a corpus README that are copied into a release."""

from __future__ import annotations

import re

from aloi.corpus.corpus_folder import Corpus
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


def readme_introduction(corpus: Corpus) -> str:
    """Return the text between the title of the README and the next heading."""
    return re.split(r"^#", readme_body(corpus), maxsplit=1, flags=re.MULTILINE)[0].strip()
