"""Gold and predicted mentions of one document, as (start, end, label)."""

from collections.abc import Iterable

from aloi.corpus.document import Document, Entity
from aloi.eval.columns import Annotations, MentionColumns
from aloi.eval.pairing import PairedAnnotations, pair_annotations

TEXT = "Xi et Poutine parlent de la guerre en Ukraine à Pékin, puis à Moscou, avec l'ONU."


def document(spans: Iterable[tuple[int, int, str]], id_: str = "d") -> Document:
    return Document(
        id_,
        TEXT,
        tuple(
            Entity(id=f"e{n}", start=start, end=end, label=label)
            for n, (start, end, label) in enumerate(spans)
        ),
    )


def pair_mentions(
    gold: Iterable[tuple[int, int, str]], pred: Iterable[tuple[int, int, str]]
) -> PairedAnnotations:
    return pair_annotations(*(Annotations.of([document(side)]) for side in (gold, pred)))


def labelled_spans(
    pair: PairedAnnotations, side: MentionColumns, rows: Iterable[int]
) -> list[tuple[int, int, str]]:
    """Return rows of mentions as (start, end, label)."""
    return [
        (int(side.start[row]), int(side.end[row]), pair.labels[side.label[row]]) for row in rows
    ]
