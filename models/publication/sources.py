"""The pipelines that another one starts from: their licences travel with what is trained."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import spacy.util

KEYS = ("source", "vectors", "weights")
"""The settings that name what weights or word vectors are taken from."""

PAPERS = "LICENSE*"
"""The files that a pipeline's licence stands in, its own sources' licences among them."""

Source = dict[str, str]
"""name, and as far as they are known version, licence and author."""


def named(config: Mapping[str, Any]) -> list[str]:
    """What a config, its variables filled in, takes weights or vectors from, sorted.

    [paths] only names what the other sections may use, [corpora] what is read.
    """
    used = [part for name, part in config.items() if name not in ("paths", "corpora")]
    return sorted(set(_values(used)))


def _values(node: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a config
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in KEYS and isinstance(value, str):
                yield value
            else:
                yield from _values(value)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _values(item)


def folder(name: str) -> Path | None:
    """Where the pipeline of a name or path stands; None if there is none, as for a checkpoint."""
    path = Path(name)
    if spacy.util.is_package(name):
        package = spacy.util.get_package_path(name)
        (path,) = package.glob(f"{name}-*")
    return path if (path / "meta.json").is_file() else None


def described(name: str) -> list[Source]:
    """What is known of a source, or of those that it came from in its turn."""
    place = folder(name)
    if place is None:
        return [{"name": Path(name).name if Path(name).exists() else name}]
    meta = json.loads((place / "meta.json").read_text(encoding="utf-8"))
    if before := of_record(meta.get("aloi", {})):
        return before
    found = {
        "name": f"{meta['lang']}_{meta['name']}",
        "version": meta["version"],
        "licence": meta.get("license"),
        "author": meta.get("author"),
    }
    return [{key: value for key, value in found.items() if value}]


def of_record(record: Mapping[str, Any]) -> list[Source]:
    """The sources that the record of a training, or of each part of a pipeline, tells of."""
    parts = [record, *(part for part in record.values() if isinstance(part, Mapping))]
    return unique(source for part in parts for source in part.get("sources", ()))


def unique(sources: Iterable[Source]) -> list[Source]:
    """Each source once, by name."""
    return [each for _, each in sorted({source["name"]: source for source in sources}.items())]


def licence(sources: Iterable[Source]) -> str:
    """The licences that a pipeline of these sources bears, joined by AND; "" if one is unknown."""
    licences = {source.get("licence", "") for source in sources}
    return "" if "" in licences else " AND ".join(sorted(licences))


def notice(sources: Iterable[Source]) -> str:
    """A sentence for each source: what it is and what follows for the pipeline."""
    sentences = []
    for source in sources:
        name = " ".join(filter(None, (source["name"], source.get("version"))))
        if "licence" in source:
            by = ", ".join(filter(None, (source.get("author"), source["licence"])))
            what = f"Trained from {name} ({by}): its word vectors or weights are part of this "
            sentences.append(f"{what}pipeline, which carries that licence and this notice.")
        else:
            sentences.append(f"Trained from {name}: its licence holds for this pipeline too.")
    return " ".join(sentences or ["No weights or vectors of another pipeline are part of this."])


def copy_papers(sources: Iterable[Path], out: Path) -> None:
    """Copy the licence files of these pipeline folders; a second one of a name gets a number."""
    for number, place in enumerate(sources, start=1):
        for file in sorted(place.glob(PAPERS)):
            target = out / file.name
            if target.exists() and target.read_bytes() != file.read_bytes():
                target = out / f"{file.name}.{number}"
            shutil.copyfile(file, target)
