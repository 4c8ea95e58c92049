"""Check the metadata of a release: dataset card and Croissant file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aloi.corpus.formats.parquet import row_count
from aloi.corpus.problems import Problem
from aloi.corpus.release.build.dataset_card import size_category
from aloi.corpus.release.publish.file_checks import REBUILD
from aloi.corpus.release.read.release_folder import CARD_FILE, CONFIGS, CROISSANT_FILE, Release
from aloi.corpus.text_files import read_text

HUB_TASK_CATEGORIES = frozenset(
    {"token-classification", "text-classification", "feature-extraction"}
)
"""Task categories of the Hub that are allowed for a corpus of entities and relations."""

_LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")

_MAX_ERROR_LENGTH = 300
"""Maximum length of mlcroissant's error message, in characters; the rest is cut."""


def card_problems(release: Release) -> Iterator[Problem]:
    """Yield a problem for each error in the dataset card.

    Errors are: invalid metadata, missing metadata, metadata that do not match the tables, and a
    missing canary line.
    """
    from huggingface_hub import DatasetCard  # noqa: PLC0415 - an extra

    try:
        data = DatasetCard.load(release.folder / CARD_FILE).data.to_dict()
    except Exception as error:  # noqa: BLE001 - broken YAML raises several types
        yield Problem(
            "bad-card", f"the YAML metadata cannot be read: {error}", REBUILD, file=CARD_FILE
        )
        return
    try:
        found = [*_table_mismatches(release, data), *_missing_metadata(data)]
    except (AttributeError, KeyError, TypeError) as error:
        found = [f"a value of the YAML metadata has the wrong type: {error}"]
    for what in found:
        yield Problem("bad-card", what, REBUILD, file=CARD_FILE)
    if bad := [name for name in data.get("language") or ["-"] if not _is_language_code(name)]:
        what = f"`language` contains an invalid language code: {', '.join(bad)}"
        fix = "Set `lang` in the metadata of each document to a language code, such as fr"
        yield Problem("bad-card", what, fix, file=CARD_FILE)
    if release.manifest.canary not in read_text(release.folder / CARD_FILE):
        yield Problem(
            "bad-card", "the card does not contain the canary line", REBUILD, file=CARD_FILE
        )


def foreign_data_files(release: Release) -> set[str]:
    """Return the paths and addresses in the card that are not tables of the release.

    `load_dataset` would read them. The set is empty if the metadata of the card cannot be read,
    which `card_problems` reports.
    """
    from huggingface_hub import DatasetCard  # noqa: PLC0415 - an extra

    try:
        data = DatasetCard.load(release.folder / CARD_FILE).data.to_dict()
    except Exception:  # noqa: BLE001 - broken YAML raises several types
        return set()
    splits = release.manifest.documents
    tables = {f"{config}/{split}.parquet" for config in CONFIGS for split in splits}
    return {*_file_names(data.get("configs"))} - tables


def _file_names(value: object) -> Iterator[str]:
    """Yield the strings in the value of `configs`, except names of configs and splits."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in ("config_name", "split", "default"):
                yield from _file_names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _file_names(inner)
    elif value is not None:
        yield str(value)


def _table_mismatches(release: Release, data: Mapping[str, Any]) -> Iterator[str]:
    """Yield a message for each metadata key with a value that does not match the tables."""
    documents = sum(map(len, release.manifest.documents.values()))
    configs = [config.get("config_name") for config in data.get("configs") or ()]
    expected = {
        "size_categories": ([size_category(documents)], data.get("size_categories")),
        "configs": (list(loaded_splits(release)), configs),
        "dataset_info": (_row_counts(release), _row_counts_of_card(data)),
    }
    for key, (correct, value) in expected.items():
        if value != correct:
            yield f"the metadata field `{key}` is {value}, expected {correct}"


def _missing_metadata(data: Mapping[str, Any]) -> Iterator[str]:
    for key in ("license", "pretty_name"):
        if not data.get(key):
            yield f"the metadata field `{key}` is missing"
    if not set(data.get("task_categories") or ["-"]) <= HUB_TASK_CATEGORIES:
        allowed = ", ".join(sorted(HUB_TASK_CATEGORIES))
        yield f"each value of `task_categories` must be one of {allowed}"


def _is_language_code(name: str) -> bool:
    return _LANGUAGE_CODE.fullmatch(name) is not None


def loaded_splits(release: Release) -> dict[str, list[str]]:
    """Return the configs with rows and their splits with rows; empty tables are not loaded.

    Raises `DataError` if a table cannot be read.
    """
    splits = {
        config: [s for s in release.manifest.documents if row_count(release.table(config, s))]
        for config in CONFIGS
    }
    return {config: names for config, names in splits.items() if names}


def _row_counts(release: Release) -> dict[str, dict[str, int]]:
    """Return the number of rows in the tables, by config and split."""
    return {
        config: {split: row_count(release.table(config, split)) for split in splits}
        for config, splits in loaded_splits(release).items()
    }


def _row_counts_of_card(data: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return the number of rows that the card states, by config and split."""
    return {
        info["config_name"]: {split["name"]: split["num_examples"] for split in info["splits"]}
        for info in data.get("dataset_info") or ()
    }


def croissant_problems(release: Release) -> Iterator[Problem]:
    """Yield a problem if mlcroissant rejects the Croissant file, or a problem per wrong hash."""
    import mlcroissant  # noqa: PLC0415 - may not be installed

    try:
        dataset = mlcroissant.Dataset(release.folder / CROISSANT_FILE)
    except Exception as error:  # noqa: BLE001 - broken JSON raises several types
        what = " ".join(str(error).split())[:_MAX_ERROR_LENGTH]
        yield Problem("bad-croissant", what, REBUILD, file=CROISSANT_FILE)
        return
    files = {path.relative_to(release.folder).as_posix() for path in release.folder.rglob("*")}
    for part in dataset.metadata.distribution:
        if part.content_url not in files:
            what = f"the Croissant file names a file outside the release: {part.content_url!s:.200}"
            yield Problem("bad-croissant", what, REBUILD, file=CROISSANT_FILE)
            continue
        content = (release.folder / part.content_url).read_bytes()
        if hashlib.sha256(content).hexdigest() != part.sha256:
            what = f"the hash of the file {part.id} differs from the hash in the Croissant file"
            yield Problem("bad-croissant", what, REBUILD, file=CROISSANT_FILE)
