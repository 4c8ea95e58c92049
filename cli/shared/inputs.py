"""Inputs of the commands: paths, corpora and schemas given on the command line."""

from __future__ import annotations

from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from aloi.corpus.corpus_folder import Corpus
    from aloi.corpus.schema import Schema


def must_exist(*paths: str) -> None:
    """Exit with status 2 if a path (except `-`) is empty or missing, or two are the same stream."""
    from aloi.corpus.streams import STANDARD_STREAM, stream_identity

    for path in paths:
        if not path:
            raise typer.BadParameter("the path of an input is empty")
        if path != STANDARD_STREAM and not Path(path).exists():
            raise typer.BadParameter(f"no such file or folder: {path}")
    streams = [stream for stream in map(stream_identity, paths) if stream is not None]
    if len(set(streams)) < len(streams):
        raise typer.BadParameter(
            "two inputs are the same stream: use standard input or a pipe for one input only"
        )


def run_paths(text: str) -> list[str]:
    """Return the paths of one system's runs: comma-separated, or the matches of a glob pattern.

    The text is a single path if there is a file or folder with this name. Exit with status 2 if a
    pattern matches nothing or a path occurs twice.
    """
    if Path(text).exists():
        return [text]
    paths: list[str] = []
    for part in text.split(","):
        matches = sorted(glob(part)) if has_magic(part) else [part]
        if not matches:
            raise typer.BadParameter(f"no file matches the pattern {part}")
        paths += matches
    if len(set(paths)) < len(paths):
        raise typer.BadParameter(f"a path occurs twice in {text}")
    return paths


def open_corpus(folder: Path) -> Corpus:
    """Return the corpus in a folder; exit with status 2 if the folder is not a corpus."""
    from aloi.corpus.corpus_folder import Corpus, is_corpus

    if not is_corpus(folder):
        raise typer.BadParameter(f"{folder} is not a corpus folder: it contains no corpus.toml")
    return Corpus.open(folder)


def corpus_at(path: str) -> Corpus | None:
    """Return the corpus if `path` is a corpus folder, otherwise None."""
    if not Path(path).is_dir():
        return None
    from aloi.corpus.corpus_folder import Corpus, is_corpus

    return Corpus.open(Path(path)) if is_corpus(Path(path)) else None


def schema_for(schema: Path | None, corpus: Corpus | None = None) -> Schema | None:
    """Return the schema in a file or, without a file, the schema of the corpus, if any."""
    if schema is None:
        return corpus.schema if corpus is not None else None
    from aloi.corpus.schema import load_schema

    return load_schema(schema)


def required_schema(schema: Path | None, source: str) -> Schema:
    """Return the schema in a file or of the corpus folder `source`; exit with status 2 without."""
    found = schema_for(schema, corpus_at(source))
    if found is None:
        raise typer.BadParameter(f"{source} is not a corpus folder; add --schema")
    return found
