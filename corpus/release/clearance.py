"""Clear files for a push: no push sends a file that this module has not searched.

A report that says that it contains restricted text is refused by its mark. Then the guard of
`aloi.corpus.release.restricted_text` searches every file for the restricted documents of a corpus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from aloi.corpus.collection import Corpus
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.build.assembly import guard
from aloi.corpus.release.restricted_text import content_problems
from aloi.corpus.rights import RESTRICTED_TEXT

Content = Path | bytes
"""A file to publish: its path, or its bytes."""

_HEAD_BYTES = 4096
"""Where a page or a Markdown report has its mark."""
_MARK = re.compile(rb"<(?:!-- |meta name=\"?)" + RESTRICTED_TEXT.encode() + rb"\b")


@dataclass(frozen=True)
class ClearedFiles:
    """Files that may be pushed, by their paths, and what they were searched for.

    `corpus` is None if nothing was searched for; `documents` are the restricted documents that were
    searched for, `missing` those that the corpus names and this copy of it lacks.
    """

    files: Mapping[str, Content]
    corpus: str | None = None
    documents: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def clear(
    files: Mapping[str, Content],
    corpus: Corpus | None,
    *,
    involved: Collection[str] = (),
    refs: bool = True,
    vocabularies: Collection[str] = (),
) -> ClearedFiles:
    """Search files for text of a corpus's restricted documents.

    `involved`: ids of the restricted documents that the files were made from, as far as they say.
    `refs`: whether refs of restricted mentions are allowed. `vocabularies`: paths in which only
    long runs are leaks, since a vocabulary lists names and stock phrases.

    Raises `DataError` with a problem for each file that has restricted text or says so, and for
    each document involved whose text is not at hand.
    """
    problems = [*_marked(files), *_absent(involved, corpus)]
    if problems:
        raise DataError(problems)
    if corpus is None:
        return ClearedFiles(files)
    search = guard(corpus, refs=refs)
    problems = [
        problem
        for name, content in sorted(files.items())
        for problem in content_problems(name, content, search, long_only=name in vocabularies)
    ]
    if problems:
        raise DataError(problems)
    missing = {*corpus.manifest.restricted} - {*search.documents}
    name = f"{corpus.manifest.name} {corpus.manifest.version}"
    return ClearedFiles(files, name, search.documents, tuple(sorted(missing)))


def _marked(files: Mapping[str, Content]) -> Iterator[Problem]:
    """Yield a problem for each report that says that it contains restricted text."""
    for name, content in sorted(files.items()):
        raw = content if isinstance(content, bytes) else content.read_bytes()
        if _MARK.search(raw, 0, _HEAD_BYTES) or (name.endswith(".json") and _keyed(raw)):
            what = f"this report contains restricted text ({RESTRICTED_TEXT})"
            fix = "Write it again without --with-restricted-text"
            yield Problem("restricted-report", what, fix, file=name)


def _keyed(raw: bytes) -> bool:
    """Return whether a JSON report has the key that says so."""
    if RESTRICTED_TEXT.encode() not in raw:
        return False
    try:
        report: Any = json.loads(raw)
    except ValueError:
        return False
    return isinstance(report, dict) and report.get(RESTRICTED_TEXT) is True


def _absent(involved: Collection[str], corpus: Corpus | None) -> Iterator[Problem]:
    """Yield a problem for each document involved whose text cannot be searched for."""
    if corpus is None:
        where, known = "no corpus is given", frozenset[str]()
    else:
        where = f"corpus {corpus.manifest.name} in {corpus.folder} does not have it as restricted"
        known = frozenset(document.id for document in corpus.documents) & corpus.restricted_ids
    for id_ in sorted(set(involved) - known):
        what = f"restricted document used, but {where}: its text cannot be searched for"
        fix = "Give the corpus folder that has this document with --corpus CORPUS"
        yield Problem("nothing-to-check", what, fix, document=id_)


def vocabularies(files: Mapping[str, Content]) -> frozenset[str]:
    """Return the paths of a pipeline's vocabulary, and of its binary files, which list words."""
    return frozenset(
        name
        for name, content in files.items()
        if "vocab" in PurePosixPath(name).parts
        or (isinstance(content, Path) and b"\0" in content.read_bytes())
    )


def folder_files(folder: Path) -> dict[str, Content]:
    """Return the files below a folder by their paths in it."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}
