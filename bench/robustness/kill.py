"""Kill commands while they write, and repeat them: nothing half written, nothing lost.

    PYTHONPATH=tests/support python bench/robustness/kill.py [--command NAME …] [--seed N]
                                                             [--seconds N]

Each try runs a command in a copy of a prepared folder and kills the process (SIGKILL) at one of the
calls that change files: opening for writing, renaming, removing, creating folders. The number of
the call is drawn at random; every command is tried in turn. Checked afterwards:

- each output is missing, as it was before, or as a run without a kill writes it;
- the same command then succeeds, and leaves the same files as a run without a kill, and no scratch.
  If the killed process had finished, the command may also refuse to do the work again.

Prints how often each command was tried and how often it survived; the exit status is 1 if a try
failed.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import toy
from forked_commands import Outcome, import_commands, run_forked
from light_configs import light_configs
from toy_releases import toy_corpus, write_release

from aloi.corpus import document_files

CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod")
"""Audit events of calls that change files, besides `open`."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Command:
    """A command to kill; `outputs` are written whole or not at all.

    `volatile`: names of files that differ in each run, such as meta.json with the training time.
    """

    arguments: tuple[str, ...]
    outputs: tuple[str, ...]
    volatile: tuple[str, ...] = ()


ENTITIES = "[entities]\nPER = {}\nLOC = {}\nORG = {}\n"
ADJUDICATE = "a b --corpus corpus --out gold --policy annotator=a"
TRAIN = "--train train.jsonl --dev dev.jsonl --out out --config configs/light-ner.cfg"
COMMANDS = {
    "convert": Command(("convert", "in.jsonl", "out.jsonl", "--to", "native"), ("out.jsonl",)),
    "convert to a folder": Command(("convert", "in.jsonl", "out", "--to", "native"), ()),
    "convert to parquet": Command(
        ("convert", "in.jsonl", "out.parquet", "--to", "parquet"), ("out.parquet",)
    ),
    "corpus add": Command(("corpus", "add", "new", "corpus"), ()),
    "corpus remove": Command(("corpus", "remove", "d3", "corpus"), ()),
    "corpus migrate": Command(("corpus", "migrate", "corpus", "--rename", "PER=PERSON"), ()),
    "eval": Command(
        ("eval", "in.jsonl", "in.jsonl", "--json", "r.json", "--html", "r.html"),
        ("r.json", "r.html"),
    ),
    "predict": Command(("predict", "model", "in.jsonl", "out.jsonl"), ("out.jsonl",)),
    "train": Command(("train", "ner", *TRAIN.split()), ("out",), ("meta.json", "README.md")),
    "annotate pull": Command(("annotate", "pull", "export.json", "--out", "passes"), ()),
    "annotate adjudicate": Command(("annotate", "adjudicate", *ADJUDICATE.split()), ()),
    "release build": Command(("release", "build", "corpus", "--out", "release"), ("release",)),
    "release rehydrate": Command(
        ("release", "rehydrate", "1.0.0", "texts", "--out", "restored"), ()
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--command", action="append", choices=COMMANDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=300)
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    tried, survived = Counter[str](), Counter[str]()
    end = time.monotonic() + arguments.seconds
    with tempfile.TemporaryDirectory(prefix="kill-") as name:
        sample = prepare(Path(name) / "sample")
        import_commands()
        references: dict[str, tuple[int, dict[str, str]]] = {}
        for command in itertools.cycle(arguments.command or COMMANDS):
            if time.monotonic() > end:
                break
            if command not in references:
                references[command] = run_whole(COMMANDS[command], sample, Path(name))
            calls, expected = references[command]
            limit = generator.randint(1, max(calls, 1))
            failure = try_kill(COMMANDS[command], sample, Path(name), limit, expected)
            tried[command] += 1
            survived[command] += failure is None
            if failure:
                print(f"FAILED {command}, killed at call {limit} of {calls}: {failure}", flush=True)
    for command in tried:
        print(f"{command:22} tried {tried[command]:4} survived {survived[command]:4}")
    print(f"{'all':22} tried {tried.total():4} survived {survived.total():4}")
    sys.exit(1 if survived.total() < tried.total() else 0)


def prepare(folder: Path) -> Path:
    """Write the inputs of all commands, and an old version of each output."""
    corpus = toy_corpus(folder / "corpus")
    schema = toy.SCHEMA.replace("entities = { PER = {}, LOC = {}, ORG = {} }", ENTITIES)
    (corpus / "schema.toml").write_text(schema, encoding="utf-8")
    write_release(corpus, "1.0.0")
    documents = [toy.sentence(n) for n in range(12)]
    document_files.write(documents, folder / "in.jsonl")
    document_files.write(documents[:8], folder / "train.jsonl")
    document_files.write(documents[8:], folder / "dev.jsonl")
    document_files.write(documents[:3], folder / "a")
    document_files.write(documents[1:4], folder / "b")
    toy.pipeline().to_disk(folder / "model")
    light_configs(folder / "configs")
    for name in ("texts", "new"):
        (folder / name).mkdir()
    (folder / "texts" / "d25.txt").write_text(toy.sentence(25).text, encoding="utf-8")
    for number in range(4):
        text = f"Texte nouveau numéro {number} de {toy.NAMES[number]}."
        (folder / "new" / f"new{number}.txt").write_text(text, encoding="utf-8")
    (folder / "export.json").write_text(json.dumps(list(map(_task, documents[:3]))), "utf-8")
    for output in ("out.jsonl", "out.parquet", "r.json", "r.html"):
        (folder / output).write_text("old", encoding="utf-8")
    return folder


def _task(document: document_files.Document) -> dict[str, object]:
    user = {"email": "ana@example.org", "id": 1}
    work = {"result": [], "completed_by": user, "id": 1, "updated_at": "2026-01-01T00:00:00Z"}
    return {
        "id": int(document.id[1:]) + 1,
        "data": {"text": document.text, "doc_id": document.id},
        "annotations": [work],
    }


def run_whole(command: Command, sample: Path, root: Path) -> tuple[int, dict[str, str]]:
    """Run a command without a kill; return its number of calls, and the hashes of all files."""
    folder = copy(sample, root)
    outcome = run(command, folder, 0)
    assert outcome.status == "0", f"{' '.join(command.arguments)}: {outcome.text}"
    return int((root / "calls").read_text(encoding="utf-8")), hashes(folder, command)


def try_kill(
    command: Command, sample: Path, root: Path, limit: int, expected: dict[str, str]
) -> str | None:
    """Kill a command at a call and repeat it; return what went wrong, or None."""
    folder = copy(sample, root)
    before = hashes(folder, command)
    run(command, folder, limit)
    after = hashes(folder, command)
    finished = True
    for output in command.outputs:
        old, new = (part_of(files, output) for files in (before, expected))
        if part_of(after, output) not in (old, new, {}):
            return f"{output} is half written"
        finished &= part_of(after, output) == new
    done = run(command, folder, 0)
    found = hashes(folder, command)
    if found != expected:
        different = sorted({name for name, _ in found.items() ^ expected.items()})
        files = f"other files than without a kill: {', '.join(different)[:500]}"
        return f"{files}; status {done.status}: {done.text.strip()[-500:]}"
    if done.status != "0" and not finished:  # a command may refuse to do finished work again
        return f"the same command ends with status {done.status}: {done.text.strip()[-500:]}"
    return None


def copy(sample: Path, root: Path) -> Path:
    shutil.rmtree(root / "folder", ignore_errors=True)
    return Path(shutil.copytree(sample, root / "folder"))


def run(command: Command, folder: Path, limit: int) -> Outcome:
    """Run a command, and kill it at the call with the number `limit`, unless this is 0."""
    scratch = folder.parent / "tmp"  # of killed processes; the system clears it
    scratch.mkdir(exist_ok=True)
    setup = partial(install_hook, limit, folder.parent / "calls")
    return run_forked(command.arguments, folder, environment={"TMPDIR": str(scratch)}, setup=setup)


def install_hook(limit: int, count_file: Path) -> None:
    """Count the calls that change files, and kill this process at the call `limit`."""
    calls = 0
    stream = os.open(count_file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal calls
        is_writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if (is_writing or event in CHANGES) and not str(arguments[0]).endswith(".pyc"):
            calls += 1
            if calls == limit:
                os.kill(os.getpid(), signal.SIGKILL)
            os.pwrite(stream, str(calls).encode(), 0)

    sys.addaudithook(hook)


def hashes(folder: Path, command: Command) -> dict[str, str]:
    """Return the SHA-256 of every file, hidden files included, by relative path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in command.volatile
    }


def part_of(files: dict[str, str], output: str) -> dict[str, str]:
    """Return the files of one output: the file itself, or all files below it."""
    return {
        name: sha256
        for name, sha256 in files.items()
        if name == output or name.startswith(f"{output}/")
    }


if __name__ == "__main__":
    main()
