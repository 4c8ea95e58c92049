"""How many documents a second `aloi convert` converts, and in how much memory.

    python bench/conversion.py [--documents 10000] [--megabytes 200]

Each line is a whole process, from its start to the last file written: documents a second of the
processor (a busy machine stretches the clock alone), seconds of the clock and of the processor, and
the peak of memory. The documents are made up and seeded: some 3,000 characters, 40 mentions of
which a fifth are nested, and 9 relations. What came back is compared with what went in, byte for
byte. Then so many megabytes of JSON Lines are converted to the formats that stream.
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
                sys.exit(f"{from_}: what came back is not what went in")
        large = folder / "large.jsonl"
        enlarge(folder / "in.jsonl", large, arguments.megabytes * 1_000_000)
        for to in ("native", "inline", "parquet"):
            cost = convert("native", large, to, folder / f"large.{to}")
            print(f"{arguments.megabytes} MB of JSON Lines -> {to:8} {cost}")


class Cost(NamedTuple):
    """Seconds of the clock and of the processor, and megabytes, that one conversion takes."""

    clock: float
    processor: float
    peak: float

    def __str__(self) -> str:
        return f"{self.clock:7.2f} s {self.processor:7.2f} s {self.peak:6.0f} MB"


def documents(number: int, *, seed: int = 0) -> Iterator[Document]:
    """So many documents; the same seed gives the same ones."""
    generator = random.Random(seed)
    words = ["".join(generator.choices(SYLLABLES, k=1 + n % 4)) for n in range(2000)]
    for position in range(number):
        yield document(f"d{position:06}", generator.choices(words, k=420), generator)


def document(id_: str, words: list[str], generator: random.Random) -> Document:
    """The words as a text, every fifth of 40 mentions inside the one before it."""
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    entities: list[Entity] = []
    for number, first in enumerate(range(0, 32 * 13, 13)):
        spans = [(first, first + 3), (first + 1, first + 2)][: 1 + (number % 4 == 0)]
        for begin, end in spans:
            label = generator.choice(LABELS)
            name = f"T{len(entities) + 1}"
            entities.append(Entity(name, starts[begin], starts[end] - 1, label))
    relations = tuple(
        Relation(head.id, tail.id, "RELATED") for head, tail in pairwise(entities[::4])
    )
    return Document(id_, " ".join(words), tuple(entities), relations)


def convert(from_: str, source: Path, to: str, target: Path) -> Cost:
    """Run one conversion."""
    call = [sys.executable, "-m", "aloi.cli", "convert", str(source), str(target)]
    call += ["--from", from_, "--to", to]
    silence = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
    started = time.perf_counter()
    child = os.posix_spawn(call[0], call, os.environ, file_actions=silence)
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{from_} -> {to}: failed; run {' '.join(call)}")
    clock = time.perf_counter() - started
    return Cost(clock, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def enlarge(source: Path, target: Path, size: int) -> None:
    """Write the lines of a file again and again, under new ids, up to a size."""
    with target.open("wb") as stream:
        for round_ in count():
            for line in source.open("rb"):
                size -= stream.write(line.replace(b'"id":"d', b'"id":"r%d-' % round_, 1))
                if size <= 0:
                    return


if __name__ == "__main__":
    main()
