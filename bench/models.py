"""Comparison of models: the light models, a pretrained encoder, and light models taught by it.

    python bench/models.py DATA [--out build/bench-models] [--weights CHECKPOINT]
                           [--unlabelled FILE] [--corpus FOLDER] [--wikinews FOLDER]
                           [--tasks own,crossre-quarters,…] [--models light,…] [--seeds 1,2,3]

DATA contains the folders `winer-fr` (2016 and 2017), `multi-crossre-fr` and `popcorn` as published
by their authors. Each combination of a task, a model and a seed is a cell. Its measures are
stored in OUT/cells; a run that was interrupted goes on with the cells that are missing. Without
--weights, only the light models are trained. --unlabelled: texts of bench/unlabelled.py, from which
the students learn; students need a task with entities and relations. The results are written to
OUT/models.json and OUT/models.md: means over seeds, and the lowest and highest value. WiNER and
POPCORN are trained with the first seed only. The memory of a training is the peak of the process so
far: to compare it, run each model by itself (--models).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import spacy
from model_tasks.tasks import TASKS, Scores, Task, load, measure
from spacy.language import Language

from aloi.corpus import document_files
from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.document import hash_documents
from aloi.eval.reports.sheets import Sheet, markdown_table
from aloi.models.training.job import TrainingJob
from aloi.models.training.pipeline_folder import read_record
from aloi.models.training.pipeline_training import assemble_pipeline
from aloi.models.training.settings import shipped_config
from aloi.models.training.teaching import Lesson, teach

MODELS = ("light", "student", "encoder")
ONE_SEED = ("winer", "popcorn-entities", "popcorn-relations")
"""Tasks that are trained with the first seed only, because they take long."""

CHARACTERS = 3000
"""Speed is measured in documents of this many characters."""

Cell = dict[str, Any]


def main() -> None:
    options = _options()
    for name in options.tasks:
        if name in ("wikinews", "both") and options.wikinews is None:
            continue
        corpora = {"own": options.corpus}
        corpora |= {"wikinews": options.wikinews} if options.wikinews else {}
        task = load(name, options.data, corpora)
        for model in sorted(options.models, key=("light", "encoder", "student").index):
            for seed in options.seeds[: 1 if name in ONE_SEED else None]:
                if _is_possible(task, model, options):
                    run_cell(task, model, seed, options)
    write_table(options.out)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("build/bench-models"))
    parser.add_argument("--weights", help="folder or name of a pretrained checkpoint")
    parser.add_argument("--unlabelled", type=Path, help="texts for the student")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"))
    parser.add_argument("--wikinews", type=Path, help="corpus folder with attached texts")
    parser.add_argument("--tasks", type=_names(TASKS), default=list(TASKS))
    parser.add_argument("--models", type=_names(MODELS), default=list(MODELS))
    parser.add_argument("--seeds", type=lambda text: [int(each) for each in text.split(",")],
                        default=[1])  # fmt: skip
    return parser.parse_args()


def _names(known: tuple[str, ...]) -> Any:  # noqa: ANN401 - a function for argparse
    def names(text: str) -> list[str]:
        found = text.split(",")
        if unknown := set(found) - set(known):
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; use {known}")
        return found

    return names


def _is_possible(task: Task, model: str, options: argparse.Namespace) -> bool:
    if model == "light":
        return True
    if model == "encoder":
        return options.weights is not None
    both = len(task.kinds) > 1
    return both and options.weights is not None and options.unlabelled is not None


def run_cell(task: Task, model: str, seed: int, options: argparse.Namespace) -> Cell:
    """Train and measure a cell, unless its measures are stored, and store them."""
    folder = options.out / f"{task.name}-{model}-{seed}"
    file = options.out / "cells" / f"{folder.name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    jobs = [_job(task, kind, model, seed, folder, options) for kind in task.kinds]
    key = _key(task, model, seed, jobs, options)
    stored = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    if stored.get("key") == key:
        return stored
    print(f"{folder.name}: {len(task.train)} documents", file=sys.stderr)
    with _lesson(task, model, seed, options) as silver:
        for job in jobs:
            (replace(job, silver=silver) if silver else job).resume(log=sys.stderr)
    folders = {job.kind: job.out for job in jobs}
    if len(folders) > 1:
        assemble_pipeline(folders, out=folder / "pipeline")
        folders = {**folders, "pipeline": folder / "pipeline"}
    pipelines = {kind: spacy.load(path) for kind, path in folders.items()}
    cell = {
        "task": task.name,
        "model": model,
        "seed": seed,
        "key": key,
        "scores": measure(task, pipelines),
        **_cost(task, [job.out for job in jobs], list(folders.values())[-1]),
    }
    with atomic_text_file(file) as stream:
        json.dump(cell, stream, indent=1)
    return cell


def _key(
    task: Task, model: str, seed: int, jobs: list[TrainingJob], options: argparse.Namespace
) -> list[str]:
    """Return what the measures of a cell depend on."""
    tests = [f"{name} {hash_documents(documents)}" for name, documents in task.tests.items()]
    key = [*(job.fingerprint for job in jobs), *tests]
    if model == "student":
        teacher = options.out / f"{task.name}-encoder-{seed}"
        jobs = [_job(task, kind, "encoder", seed, teacher, options) for kind in task.kinds]
        texts = hash_documents(document_files.read(options.unlabelled))
        key += [*(job.fingerprint for job in jobs), texts]
    return key


def _job(
    task: Task, kind: str, model: str, seed: int, folder: Path, options: argparse.Namespace
) -> TrainingJob:
    """Write the documents of a task, and return the training of a component."""
    folder.mkdir(parents=True, exist_ok=True)
    document_files.write(task.train, folder / "train.jsonl")
    document_files.write(task.dev, folder / "dev.jsonl")
    overrides: dict[str, Any] = {"system.seed": seed}
    if model == "encoder":
        overrides["paths.weights"] = options.weights
    return TrainingJob(
        kind,
        folder / "train.jsonl",
        folder / "dev.jsonl",
        out=folder / kind,
        schema=task.schema,
        config=shipped_config(f"transformer-{kind}") if model == "encoder" else None,
        overrides=overrides,
    )


def _lesson(task: Task, model: str, seed: int, options: argparse.Namespace) -> Any:  # noqa: ANN401
    """Return a context with the documents that the encoder's pipeline annotates for a student."""
    if model != "student":
        return nullcontext()
    run_cell(task, "encoder", seed, options)
    held_out = options.out / f"{task.name}-held-out.jsonl"
    document_files.write({each.id: each for each in task.held_out}.values(), held_out)
    teacher = options.out / f"{task.name}-encoder-{seed}" / "pipeline"
    lesson = Lesson(str(teacher), str(options.unlabelled), [str(held_out)])
    return teach(lesson, task.train, {"dev": task.dev}, relations=True, log=sys.stderr)


def _cost(task: Task, trained: list[Path], shipped: Path) -> Cell:
    """Return the cost of the training, and the size and speed of the trained pipeline."""
    costs = [read_record(folder).get("cost", {}) for folder in trained]
    started = time.perf_counter()
    nlp = spacy.load(shipped)
    loaded = time.perf_counter() - started
    return {
        "training seconds": sum(cost.get("seconds", 0) for cost in costs),
        "training GiB": max(cost.get("peak_bytes") or 0 for cost in costs) / 2**30,
        "MB": sum(file.stat().st_size for file in shipped.rglob("*") if file.is_file()) / 1e6,
        "load seconds": loaded,
        "documents per second": _speed(nlp, [doc.text for doc in next(iter(task.tests.values()))]),
    }


def _speed(nlp: Language, texts: list[str]) -> float:
    """Return how many documents of `CHARACTERS` characters a pipeline processes per second."""
    best = 0.0
    documents = sum(map(len, texts)) / CHARACTERS
    for _ in range(3):
        started = time.perf_counter()
        for _doc in nlp.pipe(texts):
            pass
        best = max(best, documents / (time.perf_counter() - started))
    return best


def write_table(out: Path) -> None:
    """Write the means over seeds of all stored cells to OUT/models.json and OUT/models.md."""
    cells = [
        json.loads(file.read_text(encoding="utf-8")) for file in (out / "cells").glob("*.json")
    ]
    rows = list(_rows(cells))
    with atomic_text_file(out / "models.json") as stream:
        json.dump(cells, stream, indent=1)
    table = markdown_table(Sheet("Models", tuple(rows), ("task", "test", "measure", *MODELS)))
    with atomic_text_file(out / "models.md") as stream:
        stream.write(table)
    print(table)


def _rows(cells: list[Cell]) -> Iterator[tuple[str, ...]]:
    values: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for cell in sorted(cells, key=lambda each: (TASKS.index(each["task"]), each["seed"])):
        for test, measure_, value in _values(cell):
            row = values.setdefault((cell["task"], test, measure_), {})
            row.setdefault(cell["model"], []).append(value)
    for names, by_model in values.items():
        yield (*names, *(_summary(by_model.get(model, [])) for model in MODELS))


def _values(cell: Cell) -> Iterator[tuple[str, str, float]]:
    tests: Mapping[str, Scores] = cell["scores"]
    for test, scores in tests.items():
        yield from ((test, name, value) for name, value in scores.items() if value is not None)
    names = ("training seconds", "training GiB", "MB", "load seconds", "documents per second")
    yield from (("", name, cell[name]) for name in names)


def _summary(values: list[float]) -> str:
    if not values:
        return ""
    digits = 3 if max(values) <= 1 else 1
    mean = sum(values) / len(values)
    spread = f" ({min(values):.{digits}f}–{max(values):.{digits}f})" if len(values) > 1 else ""
    return f"{mean:.{digits}f}{spread}"


if __name__ == "__main__":
    main()
