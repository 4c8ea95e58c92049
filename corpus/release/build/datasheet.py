"""The datasheet of a release: origin of the texts, rights in the texts, purpose of the hashes."""

from __future__ import annotations

from collections import Counter

from aloi.corpus.release.build.contents import ReleaseContents
from aloi.corpus.release.build.corpus_readme import readme_body
from aloi.corpus.release.build.dataset_tables import KEPT_METADATA
from aloi.corpus.release.build.template_rendering import DATASHEET_TEMPLATE, render_template


def render_datasheet(contents: ReleaseContents) -> str:
    """Return the datasheet as Markdown; it contains the README of the corpus."""
    corpus = contents.corpus
    values = {
        "corpus_readme": readme_body(corpus),
        "rights": Counter(map(corpus.rights, corpus.documents)),
        "salt": contents.salt,
        "kept_metadata": KEPT_METADATA,
        "refs": contents.refs,
    }
    return render_template(DATASHEET_TEMPLATE, contents.shared_values() | values)
