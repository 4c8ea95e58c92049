"""The lexicon of a corpus folder, and the refs of the documents of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.languages.language import common_language
from aloi.corpus.refs.authority import RefAuthority, load_named_refs
from aloi.models.refs.clustering import predict_refs
from aloi.models.refs.lexicon import RefLexicon

RULES_LANGUAGE = "fr"
"""The language of the rules for refs and dates."""


def corpus_lexicon(corpus: Corpus, documents: Iterable[Document] | None = None) -> RefLexicon:
    """Return the lexicon of a corpus: its list of refs and annotated documents.

    documents: default: the train split, or all documents if there is none. Raises `DataError` if
    the documents or the list of refs are invalid.
    """
    authority = load_named_refs(corpus.folder, corpus.manifest.refs, corpus.schema)
    if documents is None:
        documents = corpus.split("train") or corpus.documents
    return RefLexicon.of(authority, documents)


def pipeline_lexicon(
    authority: RefAuthority | None, train: Iterable[Document]
) -> RefLexicon | None:
    """Return the lexicon that a trained pipeline contains.

    The result is None if there are no refs, or if the documents are not in French, for which the
    rules are.
    It has the names of the authority and the refs of the train documents, without the refs of
    private persons and the ids of documents.
    """
    documents = list(train)
    if common_language(document.meta for document in documents).code != RULES_LANGUAGE:
        return None
    lexicon = RefLexicon.of(authority, documents).without_document_ids()
    return lexicon if lexicon.names or lexicon.mentions else None


def add_refs(
    documents: Iterable[Document],
    lexicon: RefLexicon,
    *,
    replace: bool = False,
    name_persons: bool = False,
) -> Iterator[Document]:
    """Yield documents with refs for the mentions without ref.

    replace: remove the refs of the input first. name_persons: see `predict_refs`.
    """
    for document in documents:
        bare = _without_refs(document) if replace else document
        yield predict_refs(bare, lexicon, name_persons=name_persons)


def _without_refs(document: Document) -> Document:
    entities = tuple(msgspec.structs.replace(each, ref=None) for each in document.entities)
    return msgspec.structs.replace(document, entities=entities)
