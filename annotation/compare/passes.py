"""The passes of a corpus: what each annotator made of its documents, and how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from aloi.annotation.labelstudio.tasks import PULLED
from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.problems import DataError, Problem

Passes = dict[str, list[Document]]
"""Documents by annotator."""


@dataclass(frozen=True, slots=True)
class PassWork:
    """An annotator's volume and lead time, in seconds where Label Studio measured any.

    `median` is of a document; `per_1000` of a thousand characters of the `timed` documents.
    """

    documents: int
    mentions: int
    relations: int
    timed: int
    total: float | None = None
    median: float | None = None
    per_1000: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        return asdict(self)


def read_passes(paths: Sequence[str | Path]) -> Passes:
    """The documents of each annotator, named by their folder or file.

    `paths`: one for each annotator; or one alone, a folder with a folder an annotator in it, as
    `aloi annotate pull` writes it. Raises `DataError` where there are fewer than two.
    """
    folders = [Path(path) for path in paths]
    if len(folders) == 1 and folders[0].is_dir():
        folders = sorted(each for each in folders[0].iterdir() if each.is_dir())
    names = [folder.name if folder.is_dir() else folder.stem for folder in folders]
    if len(set(names)) < len(names):
        names = list(map(str, folders))
    if len(set(names)) < 2:
        what = f"work of {len(set(names))} annotator where two are needed"
        fix = "Give a folder an annotator, or the folder that `aloi annotate pull` wrote"
        raise DataError([Problem("one-annotator", what, fix)])
    return {
        name: list(registry.read(str(folder))) for name, folder in zip(names, folders, strict=True)
    }


def by_document(passes: Mapping[str, Iterable[Document]]) -> dict[str, dict[str, Document]]:
    """The versions of each document by annotator, in order of the documents' ids.

    Raises `DataError` naming every document that an annotator has with another text.
    """
    found: dict[str, dict[str, Document]] = {}
    for name, documents in passes.items():
        for document in documents:
            found.setdefault(document.id, {})[name] = document
    problems = [problem for versions in found.values() for problem in _text_problems(versions)]
    if problems:
        raise DataError(problems)
    return dict(sorted(found.items()))


def _text_problems(versions: Mapping[str, Document]) -> Iterator[Problem]:
    (first, one), *others = versions.items()
    for name, other in others:
        if other.text != one.text:
            what, fix = f"{name} has another text than {first}", "Annotate the same text"
            yield Problem("different-text", what, fix, one.id)


def work(documents: Iterable[Document]) -> PassWork:
    """What an annotator did, and in which time."""
    listed = list(documents)
    volume = (
        len(listed),
        sum(len(each.entities) for each in listed),
        sum(len(each.relations) for each in listed),
    )
    timed = list(_lead_times(listed))
    if not timed:
        return PassWork(*volume, timed=0)
    seconds, lengths = zip(*timed, strict=True)
    per_1000 = 1000 * sum(seconds) / sum(lengths) if sum(lengths) else None
    return PassWork(*volume, len(timed), sum(seconds), median(seconds), per_1000)


def _lead_times(documents: Iterable[Document]) -> Iterator[tuple[float, int]]:
    """Seconds and characters of the documents whose lead time is known."""
    for document in documents:
        pulled = document.meta.get(PULLED)
        seconds = pulled.get("lead_time") if isinstance(pulled, dict) else None
        if isinstance(seconds, int | float):
            yield float(seconds), len(document.text)
