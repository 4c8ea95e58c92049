"""Prediction: documents in, the same documents with a model's entities and relations out."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from importlib.metadata import version
from typing import Any

import spacy
from spacy.language import Language
from spacy.pipeline import Lemmatizer
from spacy.tokens import Doc
from thinc.api import CupyOps, get_current_ops

from aloi.corpus.document import Document, Relation
from aloi.corpus.formats.shared.spacy_docs import get_relations, set_entities, to_document
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.scale.input_summary import InputSummary
from aloi.models.prediction.workers import map_forked

BATCH_CHARACTERS = 100_000
"""At how many characters a batch is full, so that memory does not follow the documents' length."""

KEPT_WORDS = 100_000
"""How many words the vocabulary and a lemmatizer may come to remember, since that saves time."""


def load(model: str) -> Language:
    """A trained pipeline from a folder or an installed package; raises `DataError` if neither."""
    try:
        return spacy.load(model)
    except (OSError, ValueError) as error:
        fix = "Give the folder that `aloi train --out` wrote, or an installed pipeline's name"
        what = f"cannot be loaded as a pipeline: {str(error).splitlines()[0]}"
        raise DataError([Problem("bad-model", what, fix, file=model)]) from error


def fingerprint(nlp: Language) -> str:
    """SHA-256 of all files of the folder that a pipeline was loaded from."""
    found = hashlib.sha256()
    for file in sorted(path for path in nlp.path.rglob("*") if path.is_file()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        found.update(f"{file.relative_to(nlp.path)}\0{content}\0".encode())
    return found.hexdigest()


def origin(nlp: Language, found: InputSummary, *, gold_entities: bool) -> dict[str, str]:
    """All that decides what is predicted: the pipeline, the input, the options, the code."""
    return {
        "model": fingerprint(nlp),
        "input": found.sha256,
        "options": "--gold-entities" if gold_entities else "",
        "version": f"aloi {version('aloi')}, spacy {version('spacy')}",
    }


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
    the pipeline sets entities is switched off. `workers`: processes, forked from this one, so
    that they share the pipeline.
    """
    off = _entity_setters(nlp) if gold_entities else []
    work = partial(_predicted, nlp, gold_entities=gold_entities)
    with nlp.select_pipes(disable=off):
        some = batches(documents, nlp.batch_size)
        if workers > 1:
            _refuse_gpu()
            done = map_forked(work, some, workers=workers)
        else:
            done = map(work, some)
        for batch in done:
            yield from batch


def too_long(nlp: Language, document: Document) -> list[Problem]:
    """The problem of a document that is longer than the pipeline takes."""
    if len(document.text) <= nlp.max_length:
        return []
    what = f"{len(document.text)} characters, the pipeline takes {nlp.max_length}"
    return [Problem("too-long", what, "Cut the text into documents", document.id)]


def batches(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    """The documents in lists of `size`, or of fewer where they are long."""
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) == size or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _predicted(nlp: Language, batch: list[Document], *, gold_entities: bool) -> list[Document]:
    model = f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
    if problems := [problem for document in batch for problem in too_long(nlp, document)]:
        raise DataError(problems)
    with nullcontext() if len(nlp.vocab) < KEPT_WORDS else nlp.memory_zone():
        docs = nlp.pipe(_input(nlp, document, gold_entities=gold_entities) for document in batch)
        output = _related if gold_entities else _annotated
        found = [
            output(doc, document, {**document.meta, "model": model})
            for doc, document in zip(docs, batch, strict=True)
        ]
    for _, pipe in nlp.pipeline:
        if isinstance(pipe, Lemmatizer) and len(pipe.cache) > KEPT_WORDS:
            pipe.cache.clear()
    return found


def _input(nlp: Language, document: Document, *, gold_entities: bool) -> Doc:
    doc = nlp.make_doc(document.text)
    if gold_entities:
        set_entities(doc, document.entities)
    return doc


def _annotated(doc: Doc, document: Document, meta: dict[str, Any]) -> Document:
    return to_document(doc, id_=document.id, meta=meta)


def _related(doc: Doc, document: Document, meta: dict[str, Any]) -> Document:
    relations = tuple(
        Relation(head.id_, tail.id_, label, score=score)
        for head, tail, label, score in get_relations(doc)
    )
    return Document(document.id, document.text, document.entities, relations, meta)


def _entity_setters(nlp: Language) -> list[str]:
    return [name for name in nlp.pipe_names if "doc.ents" in nlp.get_pipe_meta(name).assigns]


def _refuse_gpu() -> None:
    torch = sys.modules.get("torch")
    if isinstance(get_current_ops(), CupyOps) or (torch and torch.cuda.is_initialized()):
        what = "a pipeline on a GPU cannot be shared by several processes"
        raise DataError([Problem("gpu-workers", what, "Leave the number of workers at 1")])
