"""Peak memory of `aloi eval` on a million documents, which it scores in parts.

    python bench/large_evaluation.py [--documents 1000000] [--compared 20000]

Prints the peak memory and the time of the command. Then compares the report of the first documents
(--compared) with the report of the same documents in one piece; the exit status is 1 if a number
differs. The files of a million documents take 7 GB in TMPDIR.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from evaluation import SIDES, peak_memory
from pairs import pairs

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.eval.reports.distributed import evaluate_in_parts
from aloi.eval.reports.report import evaluate
from aloi.eval.scoring_choices import EvaluationOptions

RANDOM_PAIRS = 4_000
"""The number of different pairs; they are repeated under other ids."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--compared", type=int, default=20_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        files = write_sides(Path(name), arguments.documents)
        start = time.monotonic()
        memory = peak_memory([sys.executable, "-m", "aloi.cli", "eval", *files])
        seconds = time.monotonic() - start
        print(f"{arguments.documents} documents: {memory:.0f} MB, {seconds:.0f} s", flush=True)
        files = write_sides(Path(name), arguments.compared)
        parts = evaluate_in_parts(*files, EvaluationOptions()).to_json()
        whole = evaluate(*map(document_files.read, files)).to_json()
    different = [key for key in parts if key != "document_macro" and parts[key] != whole[key]]
    print(f"{arguments.compared} documents in parts and in one piece: {different or 'the same'}")
    sys.exit(1 if different else 0)


def write_sides(folder: Path, documents: int) -> list[str]:
    """Write gold and predictions as JSON Lines; return the paths of the files."""
    base = [each.documents() for each in pairs(min(documents, RANDOM_PAIRS))]
    files = [folder / f"{side}.jsonl" for side in SIDES]
    for side, file in enumerate(files):
        document_files.write(_repeated([pair[side] for pair in base], documents), file)
    return list(map(str, files))


def _repeated(base: list[Document], documents: int) -> Iterator[Document]:
    for number, document in enumerate(itertools.islice(itertools.cycle(base), documents)):
        yield msgspec.structs.replace(document, id=f"d{number}")


if __name__ == "__main__":
    main()
