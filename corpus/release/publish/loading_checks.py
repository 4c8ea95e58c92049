"""Check that datasets, pandas and polars can load the tables of a release."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from itertools import product
from typing import Any

from aloi.corpus.formats.parquet import row_count
from aloi.corpus.problems import Problem, count_noun
from aloi.corpus.release.publish.file_checks import REBUILD
from aloi.corpus.release.publish.metadata_checks import foreign_data_files, loaded_splits
from aloi.corpus.release.read.release_folder import CARD_FILE, CONFIGS, Release

_ID_COLUMNS = {"hf-tokens": "document_id"}
"""The column with the document ids, by config (default: `id`)."""

_NO_ROWS: dict[str, list[str]] = {"id": [], "document_id": []}
"""The id columns of a table without rows."""

_MAX_ERROR_LENGTH = 200
"""Maximum length of a library's error message, in characters; the rest is cut."""


def datasets_problems(release: Release) -> Iterator[Problem]:
    """Yield a problem for each config that `load_dataset` cannot load completely.

    The loaded splits and documents are compared with the manifest. Nothing is loaded if the card
    names other files, which could be anywhere.
    """
    from datasets import load_dataset  # noqa: PLC0415 - an extra

    if foreign := sorted(foreign_data_files(release)):
        what = f"the card names data files that are not tables of the release: {foreign!s:.200}"
        yield Problem("foreign-files", what, REBUILD, file=CARD_FILE)
        return
    loadable = loaded_splits(release)
    yield from _empty_table_problems(release, loadable)
    with tempfile.TemporaryDirectory() as cache, _no_progress_bars():
        for config, splits in loadable.items():
            try:
                loaded = load_dataset(str(release.folder), config, cache_dir=cache)
            except Exception as error:  # noqa: BLE001 - any failure to load is the result
                what = f"load_dataset cannot load this config: {_one_line(error)}"
                yield Problem("not-loading", what, REBUILD, file=config)
                continue
            if list(loaded) != splits:
                what = (
                    f"load_dataset finds the splits {', '.join(loaded)}; "
                    f"expected the splits {', '.join(splits)}"
                )
                yield Problem("not-loading", what, REBUILD, file=config)
            for split in loaded.keys() & release.manifest.documents.keys():
                rows = loaded[split]
                yield from _document_problems(release, config, split, rows)


def _empty_table_problems(
    release: Release, loadable: Mapping[str, Collection[str]]
) -> Iterator[Problem]:
    """Yield a problem for each table without rows in a split that has documents for its config."""
    for config, split in product(CONFIGS, release.manifest.documents):
        if config != "relations" and split not in loadable.get(config, ()):
            yield from _document_problems(release, config, split, _NO_ROWS)


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Turn off the progress bars of `datasets`, which would interrupt the progress bar of aloi."""
    from datasets import utils  # noqa: PLC0415 - an extra

    enabled = not utils.are_progress_bars_disabled()
    utils.disable_progress_bars()
    try:
        yield
    finally:
        if enabled:
            utils.enable_progress_bars()


def _document_problems(
    release: Release,
    config: str,
    split: str,
    rows: Any,  # noqa: ANN401 - a table of datasets
) -> Iterator[Problem]:
    """Yield a problem if the documents in a table differ from the list in the manifest."""
    entries = release.manifest.documents[split]
    file = f"{config}/{split}.parquet"
    ids = [entry.id for entry in entries if config == "standoff" or entry.redistributable]
    if config == "relations":
        if not set(rows["document"]) <= set(ids):
            what = "the table contains relations of documents that release.json does not list"
            yield Problem("unlisted-documents", what, REBUILD, file=file)
    elif list(dict.fromkeys(rows[_ID_COLUMNS.get(config, "id")])) != ids:
        what = "the documents in the table differ from the list in release.json"
        yield Problem("unlisted-documents", what, REBUILD, file=file)


def data_frame_problems(release: Release, library: str) -> Iterator[Problem]:
    """Yield a problem for each table that a library (pandas or polars) cannot read completely."""
    reader: Any = import_module(library)
    for config in CONFIGS:
        for split in release.manifest.documents:
            path = release.table(config, split)
            file = f"{config}/{split}.parquet"
            try:
                rows = len(reader.read_parquet(path))
            except Exception as error:  # noqa: BLE001 - any failure to load is the result
                what = f"{library} cannot read this table: {_one_line(error)}"
                yield Problem("not-loading", what, REBUILD, file=file)
                continue
            expected = row_count(path)
            if rows != expected:
                what = (
                    f"{library} reads {count_noun(rows, 'row')} of this table; expected {expected}"
                )
                yield Problem("not-loading", what, REBUILD, file=file)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:_MAX_ERROR_LENGTH]
