"""Create the guard that finds the restricted text of a corpus."""

from __future__ import annotations

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.release.build.dataset_tables import KEPT_METADATA
from aloi.corpus.release.build.template_rendering import template_texts
from aloi.corpus.release.restricted_text import Guard


def corpus_guard(corpus: Corpus, *, refs: bool) -> Guard:
    """Return a guard that finds the text of the restricted documents of a corpus.

    The guard ignores mentions and short runs that also occur in allowed text. Allowed are the
    redistributable documents, the templates, the schema, and the ids, rights and published metadata
    of the restricted documents. With `refs`, the refs of restricted documents are also allowed.
    """
    restricted: list[Document] = []
    schema = (corpus.folder / corpus.manifest.schema).read_text(encoding="utf-8")
    allowed: list[str | None] = [*template_texts(), schema]
    for document in corpus.documents:
        rights = corpus.rights(document)
        if rights.redistributable:
            allowed.append(f"{document.text}\n{document.meta}")
            continue
        restricted.append(document)
        allowed += [document.id, rights.licence, rights.holder, rights.source, rights.retrieved]
        allowed += [str(document.meta.get(key)) for key in KEPT_METADATA]
        allowed += [entity.ref for entity in document.entities if refs]
    return Guard(restricted, filter(None, allowed))
