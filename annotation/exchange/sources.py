"""The documents and predictions of a push, read from a corpus or from files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aloi.corpus.corpus_folder import Corpus, is_corpus
from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.schema import Schema, load_schema


@dataclass(frozen=True)
class PushSource:
    """Documents to push, their schema, and the prefix of project names (`name`)."""

    name: str
    schema: Schema
    documents: Sequence[Document]

    @classmethod
    def from_corpus(cls, corpus: Corpus, *, name: str | None = None) -> PushSource:
        """Return the documents of a corpus and of its inbox.

        `name` defaults to the name of the corpus.
        """
        documents = (*corpus.documents, *corpus.inbox)
        return cls(name or corpus.manifest.name, corpus.schema, documents)

    @classmethod
    def from_files(cls, source: str, schema: Path, *, name: str) -> PushSource:
        """Read documents in any format and a schema file; the source `-` is standard input."""
        return cls(name, load_schema(schema), tuple(registry.read(source)))


def corpus_name(source: str) -> str:
    """Return the name of the corpus in `source`, or `source` if it is not a corpus folder."""
    return Corpus.open(Path(source)).manifest.name if is_corpus(Path(source)) else source


def read_predictions(source: str) -> dict[str, Document]:
    """Read predicted documents from a corpus folder or from files; return them by document id."""
    documents: Iterable[Document] = (
        Corpus.open(Path(source)).documents if is_corpus(Path(source)) else registry.read(source)
    )
    return {document.id: document for document in documents}


def model_names(predictions: Mapping[str, Document]) -> list[str]:
    """Return the model names in the metadata of predictions, sorted."""
    names = (each.meta["model"] for each in predictions.values() if "model" in each.meta)
    return sorted(set(map(str, names)))
