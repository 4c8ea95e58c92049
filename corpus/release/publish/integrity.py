"""Whether a release folder may go out: as it was built, and of the version that is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from aloi.corpus.collection import Corpus
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.clearance import ClearedFiles, clear, folder_files
from aloi.corpus.release.publish.check import rights_problems, sum_problems
from aloi.corpus.release.read.layout import DOCUMENT_BYTES, MANIFEST, Entry, Release, hash_of


def intact_files(folder: Path, *, tag: str, corpus: Corpus | None) -> ClearedFiles:
    """Return the files of a release, searched for the restricted documents of a corpus.

    Raises `DataError` with every file that is missing, changed or not of the release; if a document
    is given with its text and may not be; if the version is not the one of the tag `vX.Y.Z`; if a
    file has restricted text, or the release withholds a text that the corpus does not have. The
    whole of `aloi release check` is not repeated.
    """
    release = Release.open(folder)
    problems = [*_version_problems(release, tag), *sum_problems(release)]
    if problems or (problems := list(rights_problems(release))):
        raise DataError(problems)
    manifest = release.manifest
    withheld = [
        entry
        for entries in manifest.documents.values()
        for entry in entries
        if not entry.redistributable
    ]
    if corpus is not None and (problems := list(_other_texts(withheld, manifest.salt, corpus))):
        raise DataError(problems)
    involved = {entry.id for entry in withheld}
    return clear(folder_files(folder), corpus, involved=involved, refs=manifest.refs)


def _other_texts(withheld: Iterable[Entry], salt: str, corpus: Corpus) -> Iterator[Problem]:
    """Yield a problem for each withheld document that has another text in the corpus."""
    texts = {document.id: document.text for document in corpus.documents}
    for entry in withheld:
        text = texts.get(entry.id)
        if text is not None and hash_of(text, salt, DOCUMENT_BYTES) != entry.hash:
            what = f"its text in {corpus.folder} is not the one that the release withholds"
            fix = "Give the corpus that the release was built from with --corpus CORPUS"
            yield Problem("nothing-to-check", what, fix, document=entry.id)


def _version_problems(release: Release, tag: str) -> Iterator[Problem]:
    version = release.manifest.version
    if tag != f"v{version}":
        what = f"the release is version {version}, the tag is {tag}"
        fix = f"Say --tag v{version}, or build a release of the version you mean"
        yield Problem("other-version", what, fix, file=str(release.folder / MANIFEST))
