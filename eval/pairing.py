"""Gold and predictions of the same documents, paired by document id.

Gold and predictions must contain the same documents with the same texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import is_restricted
from aloi.eval.columns import Annotations, Ints, MentionColumns, RelationColumns

EXCERPT_LENGTH = 20
"""Code points quoted from each text if two texts differ."""


@dataclass(frozen=True)
class Side:
    """The mentions and relations of either gold or the predictions.

    Document and label numbers are indices into the tuples of `PairedAnnotations`.
    """

    mentions: MentionColumns = field(repr=False)
    relations: RelationColumns = field(repr=False)


@dataclass(frozen=True)
class PairedAnnotations:
    """Gold and predictions of the same documents, with common document and label numbers.

    `restricted` contains the ids of documents with text that must not be redistributed. `withheld`
    contains the ids of documents that reports show without text. These are all restricted
    documents, or no documents if the caller requested restricted text.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...] = field(repr=False)
    metas: tuple[dict[str, object], ...] = field(repr=False)
    labels: tuple[str, ...]
    relation_labels: tuple[str, ...]
    gold: Side
    pred: Side
    restricted: frozenset[str] = frozenset()
    withheld: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def width(self) -> int:
        """The length of the longest text plus 1.

        `document * width + offset` is therefore a different number for each document and offset.
        """
        return max(map(len, self.texts), default=0) + 1


def pair_annotations(
    gold: Annotations,
    pred: Annotations,
    *,
    allow_missing: bool = False,
    restricted: Collection[str] = (),
    restricted_text: bool = False,
) -> PairedAnnotations:
    """Return gold and predictions paired and sorted by document id.

    The order of the documents in the input therefore has no effect, for example on a bootstrap.

    - `allow_missing`: if a gold document has no prediction, pair it with an empty prediction, so
      that its entities and relations count as missed.
    - `restricted`: ids of restricted documents, in addition to the documents that are marked as
      restricted in their metadata.
    - `restricted_text`: whether reports may contain the text of restricted documents.

    Raises `DataError` if a document is repeated, has different texts in gold and predictions, or is
    missing in gold or predictions. The error lists all such documents.
    """
    problems = [
        *_repeated_ids(gold.ids, "gold"),
        *_repeated_ids(pred.ids, "the predictions"),
        *_text_differences(gold, pred),
        *_unpaired_documents(gold.ids, pred.ids, allow_missing=allow_missing),
    ]
    if problems:
        raise DataError(sorted(problems, key=lambda problem: (problem.kind, problem.document)))
    pair = _renumber_both(gold, pred)
    known = {*restricted, *_restricted_ids(gold), *_restricted_ids(pred)}
    ids = frozenset(gold.ids) & known
    return replace(pair, restricted=ids, withheld=frozenset() if restricted_text else ids)


def _restricted_ids(side: Annotations) -> Iterator[str]:
    """Yield the ids of the documents that are restricted according to their metadata."""
    return (
        id_ for id_, meta in zip(side.ids, side.metas, strict=True) if meta and is_restricted(meta)
    )


def _renumber_both(gold: Annotations, pred: Annotations) -> PairedAnnotations:
    """Return gold and predictions with shared document numbers, by id, and label numbers."""
    labels = sorted({*gold.labels, *pred.labels})
    relation_labels = sorted({*gold.relation_labels, *pred.relation_labels})
    numbers = [
        {label: number for number, label in enumerate(names)} for names in (labels, relation_labels)
    ]
    order = sorted(range(len(gold.ids)), key=gold.ids.__getitem__)
    ids = tuple(gold.ids[i] for i in order)
    return PairedAnnotations(
        ids,
        tuple(gold.texts[i] for i in order),
        tuple(gold.metas[i] for i in order),
        tuple(labels),
        tuple(relation_labels),
        Side(*gold.renumber(_document_numbers(ids, gold.ids), *numbers)),
        Side(*pred.renumber(_document_numbers(ids, pred.ids), *numbers)),
    )


def _document_numbers(sorted_ids: tuple[str, ...], ids: tuple[str, ...]) -> Ints:
    """Return the position of each id in `sorted_ids`."""
    numbers = {id_: number for number, id_ in enumerate(sorted_ids)}
    return np.array([numbers[id_] for id_ in ids], dtype=np.int64)


def _repeated_ids(ids: tuple[str, ...], side: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for id_ in ids:
        if id_ in seen:
            what = f"this document id occurs more than once in {side}"
            fix = "Give each document a unique id"
            yield Problem("document-id-twice", what, fix, id_)
        seen.add(id_)


def _unpaired_documents(
    gold: tuple[str, ...], pred: tuple[str, ...], *, allow_missing: bool
) -> Iterator[Problem]:
    if not allow_missing:
        fix = (
            "Add a prediction for this document, or pass --allow-missing to count its entities and "
            "relations as missed"
        )
        what = "gold contains this document, but the predictions do not"
        for id_ in {*gold} - {*pred}:
            yield Problem("missing-document", what, fix, id_)
    fix = "Remove this document from the predictions"
    what = "the predictions contain this document, but gold does not"
    for id_ in {*pred} - {*gold}:
        yield Problem("extra-document", what, fix, id_)


def _text_differences(gold: Annotations, pred: Annotations) -> Iterator[Problem]:
    predicted = dict(zip(pred.ids, pred.texts, strict=True))
    for id_, text in zip(gold.ids, gold.texts, strict=True):
        other = predicted.get(id_)
        if other is not None and other != text:
            offset = _first_difference(text, other)
            one, two = (each[offset : offset + EXCERPT_LENGTH] for each in (text, other))
            what = (
                f"the texts differ at character {offset}: gold contains {one!r}, "
                f"the prediction contains {two!r}"
            )
            fix = "Predict on the text of the gold document, so that offsets refer to the same text"
            yield Problem("different-text", what, fix, id_)


def _first_difference(one: str, two: str) -> int:
    for offset, (a, b) in enumerate(zip(one, two, strict=False)):
        if a != b:
            return offset
    return min(len(one), len(two))
