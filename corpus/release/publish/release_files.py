"""Check whether the files of a release may be published, and return them for a push."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.formats.detection import RELEASE_MANIFEST
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.publish.content_checks import withheld_problems
from aloi.corpus.release.publish.file_checks import checksum_problems
from aloi.corpus.release.publish.restricted_text_check import ClearedFiles, clear_files, list_files
from aloi.corpus.release.read.hashes import DOCUMENT_HASH_BYTES, salted_hash
from aloi.corpus.release.read.release_folder import DocumentEntry, Release


def release_files(folder: Path, *, tag: str, corpus: Corpus | None) -> ClearedFiles:
    """Return the files of a release if they may be published.

    Raises `DataError` in the following cases; the other checks of `aloi release check` do not run.

    - The tag does not match the version of the release.
    - A file is missing, changed, or not listed in SHA256SUMS.
    - A file contains restricted text.
    - The text of a restricted document cannot be searched for, because `corpus` is None or does not
      contain this text.
    """
    release = Release.open(folder)
    problems = [*_version_problems(release, tag), *checksum_problems(release)]
    if problems or (problems := list(withheld_problems(release))):
        raise DataError(problems)
    manifest = release.manifest
    withheld = [
        entry
        for entries in manifest.documents.values()
        for entry in entries
        if not entry.redistributable
    ]
    if corpus is not None and (problems := list(_text_problems(withheld, manifest.salt, corpus))):
        raise DataError(problems)
    ids = {entry.id for entry in withheld}
    return clear_files(list_files(folder), corpus, used_ids=ids, refs=manifest.refs)


def _text_problems(
    withheld: Iterable[DocumentEntry], salt: str, corpus: Corpus
) -> Iterator[Problem]:
    """Yield a problem for each withheld text that differs from the text in the corpus."""
    texts = {document.id: document.text for document in corpus.documents}
    for entry in withheld:
        text = texts.get(entry.id)
        if text is not None and salted_hash(text, salt, DOCUMENT_HASH_BYTES) != entry.hash:
            what = f"the text in {corpus.folder} differs from the text that the release withholds"
            fix = "Use --corpus CORPUS to give the corpus from which the release was built"
            yield Problem("text-unavailable", what, fix, document=entry.id)


def _version_problems(release: Release, tag: str) -> Iterator[Problem]:
    version = release.manifest.version
    if tag != f"v{version}":
        what = f"the release has version {version}, but the tag is {tag}"
        fix = f"Use --tag v{version}, or build a release of the version that you want to push"
        yield Problem("version-mismatch", what, fix, file=str(release.folder / RELEASE_MANIFEST))
