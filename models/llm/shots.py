"""Solved examples for the prompt: the parts of a gold corpus that are most similar to a text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, hash_documents
from aloi.corpus.formats import inline
from aloi.corpus.formats.shared.capabilities import reduce_document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.languages.language import language_of
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import is_restricted
from aloi.models.llm.windows import split_windows

TRAIN = "train"
"""The split from which the examples of a corpus are taken."""


@dataclass(frozen=True)
class Shots:
    """Annotated texts from which the `count` most similar ones are shown to the model."""

    documents: Sequence[Document]
    count: int

    @classmethod
    def from_corpus(cls, corpus: Corpus, count: int) -> Shots:
        """Return the documents of the split `train` that may be redistributed."""
        kept = [each for each in corpus.split(TRAIN) if each.id not in corpus.restricted_ids]
        return cls.from_documents(kept, count)

    @classmethod
    def from_documents(cls, documents: Sequence[Document], count: int) -> Shots:
        """Return documents as examples: their first windows, without mentions that cross others."""
        notes = Notes()
        kept = [each for each in documents if not is_restricted(each.meta)]
        shortened = [_first_window(each) for each in kept]
        return cls([reduce_document(each, inline.CAPABILITIES, notes) for each in shortened], count)

    def without(self, ids: Collection[str], texts: Collection[str]) -> Shots:
        """Return the examples other than the documents with these ids or beginnings of texts.

        Raises `DataError` if fewer than `count` examples remain.
        """
        kept = [x for x in self.documents if x.id not in ids and x.text not in texts]
        if len(kept) < self.count:
            what = f"{len(kept)} examples remain without the documents to annotate"
            fix = "Annotate documents of another split, lower --shots, or add gold documents"
            raise DataError([Problem("no-examples", what, fix)])
        return Shots(kept, self.count)

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the number of examples and of all documents."""
        return f"{self.count} of {hash_documents(self.documents)}"

    @cached_property
    def _index(self) -> tuple[TfidfVectorizer, object]:
        vectorizer = TfidfVectorizer(token_pattern=r"\w+")
        return vectorizer, vectorizer.fit_transform([each.text for each in self.documents])

    def nearest(self, text: str) -> list[Document]:
        """Return the examples most similar to a text by TF-IDF, the most similar last."""
        vectorizer, vectors = self._index
        similarity = (vectors @ vectorizer.transform([text]).T).toarray().ravel()
        best = np.argsort(-similarity, kind="stable")[: self.count]
        return [self.documents[index] for index in reversed(best.tolist())]


def _first_window(document: Document) -> Document:
    """Return the first window of a document, with the mentions and relations in it."""
    end = split_windows(document.text, language_of(document.meta))[0].end
    entities = tuple(
        msgspec.structs.replace(entity, score=None)
        for entity in document.entities
        if entity.end <= end
    )
    ids = {entity.id for entity in entities}
    relations = tuple(
        msgspec.structs.replace(relation, score=None, id=None)
        for relation in document.relations
        if relation.head in ids and relation.tail in ids
    )
    return Document(document.id, document.text[:end], entities, relations)
