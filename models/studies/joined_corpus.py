"""Several corpora as one corpus, and the check that they may be trained and tested across."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import msgspec

from aloi.corpus.corpus_folder import Corpus, Manifest
from aloi.corpus.document import Document, hash_text
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import RIGHTS_KEYS, Rights

PlacedDocument = tuple[Corpus, Document]
"""A document and its corpus."""


@dataclass(frozen=True)
class JoinedCorpus(Corpus):
    """Several corpora as one: each split has the documents of this split in all corpora.

    The metadata of each document state the rights that apply to it in its own corpus.
    """

    parts: tuple[Corpus, ...] = ()

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        """All documents, corpus by corpus."""
        return tuple(
            _with_rights(document, corpus.rights(document))
            for corpus in self.parts
            for document in corpus.documents
        )


def join_corpora(corpora: Sequence[Corpus]) -> JoinedCorpus:
    """Return corpora as one corpus; raises the errors of `require_disjoint`."""
    require_disjoint(corpora)
    first, manifests = corpora[0], [corpus.manifest for corpus in corpora]
    manifest = Manifest(
        name="+".join(each.name for each in manifests),
        version="+".join(each.version for each in manifests),
        licence=" AND ".join(dict.fromkeys(each.licence for each in manifests)),
        schema=first.manifest.schema,
        restricted=tuple(chain.from_iterable(each.restricted for each in manifests)),
    )
    names = dict.fromkeys(chain.from_iterable(corpus.splits for corpus in corpora))
    splits = {
        name: tuple(chain.from_iterable(corpus.splits.get(name, ()) for corpus in corpora))
        for name in names
    }
    return JoinedCorpus(first.folder, manifest, first.schema, splits, tuple(corpora))


def require_disjoint(corpora: Sequence[Corpus]) -> None:
    """Raise `DataError` unless corpora have one schema and no document in common.

    Two documents are the same if their ids are equal, or their texts, apart from white space and
    letter case. Documents of two corpora about one event (`meta["event"]`) must be in the same
    split. Two corpora must not have the same name.
    """
    if problems := list(_corpus_problems(corpora)) or list(_overlap_problems(corpora)):
        raise DataError(problems)


def _with_rights(document: Document, rights: Rights) -> Document:
    stated = {
        RIGHTS_KEYS[name]: value
        for name, value in msgspec.structs.asdict(rights).items()
        if value is not None
    }
    return msgspec.structs.replace(document, meta={**document.meta, **stated})


def _corpus_problems(corpora: Sequence[Corpus]) -> Iterator[Problem]:
    first, *others = corpora
    names = [corpus.manifest.name for corpus in corpora]
    for number, corpus in enumerate(others, start=1):
        file = str(corpus.folder)
        if corpus.manifest.name in names[:number]:
            what = f"two corpora have the name {corpus.manifest.name}"
            fix = "Name each corpus once, or change the name in its corpus.toml"
            yield Problem("same-name", what, fix, file=file)
        if corpus.schema != first.schema:
            what = f"the schema ({corpus.schema}) differs from that of {names[0]} ({first.schema})"
            fix = "Use corpora with the same schema; `aloi corpus migrate` renames labels"
            yield Problem("other-schema", what, fix, file=file)


def _overlap_problems(corpora: Sequence[Corpus]) -> Iterator[Problem]:
    """Yield a problem for each document that another corpus contains, or leaks to its splits."""
    documents = [(corpus, document) for corpus in corpora for document in corpus.documents]
    for one, (corpus, other) in _equal_pairs(documents, lambda d: d.id):
        what = f"the id is also in {_place(corpus, other)}"
        yield _overlap(one, what, "Remove the document from one corpus, or change its id")
    for one, (corpus, other) in _equal_pairs(documents, _plain_text_hash):
        if one[1].id != other.id:
            what = f"the text is also in {_place(corpus, other)}"
            yield _overlap(one, what, "Remove the document from one of the corpora")
    for one, (corpus, other) in _equal_pairs(documents, lambda d: d.meta.get("event")):
        if _split(*one) != _split(corpus, other):
            what = f"event {other.meta['event']} is also in {_place(corpus, other)}"
            yield _overlap(one, what, "Move the documents about the event to the same split")


def _equal_pairs(
    documents: Iterable[PlacedDocument], key: Callable[[Document], object]
) -> Iterator[tuple[PlacedDocument, PlacedDocument]]:
    """Yield each pair of documents of two corpora with the same key, unless it is None."""
    groups: dict[object, list[PlacedDocument]] = defaultdict(list)
    for corpus, document in documents:
        value = key(document)
        if value is None:
            continue
        yield from (
            ((corpus, document), other) for other in groups[value] if other[0] is not corpus
        )
        groups[value].append((corpus, document))


def _plain_text_hash(document: Document) -> str:
    return hash_text(" ".join(document.text.casefold().split()))


def _split(corpus: Corpus, document: Document) -> str:
    return corpus.split_of.get(document.id, "none")


def _place(corpus: Corpus, document: Document) -> str:
    return f"{corpus.manifest.name}, split {_split(corpus, document)}, document {document.id}"


def _overlap(one: PlacedDocument, what: str, fix: str) -> Problem:
    corpus, document = one
    where = f"{corpus.manifest.name}, split {_split(corpus, document)}: {what}"
    return Problem("overlap", where, fix, document.id, file=str(corpus.folder))
