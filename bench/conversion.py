"""Speed and peak memory of `aloi convert`.

    python bench/conversion.py [--documents 10000] [--megabytes 200]

Each printed line describes one process, from start to exit: documents per second of CPU time (which
does not depend on the load of the machine), wall-clock and CPU seconds, and peak memory. The
documents are random with a fixed seed. Each has about 3,000 characters, 9 relations and 40
mentions, a fifth of them nested. Documents that are converted back are compared with the input byte
for byte. Finally, JSON Lines of --megabytes are converted to the formats that are written as a
stream.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation

SYLLABLES = ("ka", "ré", "mon", "tir", "ou", "bel", "sin", "l’a", "é", "dra")
LABELS = ("PER", "LOC", "ORG", "DATE", "EVENT", "ROLE")
ROUTES = (
    ("native", "in.jsonl", "brat", "brat"),
    ("brat", "brat", "native", "back.jsonl"),
    ("native", "in.jsonl", "spacy", "docs.spacy"),
    ("spacy", "docs.spacy", "native", "spacy.jsonl"),
    ("native", "in.jsonl", "parquet", "docs.parquet"),
    ("parquet", "docs.parquet", "native", "parquet.jsonl"),
    ("native", "in.jsonl", "inline", "docs.inline"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--megabytes", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        document_files.write(documents(arguments.documents), folder / "in.jsonl")
        size = (folder / "in.jsonl").stat().st_size
        print(f"{arguments.documents} documents, {size / 1e6:.0f} MB of JSON Lines")
        for from_, source, to, target in ROUTES:
            cost = convert(from_, folder / source, to, folder / target)
            speed = arguments.documents / cost.processor
            print(f"{from_:>8} -> {to:8} {speed:6.0f} documents/s {cost}")
            if to == "native" and not filecmp.cmp(
                folder / "in.jsonl", folder / target, shallow=False
            ):
                sys.exit(f"{from_}: documents changed in the round trip")
        large = folder / "large.jsonl"
        enlarge(folder / "in.jsonl", large, arguments.megabytes * 1_000_000)
        for to in ("native", "inline", "parquet"):
            cost = convert("native", large, to, folder / f"large.{to}")
            print(f"{arguments.megabytes} MB of JSON Lines -> {to:8} {cost}")


class Cost(NamedTuple):
    """Cost of one conversion: wall-clock seconds, CPU seconds, peak memory in megabytes."""

    clock: float
    processor: float
    peak: float

    def __str__(self) -> str:
        return f"{self.clock:7.2f} s {self.processor:7.2f} s {self.peak:6.0f} MB"


def documents(number: int, *, seed: int = 0) -> Iterator[Document]:
    """Yield random documents; the same seed yields the same documents."""
    generator = random.Random(seed)
    words = ["".join(generator.choices(SYLLABLES, k=1 + n % 4)) for n in range(2000)]
    for position in range(number):
        yield document(f"d{position:06}", generator.choices(words, k=420), generator)


def document(id_: str, words: list[str], generator: random.Random) -> Document:
    """Return a document of these words with 40 mentions; every fifth is nested in the previous."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    entities: list[Entity] = []
    for number, first in enumerate(range(0, 32 * 13, 13)):
        spans = [(first, first + 3), (first + 1, first + 2)][: 1 + (number % 4 == 0)]
        for begin, end in spans:
            label = generator.choice(LABELS)
            name = f"T{len(entities) + 1}"
            entities.append(Entity(id=name, start=starts[begin], end=starts[end] - 1, label=label))
    relations = tuple(
        Relation(head=head.id, tail=tail.id, label="RELATED")
        for head, tail in pairwise(entities[::4])
    )
    return Document(id_, " ".join(words), tuple(entities), relations)


def convert(from_: str, source: Path, to: str, target: Path) -> Cost:
    """Convert a file or folder in a separate process and return the cost."""
    call = [sys.executable, "-m", "aloi.cli", "convert", str(source), str(target)]
    call += ["--from", from_, "--to", to]
    discard_stderr = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    started = time.perf_counter()
    child = os.posix_spawn(call[0], call, os.environ, file_actions=discard_stderr)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{from_} -> {to}: failed; run {' '.join(call)}")
    clock = time.perf_counter() - started
    return Cost(clock, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def enlarge(source: Path, target: Path, size: int) -> None:
    """Write the lines of a file repeatedly, with new ids, up to a size in bytes."""
    with target.open("wb") as stream:
        for round_ in count():
            for line in source.open("rb"):
                size -= stream.write(line.replace(b'"id":"d', b'"id":"r%d-' % round_, 1))
                if size <= 0:
                    return


if __name__ == "__main__":
    main()
