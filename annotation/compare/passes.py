"""Annotation passes; a pass is the set of documents annotated by one annotator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from aloi.annotation.provenance import provenance
from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.problems import DataError, Problem, count_noun

Passes = dict[str, list[Document]]
"""The documents of each pass, by annotator."""


@dataclass(frozen=True, slots=True)
class PassWork:
    """The size of a pass, and the annotation time (Label Studio's lead time) in seconds.

    `timed` is the number of documents with a recorded time. For these documents, `total` is the
    total time, `median` the median time, and `per_1000` the time per 1,000 characters. The three
    times are None if no time was recorded.
    """

    documents: int
    mentions: int
    relations: int
    timed: int
    total: float | None = None
    median: float | None = None
    per_1000: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the numbers and times as a dict for JSON."""
        return asdict(self)


def read_passes(paths: Sequence[str | Path]) -> Passes:
    """Read the documents of each annotator; return them by annotator.

    `paths` contains one folder or file per annotator, or only the folder that `aloi annotate pull`
    wrote, with one subfolder per annotator. The annotator's name is the folder name, or the file
    name without its suffix. If two names are equal, the paths are used as names. Raise `DataError`
    if there are fewer than two annotators.
    """
    folders = [Path(path) for path in paths]
    if len(folders) == 1 and folders[0].is_dir():
        folders = sorted(
            each for each in folders[0].iterdir() if each.is_dir() and not each.name.startswith(".")
        )
    names = [folder.name if folder.is_dir() else folder.stem for folder in folders]
    if len(set(names)) < len(names):
        names = list(map(str, folders))
    if (number := len(set(names))) < 2:
        what = f"the paths contain work of {count_noun(number, 'annotator')}, expected two or more"
        fix = "Enter one folder per annotator, or the folder that `aloi annotate pull` wrote"
        raise DataError([Problem("one-annotator", what, fix)])
    return {
        name: list(registry.read(str(folder))) for name, folder in zip(names, folders, strict=True)
    }


def group_by_document(passes: Mapping[str, Iterable[Document]]) -> dict[str, dict[str, Document]]:
    """Return the versions of each document by annotator, sorted by document id.

    Raise `DataError` if a document's text differs between annotators.
    """
    grouped: dict[str, dict[str, Document]] = {}
    for name, documents in passes.items():
        for document in documents:
            grouped.setdefault(document.id, {})[name] = document
    problems = [problem for versions in grouped.values() for problem in _text_problems(versions)]
    if problems:
        raise DataError(problems)
    return dict(sorted(grouped.items()))


def _text_problems(versions: Mapping[str, Document]) -> Iterator[Problem]:
    (first_name, first), *others = versions.items()
    for name, other in others:
        if other.text != first.text:
            what = f"the text differs between {first_name} and {name}"
            fix = "Make the two texts identical, then annotate the changed text again"
            yield Problem("different-text", what, fix, first.id)


def measure_work(documents: Iterable[Document]) -> PassWork:
    """Return the size and annotation time of a pass."""
    listed = list(documents)
    size = (
        len(listed),
        sum(len(each.entities) for each in listed),
        sum(len(each.relations) for each in listed),
    )
    timed = list(_lead_times(listed))
    if not timed:
        return PassWork(*size, timed=0)
    seconds, lengths = zip(*timed, strict=True)
    per_1000 = 1000 * sum(seconds) / sum(lengths) if sum(lengths) else None
    return PassWork(*size, len(timed), sum(seconds), median(seconds), per_1000)


def _lead_times(documents: Iterable[Document]) -> Iterator[tuple[float, int]]:
    """Yield the lead time (seconds) and length (code points) of documents with a lead time."""
    for document in documents:
        seconds = provenance(document).get("lead_time")
        if isinstance(seconds, int | float):
            yield float(seconds), len(document.text)
