"""Create the guard that finds the restricted text of a corpus."""

from __future__ import annotations

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.release.build.dataset_tables import KEPT_METADATA
from aloi.corpus.release.build.template_rendering import template_texts
from aloi.corpus.release.restricted_text import Guard


def corpus_guard(corpus: Corpus, *, refs: bool) -> Guard:
    """Return a guard that finds the text of the restricted documents of a corpus.

    Short runs and mentions are allowed if they occur in an open document, in the templates, in the
    schema, or in the id, rights or kept metadata of a restricted document. With `refs`, they are
    also allowed if they occur in a ref of a restricted mention.
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
