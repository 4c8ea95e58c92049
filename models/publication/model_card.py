"""The card of a trained pipeline: what it is, how to use it, how good it is, under which licence.

Markdown, with the metadata before it that the Hugging Face hub reads
(https://huggingface.co/docs/hub/model-cards).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import srsly

from aloi.corpus.files import atomic_text_file
from aloi.models.publication import sources

CARD = "README.md"

HUB_LICENCES = ("apache-2.0", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "mit")
"""Licences that the hub knows under their own names."""

METRICS = ("precision", "recall", "f1")

TASKS = {
    "entities": "Entities",
    "relations-gold-entities": "Relations between gold entities",
    "relations-end-to-end": "Relations between the entities found",
}
SCHEMES = {
    "exact": "all mentions",
    "outermost": "mentions inside no other",
    "strict": "label, both ends and their labels",
}


@dataclass(frozen=True, slots=True)
class Table:
    """The scores of one task on one split under one scheme, as `aloi eval --json` has them."""

    split: str
    task: str
    scheme: str
    documents: int
    result: Mapping[str, Any]

    @property
    def title(self) -> str:
        """What was scored, on what, by which rule."""
        return f"{TASKS[self.task]}, {self.split}: {SCHEMES[self.scheme]}"

    def rows(self) -> Iterator[tuple[str | int, ...]]:
        """A row for each type and one for all: label, items in gold, precision, recall, F1."""
        for label, row in (*self.result["types"].items(), ("all", self.result["micro"])):
            ratios = (_shown(row[name]) for name in METRICS)
            yield label, row["tp"] + row["fn"], *ratios

    def for_hub(self, dataset: str) -> dict[str, Any]:
        """The same as a result of the hub's `model-index`."""
        return {
            "task": {"type": "token-classification", "name": self.title},
            "dataset": {"type": dataset, "name": f"{dataset}, {self.split}", "split": self.split},
            "metrics": [
                {"type": name, "name": f"{name}, micro", "value": round(value, 4)}
                for name in METRICS
                if (value := self.result["micro"][name]) is not None
            ],
        }


def write_card(folder: Path, *, evaluation: Mapping[str, Any] | None = None) -> None:
    """Write the card of the pipeline in a folder into it; `evaluation` as `card` takes it."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != CARD]
    size = sum(path.stat().st_size for path in files if path.name != "meta.json")
    with atomic_text_file(folder / CARD) as stream:
        stream.write(card(meta, evaluation=evaluation, size=size))


def card(
    meta: Mapping[str, Any],
    *,
    evaluation: Mapping[str, Any] | None = None,
    size: int | None = None,
) -> str:
    """The card in Markdown, its metadata first.

    meta: the pipeline's meta.json. evaluation: the eval.json that `aloi experiment` writes; its
    scores on test are shown for what this pipeline is or is made of. size: bytes of the pipeline.
    """
    record = meta.get("aloi", {})
    parts = _parts(record)
    tables = [*_dev_tables(parts), *_test_tables(record, evaluation or {})]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("aloi.models.publication"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown
    )
    return environment.get_template("card.md").render(
        metadata=srsly.yaml_dumps(_metadata(meta, parts, tables)).strip(),
        meta=meta,
        package=f"{meta['lang']}_{meta['name']}",
        parts=parts,
        labels=_labels(meta, parts),
        tables=tables,
        notice=sources.notice(sources.of_record(record)),
        size=size,
    )


def _parts(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The record of each training: one, or those that a pipeline was assembled from."""
    if "kind" in record:
        return [record]
    return [part for part in record.values() if isinstance(part, Mapping) and "kind" in part]


def _labels(meta: Mapping[str, Any], parts: list[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What each trained component can say."""
    trained = [name for part in parts for name in part["components"]]
    return {name: meta["labels"][name] for name in trained if meta["labels"].get(name)}


def _dev_tables(parts: list[Mapping[str, Any]]) -> Iterator[Table]:
    for part in parts:
        task = "relations-gold-entities" if part["kind"] == "relations" else "entities"
        yield from _tables("dev", task, part["scores"])


def _test_tables(record: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Iterator[Table]:
    own = {record["kind"]} if "kind" in record else {"pipeline", *record}
    for run in evaluation.get("runs", ()):
        if run["split"] == "test" and run["system"] in own:
            yield from _tables("test", run["task"], run["report"])


def _tables(split: str, task: str, report: Mapping[str, Any]) -> Iterator[Table]:
    table = partial(Table, split, task, documents=report["documents"])
    for scheme, result in report[task.partition("-")[0]].items():
        if scheme in SCHEMES:
            yield table(scheme=scheme, result=result)


def _metadata(
    meta: Mapping[str, Any], parts: list[Mapping[str, Any]], tables: list[Table]
) -> dict[str, Any]:
    """The metadata that the hub reads."""
    corpus = next((part["corpus"]["name"] for part in parts if part["corpus"]), "own-documents")
    results = [table.for_hub(corpus) for table in tables]
    index = [{"name": f"{meta['lang']}_{meta['name']}", "results": results}]
    return {
        "language": [meta["lang"]],
        **_hub_licence(meta.get("license", "")),
        "library_name": "spacy",
        "tags": ["spacy", "token-classification"],
        "pipeline_tag": "token-classification",
        **({"model-index": index} if results else {}),
    }


def _hub_licence(licence: str) -> dict[str, str]:
    name = licence.lower()
    if not name:
        return {}
    if name in HUB_LICENCES:
        return {"license": name}
    return {"license": "other", "license_name": name.replace(" ", "-"), "license_link": "LICENSE"}


def _shown(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.3f}"
