"""The model card of a trained pipeline: use, training, scores, limitations and licence.

The card consists of YAML metadata for the Hugging Face Hub
(https://huggingface.co/docs/hub/model-cards), followed by Markdown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import srsly

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.languages.language import language_name
from aloi.corpus.problems import table_cell
from aloi.eval.schemes import (
    ATTRIBUTE_SCHEMES,
    SCHEMES,
    EntityScheme,
    EvaluationTask,
    ItemKind,
    RelationScheme,
)
from aloi.models.publication import sources

MODEL_CARD = "README.md"

HUB_LICENCES = ("apache-2.0", "cc-by-4.0", "cc-by-sa-4.0", "cc0-1.0", "mit")
"""Licence identifiers that the Hub supports."""

METRICS = ("precision", "recall", "f1")

TASK_TITLES = {
    EvaluationTask.ENTITIES: "Entities",
    EvaluationTask.RELATIONS_GOLD_ENTITIES: "Relations between gold entities",
    EvaluationTask.RELATIONS_END_TO_END: "Relations between predicted entities",
    EvaluationTask.ATTRIBUTES: "Attributes of gold entities and relations",
}
"""Titles of the tasks of `aloi experiment`."""

SCHEME_TITLES: dict[str, str] = {
    **{each.name: each.title for each in SCHEMES if each.by_type},
    EntityScheme.ATTRIBUTES: "values of entities",
    RelationScheme.ATTRIBUTES: "values of relations",
}
"""Titles of the match rules that the card shows."""

KIND_TASKS = {
    "relations": EvaluationTask.RELATIONS_GOLD_ENTITIES,
    "attributes": EvaluationTask.ATTRIBUTES,
}
"""The task of the dev scores of a component (other kinds: entities)."""


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """The scores of one task on one split under one match rule, as in `aloi eval --json`."""

    split: str
    task: str
    scheme: str
    documents: int
    result: Mapping[str, Any]
    corpus: str | None = None

    @property
    def title(self) -> str:
        """The title of the table: task, split, corpus if it is known, and match rule."""
        split = f"{self.split} of {self.corpus}" if self.corpus else self.split
        return f"{TASK_TITLES[EvaluationTask(self.task)]}, {split}: {SCHEME_TITLES[self.scheme]}"

    def rows(self) -> Iterator[tuple[str | int, ...]]:
        """Yield one row per label, followed by a row for all labels together.

        Columns: label, number of gold items, precision, recall, F1.
        """
        for label, row in (*self.result["types"].items(), ("all", self.result["micro"])):
            ratios = (_format_ratio(row[name]) for name in METRICS)
            yield label, row["tp"] + row["fn"], *ratios

    def hub_result(self, dataset: str) -> dict[str, Any]:
        """Return the micro averages as an entry of the Hub's `model-index`.

        dataset: the name to use if the corpus of the scores is not known.
        """
        dataset = self.corpus or dataset
        return {
            "task": {"type": "token-classification", "name": self.title},
            "dataset": {"type": dataset, "name": f"{dataset}, {self.split}", "split": self.split},
            "metrics": [
                {"type": name, "name": f"{name}, micro", "value": round(value, 4)}
                for name in METRICS
                if (value := self.result["micro"][name]) is not None
            ],
        }


def write_model_card(folder: Path) -> None:
    """Write the model card of the pipeline in a folder; see `render_model_card`."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != MODEL_CARD]
    size = sum(path.stat().st_size for path in files if path.name != "meta.json")
    with atomic_text_file(folder / MODEL_CARD) as stream:
        stream.write(render_model_card(meta, size=size))


def render_model_card(
    meta: Mapping[str, Any],
    *,
    evaluations: Sequence[Mapping[str, Any]] = (),
    size: int | None = None,
) -> str:
    """Return the model card as Markdown with YAML metadata.

    `meta`: the meta.json of the pipeline. `evaluations`: the contents of eval.json files of
    `aloi experiment`; the card leads with their test scores of this pipeline and its parts, in this
    order. `size`: size of the pipeline in bytes.
    """
    record = meta.get("aloi", {})
    parts = _training_records(record)
    test_tables = (table for each in evaluations for table in _test_tables(record, each))
    tables = [*test_tables, *_dev_tables(parts)]
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("aloi.models.publication"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown
    )
    environment.filters["cell"] = table_cell
    return environment.get_template("card.md").render(
        metadata=srsly.yaml_dumps(_metadata(meta, parts, tables)).strip(),
        meta=meta,
        language=language_name(meta["lang"]),
        package=f"{meta['lang']}_{meta['name']}",
        parts=parts,
        labels=_component_labels(meta, parts),
        tables=tables,
        notice=sources.licence_notice(sources.recorded_sources(record)),
        size=size,
    )


def _training_records(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the training record of a pipeline, or the records of an assembled pipeline's parts."""
    if "kind" in record:
        return [record]
    return [part for part in record.values() if isinstance(part, Mapping) and "kind" in part]


def _component_labels(
    meta: Mapping[str, Any], parts: list[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Return the labels that each trained component can predict."""
    trained = [name for part in parts for name in part["components"]]
    return {name: meta["labels"][name] for name in trained if meta["labels"].get(name)}


def _dev_tables(parts: list[Mapping[str, Any]]) -> Iterator[ScoreTable]:
    for part in parts:
        task = KIND_TASKS.get(part["kind"], EvaluationTask.ENTITIES)
        yield from _score_tables("dev", task, part["scores"])


def _test_tables(record: Mapping[str, Any], evaluation: Mapping[str, Any]) -> Iterator[ScoreTable]:
    systems = {record["kind"]} if "kind" in record else {"pipeline", *record}
    for run in evaluation.get("runs", ()):
        if run["split"] == "test" and run["system"] in systems:
            yield from _score_tables("test", run["task"], run["report"], evaluation.get("corpus"))


def _score_tables(
    split: str, task: str, report: Mapping[str, Any], corpus: str | None = None
) -> Iterator[ScoreTable]:
    table = partial(ScoreTable, split, task, documents=report["documents"], corpus=corpus)
    is_attributes = task == EvaluationTask.ATTRIBUTES
    kinds = tuple(ItemKind) if is_attributes else (EvaluationTask(task).item_kind,)
    for scheme, result in ((name, each) for kind in kinds for name, each in report[kind].items()):
        if scheme in SCHEME_TITLES and (scheme in ATTRIBUTE_SCHEMES) == is_attributes:
            yield table(scheme=scheme, result=result)


def _metadata(
    meta: Mapping[str, Any], parts: list[Mapping[str, Any]], tables: list[ScoreTable]
) -> dict[str, Any]:
    """Return the YAML metadata for the Hub."""
    corpus = next((part["corpus"]["name"] for part in parts if part["corpus"]), "own-documents")
    results = [table.hub_result(corpus) for table in tables]
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
    """Return the licence metadata for the Hub; unsupported licences are stored as "other"."""
    name = licence.lower()
    if not name:
        return {}
    if name in HUB_LICENCES:
        return {"license": name}
    return {"license": "other", "license_name": name.replace(" ", "-"), "license_link": "LICENSE"}


def _format_ratio(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.3f}"
