"""What a trained pipeline says of where it came from, in the part `aloi` of its meta.json."""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language

from aloi.corpus.document import Document
from aloi.corpus.rights import UNKNOWN, Rights, resolve_rights
from aloi.corpus.schema import Schema
from aloi.eval.reports.report import evaluate
from aloi.models.prediction.pipelines import predict
from aloi.models.publication import sources


def of_config(file: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """What a config, its variables filled in, says: its text's hash, seed, components, sources."""
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


def of_data(train: Sequence[Document], dev: Sequence[Document], default: Rights) -> dict[str, Any]:
    """How much there is to learn from and to choose by, under which rights.

    `default`: what the corpus says of the texts that say nothing themselves.
    """
    rights = [resolve_rights(d.meta, default, restricted=False) for d in (*train, *dev)]
    licences = Counter(each.licence or UNKNOWN for each in rights[: len(train)])
    return {
        "data": {"train": _counts(train), "dev": _counts(dev)},
        "rights": dict(sorted(licences.items())),
        "redistributable": all(each.redistributable for each in rights),
    }


def _counts(documents: Sequence[Document]) -> dict[str, int]:
    return {
        "documents": len(documents),
        "entities": sum(len(document.entities) for document in documents),
        "relations": sum(len(document.relations) for document in documents),
    }


def scores(
    nlp: Language, dev: Iterable[Document], *, kind: str, schema: Schema | None
) -> dict[str, Any]:
    """The report on the development documents, as `aloi eval --json` has it, for what was trained.

    Entities are scored over all mentions and over the outermost; relations between gold entities.
    """
    documents = list(dev)
    related = kind == "relations"
    report = evaluate(
        documents,
        predict(nlp, documents, gold_entities=related),
        schemes=("strict",) if related else ("exact", "outermost"),
        schema=schema,
    ).to_json()
    what = "relations" if related else "entities"
    return {key: report[key] for key in ("signature", "documents", what)}


def cost(started: float) -> dict[str, float | int | None]:
    """Seconds since `started` (`time.monotonic`), and the most memory the process ever held."""
    return {"seconds": round(time.monotonic() - started, 1), "peak_bytes": _peak_memory()}


def _peak_memory() -> int | None:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
