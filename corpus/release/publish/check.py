"""Whether a release is right: opened as its users will open it, and held against the corpus."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import msgspec

from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.corpus.extras import need
from aloi.corpus.formats import parquet
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.quality.checks import leak_problems as split_leaks
from aloi.corpus.release import restricted_text as leaks
from aloi.corpus.release.build import documentation as card
from aloi.corpus.release.build import rows as tables
from aloi.corpus.release.build.assembly import guard
from aloi.corpus.release.read.layout import CARD, CONFIGS, CROISSANT, SUMS, Release, Standoff

AGAIN = "Build the release again"
TASKS = frozenset({"token-classification", "text-classification", "feature-extraction"})
"""The Hub's task categories that fit a corpus of entities and relations."""


@dataclass(frozen=True)
class Checked:
    """What is wrong, and which checks were made or skipped, each with a word on what it saw."""

    problems: tuple[Problem, ...]
    done: dict[str, str]


def check(
    release: Release,
    corpus: Corpus | None = None,
    *,
    tell: Callable[[str], object] = lambda s: None,
) -> Checked:
    """Every check of a release, and of its agreement with the corpus if one is given.

    mlcroissant and polars are used if they are installed; `done` says so if they are not.
    """
    need("datasets", extra="hub")
    steps: dict[str, Callable[[], Iterable[Problem]]] = {
        "checksums": lambda: sum_problems(release),
        "datasets": lambda: _loading_problems(release),
        "pandas": lambda: _frame_problems(release, "pandas"),
        "polars": lambda: _frame_problems(release, "polars"),
        "card": lambda: _card_problems(release),
        "croissant": lambda: _croissant_problems(release),
        "splits": lambda: _split_problems(release),
        "rights": lambda: rights_problems(release),
    }
    if corpus is not None:
        steps["corpus"] = lambda: _corpus_problems(release, corpus)
        steps["restricted text"] = lambda: _leak_problems(release, corpus)
    libraries = {"polars": "polars", "croissant": "mlcroissant"}
    problems: list[Problem] = []
    done: dict[str, str] = {}
    for name, step in steps.items():
        tell(name)
        if name in libraries and find_spec(libraries[name]) is None:
            done[name] = f"skipped, {libraries[name]} is not installed"
            continue
        found = list(_caught(step))
        problems += found
        done[name] = f"{len(found)} problems"
    return Checked(tuple(problems), done)


def _caught(step: Callable[[], Iterable[Problem]]) -> Iterator[Problem]:
    """The problems of a step; files that a library cannot open are one too."""
    try:
        yield from step()
    except DataError as error:
        yield from error.problems
    except OSError as error:
        yield Problem("bad-release", f"cannot be read: {error}", AGAIN)


def sum_problems(release: Release) -> Iterator[Problem]:
    """Files that are missing, changed or not listed."""
    sums = (release.folder / SUMS).read_text(encoding="utf-8").splitlines()
    listed = {path: sha256 for sha256, _, path in (line.partition("  ") for line in sums)}
    there = {
        path.relative_to(release.folder).as_posix()
        for path in release.folder.rglob("*")
        if path.is_file()
    }
    for path in sorted(listed.keys() ^ (there - {SUMS})):
        what = "listed, but not there" if path in listed else "there, but not listed"
        yield Problem("checksum", f"{what} in {SUMS}", AGAIN, file=path)
    for path in sorted(listed.keys() & there):
        content = (release.folder / path).read_bytes()
        if hashlib.sha256(content).hexdigest() != listed[path]:
            yield Problem("checksum", "changed since it was built", AGAIN, file=path)


def _loading_problems(release: Release) -> Iterator[Problem]:
    """What `load_dataset` does not load, or loads with other splits, numbers or documents."""
    from datasets import load_dataset  # noqa: PLC0415 - an extra

    with tempfile.TemporaryDirectory() as cache, _quiet():
        for config in CONFIGS:
            try:
                loaded = load_dataset(str(release.folder), config, cache_dir=cache)
            except Exception as error:  # noqa: BLE001 - whatever it cannot load is the finding
                what = f"load_dataset fails: {' '.join(str(error).split())[:200]}"
                yield Problem("not-loading", what, AGAIN, file=config)
                continue
            if list(loaded) != list(release.manifest.documents):
                what = f"load_dataset gives the splits {', '.join(loaded)}"
                yield Problem("not-loading", what, AGAIN, file=config)
            for split, rows in loaded.items():
                yield from _row_problems(release, config, split, rows)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars of `datasets`, which would stand between ours."""
    from datasets import utils  # noqa: PLC0415 - an extra

    shown = not utils.are_progress_bars_disabled()
    utils.disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            utils.enable_progress_bars()


def _row_problems(release: Release, config: str, split: str, rows: Any) -> Iterator[Problem]:  # noqa: ANN401
    """A split with other documents, or another number of relations, than the manifest has."""
    entries = release.manifest.documents[split]
    file = f"{config}/{split}.parquet"
    ids = [entry.id for entry in entries if config == "standoff" or entry.redistributable]
    if config == "relations":
        if not set(rows["document"]) <= set(ids):
            yield Problem("other-documents", "relations of other documents", AGAIN, file=file)
    elif list(rows["id"]) != ids:
        yield Problem("other-documents", "not the documents of release.json", AGAIN, file=file)


def _frame_problems(release: Release, library: str) -> Iterator[Problem]:
    """Tables that pandas or polars does not read, or reads with another number of rows."""
    from pyarrow.parquet import read_metadata  # noqa: PLC0415 - an extra

    reader: Any = import_module(library)
    for config in CONFIGS:
        for split in release.manifest.documents:
            file = release.table(config, split)
            where = f"{config}/{split}.parquet"
            try:
                rows = len(reader.read_parquet(file))
            except Exception as error:  # noqa: BLE001 - as above
                what = f"{library} cannot read it: {' '.join(str(error).split())[:200]}"
                yield Problem("not-loading", what, AGAIN, file=where)
                continue
            if rows != read_metadata(file).num_rows:
                yield Problem("not-loading", f"{library} sees {rows} rows", AGAIN, file=where)


def _card_problems(release: Release) -> Iterator[Problem]:
    """A card whose metadata the Hub would not take, or that is not true."""
    from huggingface_hub import DatasetCard  # noqa: PLC0415 - an extra

    try:
        data = DatasetCard.load(release.folder / CARD).data.to_dict()
    except Exception as error:  # noqa: BLE001 - broken YAML comes as several errors
        yield Problem("bad-card", f"no metadata: {error}", AGAIN, file=CARD)
        return
    manifest = release.manifest
    number = sum(map(len, manifest.documents.values()))
    expected = {
        "size_categories": ([card.size_category(number)], data.get("size_categories")),
        "configs": (list(CONFIGS), [c.get("config_name") for c in data.get("configs") or ()]),
        "dataset_info": (_rows_by_config(release), _rows_told(data.get("dataset_info") or [])),
    }
    for key, (right, said) in expected.items():
        if said != right:
            yield Problem("bad-card", f"{key} is {said}, not {right}", AGAIN, file=CARD)
    if not data.get("license") or not data.get("pretty_name"):
        yield Problem("bad-card", "no license or no pretty_name", AGAIN, file=CARD)
    if bad := [name for name in data.get("language") or ["-"] if not _LANGUAGE.fullmatch(name)]:
        fix = "Give each document its language as a code in `lang`"
        yield Problem("bad-card", f"no code of a language: {', '.join(bad)}", fix, file=CARD)
    if not set(data.get("task_categories") or ["-"]) <= TASKS:
        yield Problem("bad-card", "unknown task_categories", AGAIN, file=CARD)
    if manifest.canary not in (release.folder / CARD).read_text(encoding="utf-8"):
        yield Problem("bad-card", "the canary is not in it", AGAIN, file=CARD)


_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")


def _rows_by_config(release: Release) -> dict[str, dict[str, int]]:
    from pyarrow.parquet import read_metadata  # noqa: PLC0415 - an extra

    return {
        config: {
            split: read_metadata(release.table(config, split)).num_rows
            for split in release.manifest.documents
        }
        for config in CONFIGS
    }


def _rows_told(infos: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    return {
        info["config_name"]: {split["name"]: split["num_examples"] for split in info["splits"]}
        for info in infos
    }


def _croissant_problems(release: Release) -> Iterator[Problem]:
    """Metadata that mlcroissant refuses, or files of other hashes than it says."""
    import mlcroissant  # noqa: PLC0415 - only if it is there

    file = release.folder / CROISSANT
    try:
        dataset = mlcroissant.Dataset(file)
    except mlcroissant.ValidationError as error:
        yield Problem("bad-croissant", " ".join(str(error).split())[:300], AGAIN, file=CROISSANT)
        return
    for part in dataset.metadata.distribution:
        content = (release.folder / part.content_url).read_bytes()
        if hashlib.sha256(content).hexdigest() != part.sha256:
            yield Problem("bad-croissant", f"other hash of {part.id}", AGAIN, file=CROISSANT)


def _split_problems(release: Release) -> Iterator[Problem]:
    """Documents in two splits, and text that two splits share."""
    split_of: dict[str, str] = {}
    for split, entries in release.manifest.documents.items():
        for entry in entries:
            if entry.id in split_of:
                what = f"in {split_of[entry.id]} and again in {split}"
                yield Problem("two-splits", what, "Keep it in one split", entry.id)
            split_of[entry.id] = split
    texts = [document for found in release.documents().values() for document in found]
    yield from split_leaks(texts, split_of)


def rights_problems(release: Release) -> Iterator[Problem]:
    """Documents whose text is there without the right to, and refs that were to be left out."""
    for split, bare in release.standoff().items():
        closed = {document.id for document in bare if not document.rights.redistributable}
        for config, column in (("documents", "id"), ("tokens", "id"), ("relations", "document")):
            rows = parquet.read_rows(release.table(config, split), list)
            for id_ in sorted(closed & {row[column] for row in rows}):
                what, fix = f"in {config}, but not redistributable", AGAIN
                yield Problem("restricted-text", what, fix, id_, file=f"{config}/{split}.parquet")
        for document in bare:
            kept = any(mark.ref is not None for mark in document.entities)
            if document.id in closed and kept and not release.manifest.refs:
                yield Problem("restricted-text", "its refs were to be left out", AGAIN, document.id)


def _corpus_problems(release: Release, corpus: Corpus) -> Iterator[Problem]:
    """Documents that are not those of the corpus, text, annotation, metadata and rights."""
    manifest, known = release.manifest, corpus.manifest
    if (manifest.corpus, manifest.version) != (known.name, known.version):
        what = (
            f"a release of {manifest.corpus} {manifest.version}, not {known.name} {known.version}"
        )
        yield Problem("other-corpus", what, AGAIN)
        return
    opened, bare = release.documents(), release.standoff()
    for split in corpus.splits:
        here = {document.id: document for document in corpus.split(split)}
        texts = {document.id: document for document in opened.get(split, [])}
        there = {document.id: document for document in bare.get(split, [])}
        for id_ in sorted(here.keys() ^ there.keys()):
            where = "corpus" if id_ in here else "release"
            yield Problem("other-documents", f"{split}: only in the {where}", AGAIN, id_)
        for id_ in sorted(here.keys() & there.keys()):
            document, rights = here[id_], corpus.rights(here[id_])
            same = texts.get(id_) == (document if rights.redistributable else None)
            if not same or not _same_standoff(there[id_], document, corpus, release):
                yield Problem("other-document", f"{split}: not as in the corpus", AGAIN, id_)


def _same_standoff(bare: Standoff, document: Document, corpus: Corpus, release: Release) -> bool:
    """Whether what the release has of a document is what a new one would have."""
    rights, salt = corpus.rights(document), release.manifest.salt
    refs = release.manifest.refs or rights.redistributable
    row = tables.standoff_row(document, rights, salt=salt, refs=refs)
    return bare == msgspec.convert(parquet.decode_row(row, {}), Standoff)


def _leak_problems(release: Release, corpus: Corpus) -> Iterator[Problem]:
    """Yield a problem for each file of the release with text of a restricted document."""
    yield from leaks.leak_problems(release.folder, guard(corpus, refs=release.manifest.refs))
