"""Gold and predicted mentions given as (start, end, label), compared as one document."""

from collections.abc import Iterable

from aloi.corpus.document import Document, Entity
from aloi.eval.columns import Annotations, MentionColumns
from aloi.eval.pairing import Pair, pair

TEXT = "Xi et Poutine parlent de la guerre en Ukraine à Pékin, puis à Moscou, avec l'ONU."


def document(spans: Iterable[tuple[int, int, str]], id_: str = "d") -> Document:
    return Document(id_, TEXT, tuple(Entity(f"e{n}", *span) for n, span in enumerate(spans)))


def compared(gold: Iterable[tuple[int, int, str]], pred: Iterable[tuple[int, int, str]]) -> Pair:
    return pair(*(Annotations.of([document(side)]) for side in (gold, pred)))


def mentions(both: Pair, side: MentionColumns, rows: Iterable[int]) -> list[tuple[int, int, str]]:
    """Rows of mentions as they were given."""
    return [
        (int(side.start[row]), int(side.end[row]), both.labels[side.label[row]]) for row in rows
    ]
