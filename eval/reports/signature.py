"""The signature of a report: the conditions under which its numbers were computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from aloi.corpus.problems import count_noun
from aloi.eval.scoring_choices import IntervalMethod, RefComparison

GOLD_HASH_DIGITS = 12
"""The number of hexadecimal digits of the gold hash in the printed signature."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The conditions under which a report was computed; `str` returns the conditions on one line.

    - `corpus`: name, version and hash of the corpus.
    - `gold_hash`: hash of the gold documents (64 hexadecimal digits), printed if `corpus` is None.
    - `schema`: name and version of the schema.
    - `bootstrap`: number of replicates. If it is None, neither the bootstrap nor the seed is
      printed.
    - `refs`: how facts compare predicted refs with gold's refs, printed if it is not `MAPPED`.
    - `interval`: the method of the bootstrap intervals, printed with the bootstrap.
    - `min_overlap`: the smallest overlap of partial matches, printed if it is not 0.
    - `notes`: additional conditions, printed last.
    """

    aloi_version: str
    corpus: str | None
    gold_hash: str
    documents: int
    schema: str | None
    entity_schemes: tuple[str, ...]
    relation_schemes: tuple[str, ...]
    allow_missing: bool = False
    bootstrap: int | None = 0
    seed: int = 0
    notes: tuple[str, ...] = ()
    refs: RefComparison = RefComparison.MAPPED
    interval: IntervalMethod = IntervalMethod.EXPANDED
    min_overlap: float = 0.0

    def __str__(self) -> str:
        return " | ".join(self._parts())

    def with_notes(self, *notes: str) -> Signature:
        """Return a copy of the signature with additional notes."""
        return replace(self, notes=(*self.notes, *notes))

    def _parts(self) -> Iterator[str]:
        yield f"aloi {self.aloi_version}"
        if self.corpus:
            yield f"corpus {self.corpus}"
        else:
            yield f"gold {self.gold_hash[:GOLD_HASH_DIGITS]}"
        yield count_noun(self.documents, "document")
        yield f"schema {self.schema}" if self.schema else "no schema, relations directed"
        yield f"entities {'+'.join(self.entity_schemes) or 'none'}"
        yield f"relations {'+'.join(self.relation_schemes) or 'none'}"
        if self.refs is not RefComparison.MAPPED:
            yield f"refs {self.refs}"
        if self.min_overlap:
            yield f"min overlap {self.min_overlap:g}"
        if self.allow_missing:
            yield "missing documents allowed"
        if self.bootstrap is not None:
            drawn = f"bootstrap {self.bootstrap} seed {self.seed} interval {self.interval}"
            yield drawn if self.bootstrap else "no bootstrap"
        yield from self.notes
