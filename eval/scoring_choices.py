"""The choices of an evaluation: what is scored, how refs are compared, and which intervals."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aloi.corpus.schema import Schema
    from aloi.eval.columns import Annotations


class RefComparison(StrEnum):
    """How the schemes over facts compare predicted refs with gold's refs.

    `MAPPED` maps predicted refs to gold by the spans of mentions, and ignores their names.
    `SHARED` compares names: both sides use one authority, such as Wikidata.
    """

    MAPPED = "mapped"
    SHARED = "shared"


class IntervalMethod(StrEnum):
    """The bounds of a bootstrap interval (see `aloi.eval.statistics.intervals`)."""

    EXPANDED = "expanded"
    PERCENTILE = "percentile"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """What to score, and what the report contains.

    - `schemes`: names of schemes from `aloi.eval.schemes` (default: all schemes). If `schemes` is
      given, the report contains no analysis of errors.
    - `schema`: determines which relations are symmetric and which labels are known (default: all
      relations are directed, and all labels are known).
    - `train`: the training documents of the system. They are required for the scheme `facts-ign`
      and for separate scores of seen and unseen surfaces.
    - `corpus`: name of the corpus in the signature (default: the hash of gold).
    - `allow_missing`: if a gold document has no prediction, count its entities and relations as
      missed.
    - `bootstrap`: number of replicates for intervals (default: no intervals).
    - `seed`: random seed of the bootstrap.
    - `restricted`: ids of restricted documents, in addition to the documents that are marked as
      restricted in their metadata.
    - `restricted_text`: whether the report may contain the text of restricted documents.
    - `refs`: how facts compare predicted refs with gold's refs (default: by the spans of mentions).
    - `interval`: method of the intervals (default: expanded percentile).
    - `min_overlap`: smallest overlap of two mentions that the schemes semeval-partial and
      semeval-type align: shared characters divided by all characters of both (default: any).
    """

    schemes: Collection[str] | None = None
    schema: Schema | None = None
    train: Annotations | None = None
    corpus: str | None = None
    allow_missing: bool = False
    bootstrap: int = 0
    seed: int = 0
    restricted: Collection[str] = ()
    restricted_text: bool = False
    refs: RefComparison = RefComparison.MAPPED
    interval: IntervalMethod = IntervalMethod.EXPANDED
    min_overlap: float = 0.0

    @property
    def symmetric(self) -> frozenset[str]:
        """The labels of relations with interchangeable head and tail."""
        return self.schema.symmetric if self.schema else frozenset()

    @property
    def relation_defaults(self) -> frozenset[str]:
        """The values of relation attributes that do not count, such as `assertion=asserted`."""
        return self.schema.relation_defaults if self.schema else frozenset()
