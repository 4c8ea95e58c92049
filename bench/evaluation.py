"""Speed of `aloi eval` relative to seqeval, on the same documents in the same run.

    python bench/evaluation.py [--documents 10000]

Prints times for 10,000 documents of 300 words with about 190,000 gold mentions:

- seqeval's report, on tags in memory;
- the command `aloi eval --scheme exact --json`, from JSON Lines to the report, without and with
  1,000 bootstrap replicates;
- counting alone, on arrays in memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from pairs import Pair, Span, pairs

from aloi.corpus import document_files
from aloi.eval.items import mention_items
from aloi.eval.pairing import pair_annotations
from aloi.eval.reading import read_annotations
from aloi.eval.scores import score_items

REPEATS = 3
REPLICATES = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=10_000)
    documents = list(pairs(parser.parse_args().documents))
    with tempfile.TemporaryDirectory() as folder:
        gold, pred = (Path(folder) / name for name in ("gold.jsonl", "pred.jsonl"))
        converted = [each.documents() for each in documents]
        document_files.write((one for one, _ in converted), gold)
        document_files.write((other for _, other in converted), pred)
        mentions = sum(len(one.entities) for one, _ in converted)
        del converted
        seqeval = _time_seqeval(documents)
        print(f"{len(documents)} documents, {mentions} gold mentions; best of {REPEATS} aloi runs")
        print(f"seqeval report                {seqeval:8.3f} s")
        for title, extra in (
            ("aloi eval, command", []),
            (f"aloi eval, bootstrap {REPLICATES}", ["--bootstrap", str(REPLICATES)]),
        ):
            seconds = _best_time(lambda extra=extra: _run_command(gold, pred, *extra))
            print(f"{title:<29} {seconds:8.3f} s   1/{seqeval / seconds:.1f} of seqeval")
        peak = _peak_memory(_arguments(gold, pred, "--bootstrap", str(REPLICATES)))
        print(f"peak memory, bootstrap        {peak:8.0f} MB")
        counting = 1000 * _best_time(_make_counting(gold, pred))
        print(f"counting, on arrays           {counting:8.1f} ms")


def _best_time(run: Callable[[], object]) -> float:
    return min(_time(run) for _ in range(REPEATS))


def _time(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _run_command(gold: Path, pred: Path, *extra: str) -> None:
    subprocess.run(_arguments(gold, pred, *extra), check=True, stdout=subprocess.DEVNULL)


def _arguments(gold: Path, pred: Path, *extra: str) -> list[str]:
    scheme = ["--scheme", "exact", "--json", str(gold.with_name("report.json"))]
    return [sys.executable, "-m", "aloi.cli", "eval", str(gold), str(pred), *scheme, *extra]


def _peak_memory(command: list[str]) -> float:
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


def _make_counting(gold: Path, pred: Path) -> Callable[[], object]:
    pair = pair_annotations(read_annotations(gold), read_annotations(pred))
    return lambda: score_items(*mention_items(pair), documents=len(pair), labels=pair.labels)


def _time_seqeval(documents: list[Pair]) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from seqeval.metrics import classification_report  # noqa: PLC0415
    gold, pred = (
        [_bio_tags(side, len(each.words)) for each in documents for side in [getattr(each, name)]]
        for name in ("gold", "pred")
    )
    return _time(lambda: classification_report(gold, pred, output_dict=True, zero_division=0))


def _bio_tags(mentions: list[Span], words: int) -> list[str]:
    tags = ["O"] * words
    for start, end, label in mentions:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


if __name__ == "__main__":
    main()
