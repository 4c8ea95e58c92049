"""Prediction: documents in, the same documents with a model's entities and relations out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from aloi.corpus.document import Document, Relation
from aloi.corpus.formats.spacy_docs import get_relations, set_entities, to_document
from aloi.corpus.problems import DataError, Problem


def load(model: str) -> Language:
    """A trained pipeline from a folder or an installed package; raises `DataError` if neither."""
    try:
        return spacy.load(model)
    except (OSError, ValueError) as error:
        fix = "Give the folder that `aloi train --out` wrote, or an installed pipeline's name"
        what = f"cannot be loaded as a pipeline: {str(error).splitlines()[0]}"
        raise DataError([Problem("bad-model", what, fix, file=model)]) from error


def predict(
    nlp: Language,
    documents: Iterable[Document],
    *,
    gold_entities: bool = False,
    workers: int = 1,
) -> Iterator[Document]:
    """Predict on each document's text alone, in order and in bounded memory.

    Metadata, rights among them, stay with the document; `model` is added to them.

    `gold_entities`: keep the input's entities and predict relations between them; whatever in
    the pipeline sets entities is switched off. `workers`: processes.
    """
    model = f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
    off = _entity_setters(nlp) if gold_entities else []
    with nlp.select_pipes(disable=off):
        inputs = ((_input(nlp, document, gold_entities), document) for document in documents)
        for doc, document in nlp.pipe(inputs, as_tuples=True, n_process=workers):
            meta = {**document.meta, "model": model}
            if gold_entities:
                yield _related(doc, document, meta)
            else:
                yield to_document(doc, id_=document.id, meta=meta)


def _input(nlp: Language, document: Document, gold_entities: bool) -> Doc:
    if len(document.text) > nlp.max_length:
        what = f"{len(document.text)} characters, the pipeline takes {nlp.max_length}"
        raise DataError([Problem("too-long", what, "Cut the text into documents", document.id)])
    doc = nlp.make_doc(document.text)
    if gold_entities:
        set_entities(doc, document.entities)
    return doc


def _related(doc: Doc, document: Document, meta: dict[str, Any]) -> Document:
    relations = tuple(
        Relation(head.id_, tail.id_, label, score=score)
        for head, tail, label, score in get_relations(doc)
    )
    return Document(document.id, document.text, document.entities, relations, meta)


def _entity_setters(nlp: Language) -> list[str]:
    return [name for name in nlp.pipe_names if "doc.ents" in nlp.get_pipe_meta(name).assigns]
