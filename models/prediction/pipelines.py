"""Prediction in memory: a pipeline annotates documents, which are yielded one at a time."""

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
from aloi.models.refs.component import DATE_KEY, ID_KEY

MAX_BATCH_CHARACTERS = 100_000
"""A batch is full when it contains this many characters.

The limit bounds memory if documents are long.
"""

FINGERPRINT_LENGTH = 12
"""The number of hexadecimal digits of a pipeline's SHA-256 in the name that predictions record."""

MAX_CACHED_WORDS = 100_000
"""If the vocabulary or the cache of a lemmatiser contains more words, it is cleared."""


MAX_ERROR_LENGTH = 300
"""The number of characters of an error message of spaCy that are shown."""


def load_pipeline(model: str) -> Language:
    """Return the trained pipeline in a folder or an installed package.

    Loading a pipeline can run code that it contains. Raises `DataError` if `model` is neither, if
    a file of it is damaged, or if a library that it needs is not installed.
    """
    try:
        return spacy.load(model)
    except DataError:  # of a component, such as a missing extra, with its own fix
        raise
    except Exception as error:  # spaCy raises many types of errors for damaged files
        fix = "Use a folder written by `aloi train --out`, or the name of an installed pipeline"
        message = " ".join(str(error).split())[:MAX_ERROR_LENGTH]
        what = f"the model cannot be loaded as a pipeline: {type(error).__name__}: {message}"
        raise DataError([Problem("bad-model", what, fix, file=model)]) from error


def pipeline_sha256(nlp: Language) -> str:
    """Return one SHA-256 for all files in the folder of a loaded pipeline."""
    total = hashlib.sha256()
    for file in sorted(path for path in nlp.path.rglob("*") if path.is_file()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{file.relative_to(nlp.path)}\0{content}\0".encode())
    return total.hexdigest()


def model_version(nlp: Language) -> str:
    """Return the name that predictions record, such as `fr_pipeline 0.0.0 1a2b3c4d5e6f`.

    The last part is the start of the pipeline's SHA-256, so that two pipelines with the same name
    and version differ. A pipeline that was not loaded from a folder has no such part.
    """
    name = f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
    loaded = nlp.path is not None and nlp.path.is_dir()
    return f"{name} {pipeline_sha256(nlp)[:FINGERPRINT_LENGTH]}" if loaded else name


def prediction_origin(
    nlp: Language, input_summary: InputSummary, *, gold_entities: bool
) -> dict[str, str]:
    """Return everything that determines the predictions: pipeline, input, options, versions."""
    return {
        "model": pipeline_sha256(nlp),
        "input": input_summary.sha256,
        "options": "--gold-entities" if gold_entities else "",
        "version": f"aloi {version('aloi')}, spacy {version('spacy')}",
    }


def predict_documents(
    nlp: Language,
    documents: Iterable[Document],
    *,
    gold_entities: bool = False,
    workers: int = 1,
    model: str | None = None,
) -> Iterator[Document]:
    """Yield the documents in order, with predicted entities and relations.

    Memory is bounded. The models use only the text. The metadata, including rights, are kept; the
    name, version and fingerprint of the pipeline are added as `model`.

    gold_entities: keep the entities of the input and predict only relations between them;
    components that set entities are disabled. workers: number of processes. If there are several,
    they are forked from this process and share the pipeline. model: the name to record (default:
    `model_version`, which reads all files of the pipeline). Raises `DataError` if a document is
    too long for the pipeline, or if several workers would use a GPU.
    """
    model = model_version(nlp) if model is None else model
    disabled = entity_setters(nlp) if gold_entities else []
    predict_batch = partial(_predict_batch, nlp, model=model, gold_entities=gold_entities)
    with nlp.select_pipes(disable=disabled):
        batches = split_batches(documents, nlp.batch_size)
        if workers > 1:
            _check_no_gpu()
            predicted = map_forked(predict_batch, batches, workers=workers)
        else:
            predicted = map(predict_batch, batches)
        for batch in predicted:
            yield from batch


def length_problems(nlp: Language, document: Document) -> list[Problem]:
    """Return one problem if a document is too long for the pipeline, else []."""
    if len(document.text) <= nlp.max_length:
        return []
    what = (
        f"the text contains {len(document.text)} characters, but the pipeline accepts at most "
        f"{nlp.max_length}"
    )
    return [Problem("too-long", what, "Split the text into several documents", document.id)]


def split_batches(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    """Yield lists of `size` documents, or shorter lists if the documents are long."""
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) == size or characters >= MAX_BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _predict_batch(
    nlp: Language, batch: list[Document], *, model: str, gold_entities: bool
) -> list[Document]:
    if problems := [problem for document in batch for problem in length_problems(nlp, document)]:
        raise DataError(problems)
    to_output = _with_relations if gold_entities else _with_entities_and_relations
    with nullcontext() if len(nlp.vocab) < MAX_CACHED_WORDS else nlp.memory_zone():
        docs = nlp.pipe(_make_doc(nlp, document, gold_entities=gold_entities) for document in batch)
        predicted = [
            to_output(doc, document, {**document.meta, "model": model})
            for doc, document in zip(docs, batch, strict=True)
        ]
    _clear_lemmatizer_caches(nlp)
    return predicted


def _make_doc(nlp: Language, document: Document, *, gold_entities: bool) -> Doc:
    doc = nlp.make_doc(document.text)
    doc.user_data[DATE_KEY] = document.meta.get("date")
    doc.user_data[ID_KEY] = document.id
    if gold_entities:
        set_entities(doc, document.entities)
    return doc


def _with_entities_and_relations(doc: Doc, document: Document, meta: dict[str, Any]) -> Document:
    return to_document(doc, id_=document.id, meta=meta)


def _with_relations(doc: Doc, document: Document, meta: dict[str, Any]) -> Document:
    relations = tuple(
        Relation(
            head=each.head.id_,
            tail=each.tail.id_,
            label=each.label,
            attributes=dict(each.attributes),
            score=each.score,
        )
        for each in get_relations(doc)
    )
    return Document(document.id, document.text, document.entities, relations, meta)


def _clear_lemmatizer_caches(nlp: Language) -> None:
    """Clear every lemmatiser cache with more than `MAX_CACHED_WORDS` words."""
    for _, pipe in nlp.pipeline:
        if isinstance(pipe, Lemmatizer) and len(pipe.cache) > MAX_CACHED_WORDS:
            pipe.cache.clear()


def entity_setters(nlp: Language) -> list[str]:
    """Return the names of the components that set `doc.ents`."""
    return [name for name in nlp.pipe_names if "doc.ents" in nlp.get_pipe_meta(name).assigns]


def _check_no_gpu() -> None:
    """Raise `DataError` if the pipeline may use a GPU, which forked processes cannot share."""
    torch = sys.modules.get("torch")
    if isinstance(get_current_ops(), CupyOps) or (torch and torch.cuda.is_initialized()):
        what = "several worker processes cannot share a pipeline on a GPU"
        raise DataError([Problem("gpu-workers", what, "Use a single worker process")])
