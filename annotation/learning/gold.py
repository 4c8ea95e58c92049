"""The gold so far: the annotated documents of a corpus and the finished work of its annotators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, hash_documents
from aloi.corpus.rights import Rights
from aloi.corpus.schema import schema_problems
from aloi.models.studies.folds import group_by_event, make_folds

DEV_FOLDS = 5
"""Without annotated dev documents, one of this number of folds is used for development."""


@dataclass(frozen=True)
class GoldSoFar:
    """The documents with finished annotations, by id, and the texts that wait for annotation.

    `usable` are the documents for training and development; documents of the split `test` are not
    usable. `finished` counts the documents in `usable` with an annotator's pass. `invalid` are the
    ids of documents with annotations that the schema does not allow. `unlabelled` are the documents
    without annotations, without those of the split `test`.
    """

    usable: dict[str, Document]
    unlabelled: dict[str, Document]
    finished: int = 0
    invalid: tuple[str, ...] = ()

    def hashes(self) -> dict[str, str]:
        """Return the hash of the text and annotations of each usable document, by id."""
        return {id_: content_hash(document) for id_, document in sorted(self.usable.items())}


def content_hash(document: Document) -> str:
    """Return the SHA-256 of a document's text and annotations; the metadata do not count."""
    return hash_documents([msgspec.structs.replace(document, meta={})])


def gold_so_far(corpus: Corpus, passes: Path) -> GoldSoFar:
    """Return the gold so far; `passes` contains one folder per annotator, as `pull` writes it.

    An annotated document of the corpus takes precedence over passes, because it is adjudicated. If
    several annotators finished a document that is not adjudicated, the pass of the first annotator
    by name is used.
    """
    finished = _first_passes(passes)
    adjudicated = {d.id: d for d in corpus.documents if d.entities or d.id in corpus.split_of}
    labelled = finished | adjudicated
    invalid = {i for i, d in labelled.items() if any(schema_problems(d, corpus.schema))}
    in_test = {id_ for id_, split in corpus.split_of.items() if split == "test"}
    texts = {document.id: document for document in (*corpus.documents, *corpus.inbox)}
    usable = {i: d for i, d in labelled.items() if i not in invalid | in_test}
    return GoldSoFar(
        usable,
        {i: d for i, d in texts.items() if i not in labelled.keys() | in_test},
        len(usable.keys() & finished.keys()),
        tuple(sorted(invalid)),
    )


def _first_passes(passes: Path) -> dict[str, Document]:
    folders = passes.iterdir() if passes.is_dir() else ()
    names = sorted(each for each in folders if each.is_dir() and not each.name.startswith("."))
    first: dict[str, Document] = {}
    for folder in names:
        for document in document_files.read(folder):
            first.setdefault(document.id, document)
    return first


def default_rights(corpus: Corpus, documents: Iterable[Document]) -> Rights:
    """Return the rights of documents that do not state their own.

    They do not allow redistribution if the corpus restricts one of the documents.
    """
    rights = corpus.manifest.rights
    if corpus.restricted_ids.isdisjoint(document.id for document in documents):
        return rights
    return msgspec.structs.replace(rights, redistributable=False)


def split_train_dev(
    documents: Iterable[Document], corpus: Corpus
) -> tuple[list[Document], list[Document]] | None:
    """Return the train and dev documents, or None if one of them would contain no mention.

    The dev documents are those of the corpus's split `dev`. If they contain no mention, they are
    the first of `DEV_FOLDS` folds with a mention. Train contains no text of dev.
    """
    listed = list(documents)
    for dev in _dev_candidates(listed, corpus):
        texts = {document.text for document in dev}
        train = [document for document in listed if document.text not in texts]
        if any(each.entities for each in dev) and any(each.entities for each in train):
            return train, list(dev)
    return None


def _dev_candidates(documents: list[Document], corpus: Corpus) -> Iterator[Sequence[Document]]:
    yield [document for document in documents if corpus.split_of.get(document.id) == "dev"]
    count = min(DEV_FOLDS, len(group_by_event(documents)))
    yield from make_folds(documents, count) if count else ()
