"""Damaged files of every format: the readers raise nothing but `DataError`, and soon.

    python bench/robustness/fuzz_formats.py [--format NAME …] [--seed N] [--seconds N]

Two small documents are written in each format. Each seed damages a copy, with bytes that have a
meaning in some format, other numbers, and lines and words at the wrong place. Batches of copies are
read in a process with limits on time and memory. Prints the numbers of files that were tried and
read by format; the exit status is 1 if a reader failed. The same seed damages the same bytes.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import random
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import registry
from aloi.corpus.problems import DataError

BATCH = 50
"""Number of files that one process reads."""

TIME_LIMIT = 300
"""Seconds that a batch may take on a busy machine."""

MAX_SECONDS = 5
"""Seconds of processor time that reading one file may take."""

LIMITS = {resource.RLIMIT_CPU: 120, resource.RLIMIT_AS: 6 << 30}
"""Limits of a batch: seconds of processor time, bytes of address space."""

SUFFIXES = {
    "inline": ".txt",
    "spacy": ".spacy",
    "parquet": ".parquet",
    "hf-tokens": ".parquet",
    "conll": ".conll",
    "conllu": ".conllu",
    "corefud": ".conllu",
    "hipe": ".tsv",
    **dict.fromkeys(("spert", "labelstudio", "docred", "gliner"), ".json"),
    **dict.fromkeys(("brat", "webanno", "xmi", "casjson", "popcorn"), ""),
}
"""Suffix of a file of each format; none for formats that are written as folders."""

DOCUMENTS = (
    Document(
        "a/é 1",
        "Ana Ruiz vit à Rome 😊.\nElle n'aime pas l'ONU (New York).",
        (
            Entity(id="e1", start=0, end=8, label="PER", ref="Q1", attributes={"sure": "no"}),
            Entity(id="e2", start=4, end=8, label="NAME_2", score=0.5),
            Entity(id="e3", start=15, end=19, label="LOC", ref="Q220"),
            Entity(id="e4", start=23, end=27, label="PER", ref="Q1"),
            Entity(id="e5", start=41, end=44, label="ORG"),
        ),
        (
            Relation(head="e1", tail="e3", label="LIVES_IN", attributes={"assertion": "negated"}),
            Relation(head="e4", tail="e5", label="LIKES"),
        ),
        {"lang": "fr", "title": "Ana"},
    ),
    Document("b", "Bob\u00a0: rien.", ()),
)

PIECES = (
    *(b'"', b"'", b"\\", b"\\u", b"\\ud800", b"\t", b"\n", b"\r", b"\0", b"\xff", b"\xe2\x80\xa8"),
    *(b"{", b"}", b"[" * 3000, b"]", b"(" * 500, b")", b"(e1-PER(e1-PER", b"e1)", b"<", b"&x;"),
    *(b"|", b"_", b"*", b"->", b";", b":", b"#", b"\n\n", b"null", b"true", b"NaN", b"1e999"),
    *(b"-1", b"0", b"1.1", b"99999999999999999999", b"9" * 5000, b"B-", b"I-X", b"E-X", b"1-2"),
    *(b"\xed\xa0\x80", b"\xef\xbb\xbf", b"Entity=", b"SpaceAfter=No", b"\xf0\x9f\x98\x8a"),
)
"""Bytes with a meaning in some format."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--format", action="append", choices=registry.FORMAT_MODULES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=600)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        tally = fuzz(arguments.format or [*registry.FORMAT_MODULES], Path(name), arguments)
    for format_, counts in tally.items():
        print(f"{format_:12} tried {counts['tried']:6} read {counts['read']:6}")
    failed = sum(counts["failed"] for counts in tally.values())
    print(f"all: tried {sum(counts['tried'] for counts in tally.values())}, failed {failed}")
    sys.exit(1 if failed else 0)


def fuzz(
    formats: list[str], folder: Path, arguments: argparse.Namespace
) -> dict[str, Counter[str]]:
    """Read batches of damaged files, format by format, until the time is over."""
    tally = {format_: Counter[str]() for format_ in formats}
    end = time.monotonic() + arguments.seconds
    for format_ in formats:
        source = folder / f"good-{format_}{SUFFIXES.get(format_, '.jsonl')}"
        registry.write(DOCUMENTS, str(source), format_=format_)
        list(registry.read(str(source), format_=format_))  # imports what the reader needs
    seeds = itertools.count(arguments.seed, BATCH)
    for format_, first in ((f, n) for n in seeds for f in formats):
        if time.monotonic() > end:
            return tally
        log = folder / "log.txt"
        log.unlink(missing_ok=True)
        batch = (folder, format_, range(first, first + BATCH), log)
        process = multiprocessing.get_context("fork").Process(target=read_batch, args=batch)
        process.start()
        process.join(TIME_LIMIT)
        process.kill()
        process.join()
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        tally[format_] += Counter(line.split()[0] for line in lines)
        for line in lines:
            if line.startswith("failed"):
                print(line)
        if process.exitcode != 0:
            tally[format_]["failed"] += 1
            print(f"failed {format_} {lines[-1:]}: exit status {process.exitcode}")
    return tally


def read_batch(folder: Path, format_: str, seeds: range, log: Path) -> None:
    """Read a damaged file for each seed, and log what happened, in a process with limits."""
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))
    warnings.simplefilter("ignore")
    suffix = SUFFIXES.get(format_, ".jsonl")
    with log.open("a", encoding="utf-8", buffering=1) as stream:
        for seed in seeds:
            stream.write(f"tried {format_} {seed}\n")
            case = folder / "case"
            shutil.rmtree(case, ignore_errors=True)
            case.mkdir()
            _damaged_copy(folder / f"good-{format_}{suffix}", f"a{suffix}", seed, case)
            stream.write(f"{_read(case / f'a{suffix}', format_)}\n")


def _read(path: Path, format_: str) -> str:
    """Return `read`, `refused`, or `failed` with the error that the reader should not raise."""
    started = time.process_time()
    try:
        list(registry.read(str(path), format_=format_))
    except DataError:
        result = "refused"
    except Exception as error:  # noqa: BLE001 - any other error is a failure
        place = traceback.extract_tb(error.__traceback__)[-1]
        result = f"failed {format_}: {error!r} at {place.filename}:{place.lineno}"
    else:
        result = "read"
    seconds = time.process_time() - started
    return f"failed {format_}: took {seconds:.0f} s" if seconds > MAX_SECONDS else result


def _damaged_copy(source: Path, name: str, seed: int, folder: Path) -> None:
    """Copy a file or folder, and damage the file, or one file in the folder."""
    chance = random.Random(f"{source.name} {seed}")  # not hash(): that differs between runs
    copy = folder / name
    if source.is_dir():
        shutil.copytree(source, copy)
        file = chance.choice(sorted(path for path in copy.rglob("*") if path.is_file()))
    else:
        file = Path(shutil.copyfile(source, copy))
    content = file.read_bytes()
    is_packed = file.suffix == ".spacy" and chance.random() < 0.9
    content = zlib.decompress(content) if is_packed else content
    for _ in range(chance.randint(1, 4)):
        content = chance.choice(DAMAGES)(content, chance)
    file.write_bytes(zlib.compress(content) if is_packed else content)


Damage = Callable[[bytes, random.Random], bytes]


def _span(content: bytes, chance: random.Random) -> tuple[int, int]:
    """Return a random span, usually short."""
    start = chance.randint(0, len(content))
    length = chance.choice((1, 4, 40, len(content)))
    return start, min(len(content), start + chance.randint(0, length))


def _insert(content: bytes, chance: random.Random) -> bytes:
    at, _ = _span(content, chance)
    return content[:at] + chance.choice(PIECES) + content[at:]


def _replace(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:start] + chance.choice((*PIECES, b"")) + content[end:]


def _flip(content: bytes, chance: random.Random) -> bytes:
    start, _ = _span(content, chance)
    return content[:start] + bytes([chance.randrange(256)]) + content[start + 1 :]


def _repeat(content: bytes, chance: random.Random) -> bytes:
    start, end = _span(content, chance)
    return content[:end] + content[start:end] * chance.choice((1, 2, 50)) + content[end:]


def _change_number(content: bytes, chance: random.Random) -> bytes:
    if not (numbers := list(re.finditer(rb"\d+", content))):
        return content
    number = chance.choice(numbers)
    new = chance.choice((b"0", b"1", b"2", b"7", b"-1", b"999", b"4294967296", b"1.5", b""))
    return content[: number.start()] + new + content[number.end() :]


def _swap_lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    first, second = (chance.randrange(len(lines)) for _ in range(2))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def _change_key(content: bytes, chance: random.Random) -> bytes:
    """Replace a word by another word of the file, for example a key by a value."""
    words = list(re.finditer(rb"\w+", content))
    if not words:
        return content
    old, new = chance.choice(words), chance.choice(words)
    return content[: old.start()] + new[0] + content[old.end() :]


DAMAGES: tuple[Damage, ...] = (
    *(_insert, _replace, _flip, _repeat),
    *(_change_number, _swap_lines, _change_key),
)


if __name__ == "__main__":
    main()
