"""Compare two versions of a corpus: documents, splits, texts, rights, metadata and annotations.

Documents are identified by their id. `annotation_changes` defines how annotations are compared.
The running time is linear in the number of documents and annotations.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aloi.corpus.release.versions.annotation_changes import (
    AnnotationChanges,
    AnnotationKind,
    compare_annotations,
    count_annotations,
)
from aloi.corpus.release.versions.snapshots import CorpusSnapshot, TextHash
from aloi.corpus.rights import RIGHTS_KEYS

USE_RIGHTS = ("licence", "holder", "redistributable")
"""Fields of `Rights` that determine who may use a text; other fields count as metadata."""

ChangeKey = tuple[AnnotationKind, str, str]
"""Kind of annotation, split, label."""


@dataclass(frozen=True)
class CorpusDifferences:
    """All differences from `old` to `new`, except schema differences. Documents are sorted by id.

    `added`, `removed`: split of each added or removed document, by id. `moved`: old and new split
    of each moved document, by id. `rewritten`: ids of documents with a different text. `annotated`,
    `rights`, `metadata`: ids of documents with different annotations, rights or metadata.

    `annotations`: numbers of changes, by kind, split and label. `kept`: numbers of old annotations
    in documents that are in both versions, by kind and split. A moved document is counted in its
    new split.
    """

    old: CorpusSnapshot
    new: CorpusSnapshot
    added: Mapping[str, str]
    removed: Mapping[str, str]
    moved: Mapping[str, tuple[str, str]]
    rewritten: tuple[str, ...]
    annotated: tuple[str, ...]
    rights: tuple[str, ...]
    metadata: tuple[str, ...]
    annotations: Mapping[ChangeKey, AnnotationChanges]
    kept: Mapping[tuple[AnnotationKind, str], int]


def compare_snapshots(old: CorpusSnapshot, new: CorpusSnapshot) -> CorpusDifferences:
    """Return the differences between an old and a new version."""
    common = sorted(old.documents.keys() & new.documents.keys())
    splits = {id_: (old.split(id_), new.split(id_)) for id_ in common}
    corrections = _corrections(old, new, common)
    return CorpusDifferences(
        old=old,
        new=new,
        added=_only_in(new, old),
        removed=_only_in(old, new),
        moved={id_: both for id_, both in splits.items() if both[0] != both[1]},
        rewritten=tuple(id_ for id_ in common if _text_differs(old, new, id_)),
        annotated=tuple(id_ for id_, changes in corrections.items() if changes),
        rights=tuple(id_ for id_ in common if _use_rights(old, id_) != _use_rights(new, id_)),
        metadata=tuple(id_ for id_ in common if _metadata_differs(old, new, id_)),
        annotations=_sum_changes(old, new, corrections),
        kept=_count_kept(old, new, common),
    )


def _only_in(one: CorpusSnapshot, other: CorpusSnapshot) -> dict[str, str]:
    """Return the split of each document that is only in `one`, by document id.

    Documents in `other.missing` are ignored.
    """
    ids = one.documents.keys() - other.documents.keys() - other.missing
    return {id_: one.split(id_) for id_ in sorted(ids)}


def _text_differs(old: CorpusSnapshot, new: CorpusSnapshot, id_: str) -> bool:
    """Return whether the text of a document changed.

    If both texts are withheld and the salts of their hashes differ, only the lengths are compared.
    """
    before, after = old.documents[id_].text, new.documents[id_].text
    match old.text_hashes.get(id_), new.text_hashes.get(id_):
        case None, None:
            return before != after
        case None, TextHash() as text_hash:
            return not text_hash.matches(before)
        case TextHash() as text_hash, None:
            return not text_hash.matches(after)
        case one, other if one and other and one.salt == other.salt:
            return one != other
    return len(before) != len(after)


def _use_rights(snapshot: CorpusSnapshot, id_: str) -> tuple[object, ...]:
    return tuple(getattr(snapshot.rights[id_], name) for name in USE_RIGHTS)


def _metadata_differs(old: CorpusSnapshot, new: CorpusSnapshot, id_: str) -> bool:
    """Return whether the metadata of a document changed.

    If the text is withheld, only keys that occur in both versions are compared.
    """
    before, after = old.documents[id_].meta, new.documents[id_].meta
    keys = before.keys() | after.keys()
    if _is_withheld(old, new, id_):
        keys = before.keys() & after.keys()  # a release removes some metadata
    use_keys = {RIGHTS_KEYS[name] for name in USE_RIGHTS}
    return any(before.get(key) != after.get(key) for key in keys - use_keys)


def _is_withheld(old: CorpusSnapshot, new: CorpusSnapshot, id_: str) -> bool:
    return id_ in old.text_hashes or id_ in new.text_hashes


def _corrections(
    old: CorpusSnapshot, new: CorpusSnapshot, common: list[str]
) -> dict[str, Mapping[tuple[AnnotationKind, str], AnnotationChanges]]:
    """Return the annotation changes of each document that is in both versions."""
    symmetric = _symmetric_labels(old, new)
    return {
        id_: compare_annotations(
            old.documents[id_],
            new.documents[id_],
            same_text=_is_withheld(old, new, id_)
            or old.documents[id_].text == new.documents[id_].text,
            symmetric=symmetric,
        )
        for id_ in common
    }


def _symmetric_labels(old: CorpusSnapshot, new: CorpusSnapshot) -> frozenset[str]:
    """Return the relation labels that are symmetric in both schemas, or in the only schema."""
    labels = [each.schema.symmetric for each in (old, new) if each.schema]
    return frozenset.intersection(*labels) if labels else frozenset()


def _sum_changes(
    old: CorpusSnapshot,
    new: CorpusSnapshot,
    corrections: Mapping[str, Mapping[tuple[AnnotationKind, str], AnnotationChanges]],
) -> dict[ChangeKey, AnnotationChanges]:
    """Return the changes in all documents, sorted by kind, split and label."""
    sums: dict[ChangeKey, AnnotationChanges] = defaultdict(AnnotationChanges)
    for key, changes in (*_arrivals(old, new), *_departures(old, new)):
        sums[key] += changes
    for id_, by_label in corrections.items():
        for (kind, label), changes in by_label.items():
            sums[kind, new.split(id_), label] += changes
    return dict(sorted(sums.items()))


def _arrivals(
    old: CorpusSnapshot, new: CorpusSnapshot
) -> Iterator[tuple[ChangeKey, AnnotationChanges]]:
    """Yield the number of annotations of each added document, by kind, split and label."""
    for id_, split in _only_in(new, old).items():
        for (kind, label), number in count_annotations(new.documents[id_]).items():
            yield (kind, split, label), AnnotationChanges(arrived=number)


def _departures(
    old: CorpusSnapshot, new: CorpusSnapshot
) -> Iterator[tuple[ChangeKey, AnnotationChanges]]:
    """Yield the number of annotations of each removed document, by kind, split and label."""
    for id_, split in _only_in(old, new).items():
        for (kind, label), number in count_annotations(old.documents[id_]).items():
            yield (kind, split, label), AnnotationChanges(left=number)


def _count_kept(
    old: CorpusSnapshot, new: CorpusSnapshot, common: list[str]
) -> Counter[tuple[AnnotationKind, str]]:
    """Return the number of old annotations in common documents, by kind and new split."""
    kept: Counter[tuple[AnnotationKind, str]] = Counter()
    for id_ in common:
        kept["entities", new.split(id_)] += len(old.documents[id_].entities)
        kept["relations", new.split(id_)] += len(old.documents[id_].relations)
    return kept
