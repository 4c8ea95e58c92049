"""Check the documents of a release: splits, withheld texts, and differences from the corpus."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats import parquet
from aloi.corpus.problems import Problem
from aloi.corpus.quality.checks import leak_problems
from aloi.corpus.release.build.dataset_tables import standoff_row
from aloi.corpus.release.build.restricted_text_guard import corpus_guard
from aloi.corpus.release.publish.file_checks import REBUILD
from aloi.corpus.release.read.release_folder import Release, StandoffDocument
from aloi.corpus.release.restricted_text import folder_problems


def split_problems(release: Release) -> Iterator[Problem]:
    """Yield a problem for each document in two splits, and for passages shared by two splits."""
    split_of: dict[str, str] = {}
    for split, entries in release.manifest.documents.items():
        for entry in entries:
            if entry.id in split_of:
                what = f"the document is listed in two splits, {split_of[entry.id]} and {split}"
                yield Problem(
                    "two-splits",
                    what,
                    "List the document in one split only, and build the release again",
                    entry.id,
                )
            split_of[entry.id] = split
    documents = [document for split in release.documents().values() for document in split]
    yield from leak_problems(documents, split_of)


def withheld_problems(release: Release) -> Iterator[Problem]:
    """Yield a problem for each restricted document that a table exposes.

    A restricted document must not be in a table with texts. If the release was built without refs,
    the mentions of the document must not have refs. This check compares document ids only;
    `restricted_text_problems` searches for text.
    """
    for split, documents in release.standoff().items():
        restricted = [each for each in documents if not each.rights.redistributable]
        yield from _text_table_problems(release, split, {each.id for each in restricted})
        for document in restricted:
            has_refs = any(mention.ref is not None for mention in document.entities)
            if has_refs and not release.manifest.refs:
                what = (
                    "mentions of this document have refs, but the release was built with --no-refs"
                )
                yield Problem("restricted-text", what, REBUILD, document.id)


def _text_table_problems(release: Release, split: str, restricted: set[str]) -> Iterator[Problem]:
    for config, column in (
        ("documents", "id"),
        ("hf-tokens", "document_id"),
        ("relations", "document"),
    ):
        file = f"{config}/{split}.parquet"
        ids = {row.get(column) for row in parquet.read_rows(release.table(config, split), list)}
        if None in ids:
            what = f"a row of the table {config} has no {column}"
            yield Problem("bad-release", what, REBUILD, file=file)
        for id_ in sorted(restricted & ids):
            what = (
                f"the table {config} contains this document, whose text must not be redistributed"
            )
            yield Problem("restricted-text", what, REBUILD, id_, file=file)


def corpus_problems(release: Release, corpus: Corpus) -> Iterator[Problem]:
    """Yield a problem for each document that differs between the release and the corpus.

    Text, annotations, metadata and rights are compared. If name or version of the release
    and the corpus differ, only this difference is reported.
    """
    manifest, expected = release.manifest, corpus.manifest
    if (manifest.corpus, manifest.version) != (expected.name, expected.version):
        what = (
            f"the release contains corpus {manifest.corpus} {manifest.version}, "
            f"but the given corpus is {expected.name} {expected.version}"
        )
        yield Problem("corpus-mismatch", what, REBUILD)
        return
    open_documents, standoff = release.documents(), release.standoff()
    for split in corpus.splits:
        in_corpus = {document.id: document for document in corpus.split(split)}
        with_text = {document.id: document for document in open_documents.get(split, [])}
        in_release = {document.id: document for document in standoff.get(split, [])}
        for id_ in sorted(in_corpus.keys() ^ in_release.keys()):
            where = "corpus" if id_ in in_corpus else "release"
            what = f"only the {where} contains this document in split {split}"
            yield Problem("unlisted-documents", what, REBUILD, id_)
        for id_ in sorted(in_corpus.keys() & in_release.keys()):
            document = in_corpus[id_]
            expected_document = document if corpus.rights(document).redistributable else None
            same = with_text.get(id_) == expected_document
            if not same or not _same_standoff(in_release[id_], document, corpus, release):
                what = f"this document in split {split} differs between the release and the corpus"
                yield Problem("document-differs", what, REBUILD, id_)


def _same_standoff(
    standoff: StandoffDocument, document: Document, corpus: Corpus, release: Release
) -> bool:
    """Return whether a new build would write the same row of `standoff` for a document."""
    rights, salt = corpus.rights(document), release.manifest.salt
    refs = release.manifest.refs or rights.redistributable
    row = standoff_row(document, rights, salt=salt, refs=refs)
    return standoff == msgspec.convert(parquet.decode_row(row, {}), StandoffDocument)


def restricted_text_problems(release: Release, corpus: Corpus) -> Iterator[Problem]:
    """Yield a problem for each file that contains text of a restricted document."""
    yield from folder_problems(release.folder, corpus_guard(corpus, refs=release.manifest.refs))
