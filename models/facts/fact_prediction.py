"""The facts of texts, predicted by a pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import msgspec
from spacy.language import Language

from aloi.corpus.document import Document
from aloi.corpus.scale.progress import ProgressBar, no_progress
from aloi.corpus.streams import on_disk
from aloi.models.facts.fact_files import FactStream
from aloi.models.prediction.pipelines import load_pipeline, model_version, predict_documents
from aloi.models.prediction.previews import read_texts
from aloi.models.refs.corpus_lexicon import add_refs
from aloi.models.refs.labels import load_ref_labels
from aloi.models.refs.lexicon import RefLexicon

REFS_COMPONENT = "aloi_refs"


@dataclass(frozen=True)
class PredictedFacts:
    """Facts that a pipeline predicts while they are read.

    model: the name of the pipeline. language: that of its texts. has_refs: whether mentions get
    refs; without refs, things are compared by their names.
    """

    facts: FactStream
    model: str
    language: str
    has_refs: bool


@contextmanager
def predict_facts(
    model: str,
    source: str,
    *,
    lexicon: RefLexicon | None = None,
    date: str | None = None,
    workers: int = 1,
    progress: ProgressBar = no_progress,
) -> Iterator[PredictedFacts]:
    """Yield the facts of texts; read them before the block ends.

    model: pipeline folder or package. source: see `read_texts`; "-" is standard input. lexicon:
    fill in refs with these names, for mentions to which the pipeline gives none. date: the date of
    the documents without one in their metadata. Raises `DataError` for an invalid model or input.
    """
    nlp = load_pipeline(model)  # first: report a wrong model before waiting for a stream
    name = model_version(nlp)
    with on_disk(source) as copy:
        documents: Iterable[Document] = read_texts(copy.path, copy.name)
        if date is not None:
            documents = map(partial(_with_date, date=date), documents)
        predicted = predict_documents(nlp, documents, workers=workers, model=name)
        if lexicon is not None:
            predicted = add_refs(predicted, lexicon)
        facts = FactStream(
            progress(predicted, "predicting"),
            date_labels=load_ref_labels().dates,
            symmetric=_symmetric_labels(nlp),
        )
        has_refs = lexicon is not None or nlp.has_pipe(REFS_COMPONENT)
        yield PredictedFacts(facts, name, nlp.lang or "", has_refs)


def _with_date(document: Document, *, date: str) -> Document:
    return msgspec.structs.replace(document, meta={"date": date, **document.meta})


def _symmetric_labels(nlp: Language) -> tuple[str, ...]:
    """Return the labels of relations whose head and tail are interchangeable."""
    inventories = (getattr(pipe, "inventory", None) for _, pipe in nlp.pipeline)
    return tuple(label for each in inventories if each is not None for label in each.symmetric)
