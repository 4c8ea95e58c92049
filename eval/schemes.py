"""Names of tasks and scoring schemes, as they appear in reports and options."""

from __future__ import annotations

from enum import StrEnum


class ItemKind(StrEnum):
    """The items that are scored: mentions of entities, or relations."""

    ENTITIES = "entities"
    RELATIONS = "relations"


class EvaluationTask(StrEnum):
    """The task of a system.

    The system predicts entities, relations between gold entities, or both entities and relations
    (end to end).
    """

    ENTITIES = "entities"
    RELATIONS_GOLD_ENTITIES = "relations-gold-entities"
    RELATIONS_END_TO_END = "relations-end-to-end"

    @property
    def item_kind(self) -> ItemKind:
        """The kind of items that the task scores."""
        if self is EvaluationTask.ENTITIES:
            return ItemKind.ENTITIES
        return ItemKind.RELATIONS

    @property
    def short_name(self) -> str:
        """The task name without the prefix `relations-`, for tables."""
        return self.value.removeprefix(f"{ItemKind.RELATIONS}-")


class EntityScheme(StrEnum):
    """Schemes that score mentions."""

    EXACT = "exact"
    OUTERMOST = "outermost"
    SEMEVAL_STRICT = "semeval-strict"
    SEMEVAL_EXACT = "semeval-exact"
    SEMEVAL_PARTIAL = "semeval-partial"
    SEMEVAL_TYPE = "semeval-type"
    HIPE_FUZZY = "hipe-fuzzy"


class RelationScheme(StrEnum):
    """Schemes that score relations; `FACTS_IGN` requires training documents."""

    STRICT = "strict"
    BOUNDARIES = "boundaries"
    FACTS = "facts"
    FACTS_IGN = "facts-ign"


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


ALL_SCHEMES: tuple[str, ...] = (*EntityScheme, *RelationScheme)
"""Every scheme, in the order of a report."""

SEMEVAL_SCHEMES = (
    EntityScheme.SEMEVAL_STRICT,
    EntityScheme.SEMEVAL_EXACT,
    EntityScheme.SEMEVAL_PARTIAL,
    EntityScheme.SEMEVAL_TYPE,
)
"""The schemes of SemEval-2013, which require an alignment of gold and predicted mentions."""

FACT_SCHEMES = (RelationScheme.FACTS, RelationScheme.FACTS_IGN)
"""The schemes that score relations between entities instead of relations between mentions."""
