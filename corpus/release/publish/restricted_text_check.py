"""Search all files of a push for restricted text; a file with restricted text must not be pushed.

A report may declare that it contains restricted text; such reports are rejected first. Next, the
guard (`aloi.corpus.release.restricted_text`) searches every file for the text of the restricted
documents of a corpus.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.release.build.restricted_text_guard import corpus_guard
from aloi.corpus.release.restricted_text import file_problems
from aloi.corpus.rights import RESTRICTED_TEXT

FileContent = Path | bytes
"""A file to publish: its path, or its bytes."""

_DECLARATION = re.compile(rb"<(?:!-- |meta name=\"?)" + RESTRICTED_TEXT.encode() + rb"\b")
"""Pattern of the declaration that an HTML or Markdown report contains restricted text."""

_DECLARATION_BYTES = 4096
"""Number of bytes at the start of a file that are searched for a declaration."""


@dataclass(frozen=True)
class ClearedFiles:
    """Files that may be pushed, by path, and the extent of the search for restricted text.

    `corpus`: name and version of the corpus. If no corpus was given, `corpus` is None, and the
    files were not searched. `documents`: ids of the restricted documents whose text was searched
    for. `missing`: ids of restricted documents that `corpus.toml` lists, but that the corpus folder
    does not contain.
    """

    files: Mapping[str, FileContent]
    corpus: str | None = None
    documents: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def summary(self) -> Iterator[str]:
        """Yield lines that describe the result of the search."""
        if self.corpus is None:
            yield (
                "restricted text: not checked, because no corpus was given (--corpus) "
                "and the files list no restricted document"
            )
            return
        if self.documents:
            yield (
                f"restricted text: none found in {count_noun(len(self.files), 'file')}; "
                f"searched for {count_noun(len(self.documents), 'restricted document')} "
                f"of {self.corpus}: {', '.join(self.documents)}"
            )
        else:
            yield f"restricted text: {self.corpus} contains no restricted document to search for"
        if self.missing:
            yield (
                "restricted documents that were not searched for, because they are not in "
                f"the corpus folder: {', '.join(self.missing)}"
            )


def clear_files(
    files: Mapping[str, FileContent],
    corpus: Corpus | None,
    *,
    used_ids: Collection[str] = (),
    refs: bool = True,
    vocabularies: Collection[str] = (),
) -> ClearedFiles:
    """Return the files if none of them contains text of the restricted documents of a corpus.

    `used_ids`: ids of the restricted documents from which the files were made. `refs`: whether the
    files may contain the refs of mentions in restricted documents. `vocabularies`: paths of files
    in which only long runs are leaks, because a vocabulary lists names and stock phrases.

    Raises `DataError` with a problem for each file that contains restricted text, and for each
    report that declares restricted text. An id in `used_ids` is also a problem if the corpus does
    not contain this restricted document.
    """
    problems = [*_declaration_problems(files), *_unavailable_problems(used_ids, corpus)]
    if problems:
        raise DataError(problems)
    if corpus is None:
        return ClearedFiles(files)
    guard = corpus_guard(corpus, refs=refs)
    problems = [
        problem
        for name, content in sorted(files.items())
        for problem in file_problems(name, content, guard, long_only=name in vocabularies)
    ]
    if problems:
        raise DataError(problems)
    missing = {*corpus.manifest.restricted} - {*guard.documents}
    name = f"{corpus.manifest.name} {corpus.manifest.version}"
    return ClearedFiles(files, name, guard.documents, tuple(sorted(missing)))


def _declaration_problems(files: Mapping[str, FileContent]) -> Iterator[Problem]:
    """Yield a problem for each report that declares that it contains restricted text."""
    for name, content in sorted(files.items()):
        raw = content if isinstance(content, bytes) else content.read_bytes()
        in_markup = _DECLARATION.search(raw, 0, _DECLARATION_BYTES)
        if in_markup or (name.endswith(".json") and _declared_in_json(raw)):
            what = f"this report contains restricted text: it is marked with {RESTRICTED_TEXT}"
            fix = "Write the report again without --with-restricted-text"
            yield Problem("restricted-report", what, fix, file=name)


def _declared_in_json(raw: bytes) -> bool:
    """Return whether a JSON file is a report that declares restricted text."""
    if RESTRICTED_TEXT.encode() not in raw:
        return False
    try:
        report: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(report, dict) and report.get(RESTRICTED_TEXT) is True


def _unavailable_problems(used_ids: Collection[str], corpus: Corpus | None) -> Iterator[Problem]:
    """Yield a problem for each id in `used_ids` without a restricted document in the corpus."""
    if corpus is None:
        reason, available = "no corpus is given", frozenset[str]()
    else:
        reason = (
            f"corpus {corpus.manifest.name} in {corpus.folder} contains no restricted document "
            "with this id"
        )
        available = frozenset(document.id for document in corpus.documents) & corpus.restricted_ids
    for id_ in sorted(set(used_ids) - available):
        what = (
            f"the files use this restricted document, but {reason}, "
            "so its text cannot be searched for"
        )
        fix = "Use --corpus CORPUS to give the corpus folder that contains this document"
        yield Problem("text-unavailable", what, fix, document=id_)


def find_vocabularies(files: Mapping[str, FileContent]) -> frozenset[str]:
    """Return the paths of the vocabulary files and the binary files of a pipeline."""
    return frozenset(
        name
        for name, content in files.items()
        if "vocab" in PurePosixPath(name).parts
        or (isinstance(content, Path) and b"\0" in content.read_bytes())
    )


def list_files(folder: Path) -> dict[str, FileContent]:
    """Return the files below a folder, by path relative to the folder."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in paths}
