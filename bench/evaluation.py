"""Speed of `aloi eval` relative to seqeval, on the same documents in the same run.

    python bench/evaluation.py [--documents 10000]

Prints the processor time (user and system) of whole processes, on 10,000 documents of 300 words
with about 190,000 gold mentions:

- seqeval's report, from tags in a file;
- the command `aloi eval`, from JSON Lines to the printed report: the exact scheme, all schemes with
  the analysis of errors, and both with 1,000 bootstrap replicates.

The processes run in turn, several times; the table contains medians and the ratio to seqeval. The
last lines are the peak memory, and the time of counting alone, on arrays in memory.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from pairs import Pair, Span, pairs

from aloi.corpus import document_files
from aloi.eval.items import mention_items
from aloi.eval.pairing import pair_annotations
from aloi.eval.reading import read_annotations
from aloi.eval.scores import score_items

REPEATS = 3
REPLICATES = 1000
SIDES = ("gold", "pred")
SEQEVAL = "seqeval report"

SEQEVAL_SCRIPT = """
import sys, warnings
warnings.simplefilter("ignore")
from seqeval.metrics import classification_report
sides = [[line.split() for line in open(path, encoding="utf-8")] for path in sys.argv[1:]]
classification_report(*sides, output_dict=True, zero_division=0)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=10_000)
    documents = list(pairs(parser.parse_args().documents))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mentions = _write_inputs(documents, folder)
        print(f"{len(documents)} documents, {mentions} gold mentions; median of {REPEATS} runs")
        commands = _commands(folder)
        seconds: dict[str, list[float]] = {title: [] for title in commands}
        for _ in range(REPEATS):
            for title, command in commands.items():
                seconds[title].append(_processor_time(command))
        seqeval = median(seconds[SEQEVAL])
        for title, times in seconds.items():
            ratio = "" if title == SEQEVAL else f"   1/{seqeval / median(times):.1f} of seqeval"
            print(f"{title:<32} {median(times):8.2f} s{ratio}")
        for title in list(commands)[1::2]:
            print(f"{title + ', memory':<32} {peak_memory(commands[title]):8.0f} MB")
        print(f"{'counting, on arrays':<32} {1000 * _counting_time(folder):8.1f} ms")


def _write_inputs(documents: list[Pair], folder: Path) -> int:
    """Write both sides as JSON Lines and as tags; return the number of gold mentions."""
    converted = [each.documents() for each in documents]
    for number, side in enumerate(SIDES):
        document_files.write((each[number] for each in converted), folder / f"{side}.jsonl")
        lines = (" ".join(_bio_tags(getattr(each, side), len(each.words))) for each in documents)
        (folder / f"{side}.tags").write_text("\n".join(lines), encoding="utf-8")
    return sum(len(gold.entities) for gold, _ in converted)


def _commands(folder: Path) -> dict[str, list[str]]:
    """Return the commands to measure by title; seqeval comes first."""
    gold, pred = (str(folder / f"{side}.jsonl") for side in SIDES)
    aloi = [sys.executable, "-m", "aloi.cli", "eval", gold, pred]
    exact, bootstrap = ["--scheme", "exact"], ["--bootstrap", str(REPLICATES)]
    tags = [str(folder / f"{side}.tags") for side in SIDES]
    return {
        SEQEVAL: [sys.executable, "-c", SEQEVAL_SCRIPT, *tags],
        "aloi eval, exact": [*aloi, *exact],
        f"aloi eval, exact, bootstrap {REPLICATES}": [*aloi, *exact, *bootstrap],
        "aloi eval, full": [*aloi, "--full"],
        f"aloi eval, full, bootstrap {REPLICATES}": [*aloi, "--full", *bootstrap],
    }


def _processor_time(command: list[str]) -> float:
    """Return the user and system time of a command in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peak_memory(command: list[str]) -> float:
    """Return the peak memory of a command in MB.

    A small process starts the command, because a child inherits the peak memory of its parent.
    """
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command], check=True, capture_output=True, text=True
    )
    return int(done.stdout) / 1024


def _counting_time(folder: Path) -> float:
    """Return the processor time of counting, on arrays in memory, in seconds."""
    pair = pair_annotations(*(read_annotations(folder / f"{side}.jsonl") for side in SIDES))
    start = time.process_time()
    score_items(*mention_items(pair), documents=len(pair), labels=pair.labels)
    return time.process_time() - start


def _bio_tags(mentions: list[Span], words: int) -> list[str]:
    tags = ["O"] * words
    for start, end, label in mentions:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


if __name__ == "__main__":
    main()
