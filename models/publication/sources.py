"""The sources of a pipeline: the pipelines and checkpoints that supply its weights or vectors.

The licence of a source also applies to each pipeline that uses its weights or vectors.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import spacy.util

SOURCE_SETTINGS = ("source", "vectors", "weights")
"""Settings in a config that name a source of weights or word vectors."""

LICENCE_FILES = "LICENSE*"
"""Pattern of the licence files in a pipeline folder, including licences of its sources."""

Source = dict[str, str]
"""Name of a source, and its version, licence and author if they are known."""


def find_sources(config: Mapping[str, Any]) -> list[str]:
    """Return the sources of weights or vectors in a config, as sorted names or paths.

    Variables in the config must be resolved. Two sections are ignored: [paths], because other
    sections repeat the paths that are used, and [corpora], because corpora are not part of the
    pipeline.
    """
    sections = [part for name, part in config.items() if name not in ("paths", "corpora")]
    return sorted(set(_source_values(sections)))


def _source_values(node: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a config
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in SOURCE_SETTINGS and isinstance(value, str):
                yield value
            else:
                yield from _source_values(value)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _source_values(item)


def find_pipeline(name: str) -> Path | None:
    """Return the folder of a pipeline, given its package name or path; None if not found."""
    path = Path(name)
    if spacy.util.is_package(name):
        package = spacy.util.get_package_path(name)
        (path,) = package.glob(f"{name}-*")
    return path if (path / "meta.json").is_file() else None


def describe_source(name: str) -> list[Source]:
    """Return the recorded sources of a pipeline, or a description of `name` if there are none."""
    pipeline = find_pipeline(name)
    if pipeline is None:
        return [{"name": Path(name).name if Path(name).exists() else name}]
    meta = json.loads((pipeline / "meta.json").read_text(encoding="utf-8"))
    if recorded := recorded_sources(meta.get("aloi", {})):
        return recorded
    description = {
        "name": f"{meta['lang']}_{meta['name']}",
        "version": meta["version"],
        "licence": meta.get("license"),
        "author": meta.get("author"),
    }
    return [{key: value for key, value in description.items() if value}]


def recorded_sources(record: Mapping[str, Any]) -> list[Source]:
    """Return the sources in a training record and in the records of its parts."""
    parts = [record, *(part for part in record.values() if isinstance(part, Mapping))]
    return unique_sources(source for part in parts for source in part.get("sources", ()))


def unique_sources(sources: Iterable[Source]) -> list[Source]:
    """Return one source per name, sorted by name."""
    return [each for _, each in sorted({source["name"]: source for source in sources}.items())]


def combined_licence(sources: Iterable[Source]) -> str:
    """Return the licences of the sources, joined by AND; "" if any licence is unknown."""
    licences = {source.get("licence", "") for source in sources}
    return "" if "" in licences else " AND ".join(sorted(licences))


def licence_notice(sources: Iterable[Source]) -> str:
    """Return two sentences per source: its name and licence, and the terms for the pipeline."""
    sentences = []
    for source in sources:
        name = " ".join(filter(None, (source["name"], source.get("version"))))
        if "licence" in source:
            by = ", ".join(filter(None, (source.get("author"), source["licence"])))
            sentences += [
                f"This pipeline contains word vectors or weights of {name} ({by}).",
                "The same licence and this notice apply to this pipeline.",
            ]
        else:
            sentences += [
                f"This pipeline contains word vectors or weights of {name}.",
                f"The licence of {name} also applies to this pipeline.",
            ]
    return " ".join(
        sentences or ["This pipeline contains no weights or vectors of another pipeline."]
    )


def copy_licence_files(sources: Iterable[Path], out: Path) -> None:
    """Copy the licence files of pipeline folders to `out`.

    If `out` contains a different file with the same name, a number is added to the name.
    """
    for number, pipeline in enumerate(sources, start=1):
        for file in sorted(pipeline.glob(LICENCE_FILES)):
            target = out / file.name
            if target.exists() and target.read_bytes() != file.read_bytes():
                target = out / f"{file.name}.{number}"
            shutil.copyfile(file, target)
