"""Cases of `fuzz.py` with damaged releases and damaged pipelines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import toy
from forked_commands import Case, copy_of, damages
from toy_releases import toy_corpus, write_release

from aloi.corpus import document_files

RELEASE_CALLS = (
    "release check release",
    "release check release corpus",
    "release rehydrate release texts --out out",
    "release diff release release",
    "release diff release corpus",
    "convert release out.jsonl --to native",
    "release push release --repo a/b --tag v1.0.0",
    "eval release release",
)


def release_cases(root: Path) -> Iterator[Case]:
    """Yield cases with each file of a release damaged, and with a damaged manifest."""
    sample = root / "releases"
    release = write_release(toy_corpus(sample / "corpus"), "1.0.0")
    release = release.rename(sample / "release")
    (sample / "texts").mkdir()
    (sample / "texts" / "d25.txt").write_text(toy.sentence(25).text, encoding="utf-8")
    files = sorted(p.relative_to(release).as_posix() for p in release.rglob("*") if p.is_file())
    ways = {}
    for file in files:
        other = b"{}" if file.endswith("json") else (release / "documents/dev.parquet").read_bytes()
        ways |= damages(f"release/{file}", other)
    for name, change in _manifest_changes().items():
        ways[f"manifest: {name}"] = lambda folder, change=change: _edit_json(
            folder / "release/release.json", change
        )
    for config in ("documents", "standoff", "hf-tokens"):
        ways[f"{config} of another split"] = lambda folder, config=config: shutil.copy(
            folder / f"release/{config}/train.parquet", folder / f"release/{config}/test.parquet"
        )
        ways[f"{config} of another config"] = lambda folder, config=config: shutil.copy(
            folder / "release/relations/train.parquet", folder / f"release/{config}/test.parquet"
        )
    ways["a split renamed"] = lambda folder: (folder / "release/documents/test.parquet").rename(
        folder / "release/documents/other.parquet"
    )
    for way, damage in ways.items():
        for call in RELEASE_CALLS:
            yield Case(way, tuple(call.split()), copy_of(sample, ".", damage))


def _edit_json(file: Path, change: dict[str, Any]) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(content | change), encoding="utf-8")


def _manifest_changes() -> dict[str, dict[str, Any]]:
    entry = {"id": "d0", "hash": "00", "redistributable": True}
    return {
        "salt over 64 bytes": {"salt": "x" * 65},
        "empty salt": {"salt": ""},
        "surrogate salt": {"salt": "\ud800"},
        "no documents": {"documents": {}},
        "other documents": {"documents": {"train": [entry]}},
        "restricted documents": {"documents": {"train": [entry | {"redistributable": False}]}},
        "split that is a path": {"documents": {"../../outside": [entry]}},
        "split with nul": {"documents": {"a\0b": [entry]}},
        "empty split": {"documents": {"": [entry]}},
        "version": {"version": "x"},
        "number as version": {"version": 1},
        "counts": {"counts": {"train": {"documents": -1}}},
        "huge counts": {"counts": {"train": {"documents": 10**30}}},
        "unknown key": {"colour": 1},
        "name": {"corpus": ""},
    }


def model_cases(root: Path) -> Iterator[Case]:
    """Yield cases with each file of a pipeline damaged."""
    sample = root / "models"
    nlp = toy.pipeline()
    toy.train_ner(nlp, [toy.sentence(n) for n in range(4)], steps=2)
    sample.mkdir()
    nlp.to_disk(sample / "model")
    document_files.write([toy.sentence(n) for n in range(4)], sample / "in.jsonl")
    files = sorted(
        p.relative_to(sample).as_posix() for p in (sample / "model").rglob("*") if p.is_file()
    )
    ways = {"unchanged": lambda folder: None, "empty folder": _empty}
    for file in files:
        ways |= damages(file, (sample / files[0]).read_bytes())
        ways |= damages(file, (sample / "model/vocab/strings.json").read_bytes())
    for way, damage in ways.items():
        for call in (
            "predict model in.jsonl out.jsonl",
            "release push-model model --repo a/b --tag v1.0.0",
        ):
            yield Case(way, tuple(call.split()), copy_of(sample, ".", damage))


def _empty(folder: Path) -> None:
    shutil.rmtree(folder / "model")
    (folder / "model").mkdir()
