"""The training record: the part `aloi` of a pipeline's meta.json."""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from spacy.language import Language

from aloi.corpus.document import Document
from aloi.corpus.rights import UNKNOWN, Rights, resolve_rights
from aloi.corpus.schema import Schema
from aloi.eval.reports.report import evaluate
from aloi.eval.schemes import ATTRIBUTE_SCHEMES, TYPE_SCHEMES, ItemKind, task_schemes
from aloi.models.attributes.prediction import predict_attributes
from aloi.models.prediction.pipelines import predict_documents
from aloi.models.publication import sources
from aloi.models.refs.lexicon import RefLexicon


def describe_config(file: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hash, the seed, the trained components and the sources of a config.

    config: the settings in `file` with overrides applied and variables filled in. Sources are the
    pipelines or checkpoints that provide weights or vectors.
    """
    parts = config["components"]
    names = sources.find_sources(config)
    return {
        "config_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "seed": config["training"]["seed"],
        "components": [name for name in config["nlp"]["pipeline"] if "source" not in parts[name]],
        "sources": sources.unique_sources(
            each for name in names for each in sources.describe_source(name)
        ),
    }


def describe_data(
    train: Sequence[Document],
    dev: Sequence[Document],
    default: Rights,
    *,
    silver: Sequence[Document] = (),
) -> dict[str, Any]:
    """Return the size of the data, and the licences of the texts.

    `redistributable` is true if all texts may be redistributed. default: rights of train and dev
    documents that do not state their own. silver: documents that a teacher annotated.
    """
    rights = [resolve_rights(d.meta, Rights(), restricted=False) for d in silver]
    rights += [resolve_rights(d.meta, default, restricted=False) for d in (*train, *dev)]
    licences = Counter(each.licence or UNKNOWN for each in rights[: len(silver) + len(train)])
    return {
        "data": {"train": _sizes(train), "dev": _sizes(dev)},
        "rights": dict(sorted(licences.items())),
        "redistributable": all(each.redistributable for each in rights),
    }


def _sizes(documents: Sequence[Document]) -> dict[str, int]:
    return {
        "documents": len(documents),
        "entities": sum(len(document.entities) for document in documents),
        "relations": sum(len(document.relations) for document in documents),
    }


def describe_lexicon(lexicon: RefLexicon) -> dict[str, Any]:
    """Return the SHA-256 and the size of the names that a pipeline's component for refs knows."""
    return {
        "sha256": hashlib.sha256(msgspec.json.encode(lexicon)).hexdigest(),
        "names": len(lexicon.names),
        "annotated_names": len(lexicon.mentions),
    }


def score_dev(
    nlp: Language, dev: Iterable[Document], *, kind: str, schema: Schema | None
) -> dict[str, Any]:
    """Return the scores of a component on the dev documents, in the format of `aloi eval --json`.

    Entities are scored over all mentions, and over outermost mentions. Relations are predicted
    between gold entities, attributes for gold entities and relations.
    """
    documents = list(dev)
    if kind == "attributes":
        pred = predict_attributes(nlp, documents)
        both = evaluate(documents, pred, schemes=ATTRIBUTE_SCHEMES, schema=schema).to_json()
        return {key: both[key] for key in ("signature", "documents", *ItemKind)}
    task = ItemKind.RELATIONS if kind == "relations" else ItemKind.ENTITIES
    report = evaluate(
        documents,
        predict_documents(nlp, documents, gold_entities=task is ItemKind.RELATIONS),
        schemes=task_schemes(task, TYPE_SCHEMES),
        schema=schema,
    ).to_json()
    return {key: report[key] for key in ("signature", "documents", task.value)}


def measure_cost(started: float) -> dict[str, float | int | None]:
    """Return the seconds since `started` (`time.monotonic`) and the peak memory of the process."""
    return {"seconds": round(time.monotonic() - started, 1), "peak_bytes": _peak_memory()}


def _peak_memory() -> int | None:
    try:
        import resource  # noqa: PLC0415 - not available on Windows
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
