"""How fast `aloi eval` is, as ratios to seqeval on the same pair in the same run.

    python bench/evaluation.py [--documents 10000]

Prints, for 10,000 documents of 300 words with some 190,000 gold mentions: seqeval's report alone,
on tags already in memory; `aloi eval --scheme exact --json` as a whole process, from JSON Lines to
the report, without and with 1,000 bootstrap replicates; and our counting alone, from arrays.
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
    made = list(pairs(parser.parse_args().documents))
    with tempfile.TemporaryDirectory() as folder:
        gold, pred = (Path(folder) / name for name in ("gold.jsonl", "pred.jsonl"))
        written = [each.documents() for each in made]
        document_files.write((one for one, _ in written), gold)
        document_files.write((other for _, other in written), pred)
        mentions = sum(len(one.entities) for one, _ in written)
        del written
        seqeval = _seqeval(made)
        print(f"{len(made)} documents, {mentions} gold mentions; best of {REPEATS} runs of ours")
        print(f"seqeval's report alone        {seqeval:8.3f} s")
        for title, extra in (
            ("aloi eval, whole process", []),
            (f"aloi eval, bootstrap {REPLICATES}", ["--bootstrap", str(REPLICATES)]),
        ):
            taken = _best(lambda extra=extra: _command(gold, pred, *extra))
            print(f"{title:<29} {taken:8.3f} s   1/{seqeval / taken:.1f} of seqeval")
        peak = _peak(_arguments(gold, pred, "--bootstrap", str(REPLICATES)))
        print(f"its peak memory               {peak:8.0f} MB")
        print(f"counting alone, from arrays   {1000 * _best(_counting(gold, pred)):8.1f} ms")


def _best(run: Callable[[], object]) -> float:
    return min(_timed(run) for _ in range(REPEATS))


def _timed(run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def _command(gold: Path, pred: Path, *extra: str) -> None:
    subprocess.run(_arguments(gold, pred, *extra), check=True, stdout=subprocess.DEVNULL)


def _arguments(gold: Path, pred: Path, *extra: str) -> list[str]:
    scheme = ["--scheme", "exact", "--json", str(gold.with_name("report.json"))]
    return [sys.executable, "-m", "aloi.cli", "eval", str(gold), str(pred), *scheme, *extra]


def _peak(command: list[str]) -> float:
    """The most memory a command holds, in MB.

    It is started from a small process: a child's peak counts from that of its parent.
    """
    watch = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", watch, *command], check=True, capture_output=True, text=True
    )
    return int(shown.stdout) / 1024


def _counting(gold: Path, pred: Path) -> Callable[[], object]:
    pair = pair_annotations(read_annotations(gold), read_annotations(pred))
    return lambda: score_items(*mention_items(pair), documents=len(pair), labels=pair.labels)


def _seqeval(made: list[Pair]) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from seqeval.metrics import classification_report  # noqa: PLC0415
    gold, pred = (
        [_tags(side, len(each.words)) for each in made for side in [getattr(each, name)]]
        for name in ("gold", "pred")
    )
    return _timed(lambda: classification_report(gold, pred, output_dict=True, zero_division=0))


def _tags(mentions: list[Span], words: int) -> list[str]:
    tags = ["O"] * words
    for start, end, label in mentions:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


if __name__ == "__main__":
    main()
