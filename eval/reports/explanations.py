"""One line of explanation for each scheme, error kind and cause."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aloi.eval import schemes
from aloi.eval.analysis.causes import Cause
from aloi.eval.analysis.errors import ERROR_KINDS, RIGHT
from aloi.eval.analysis.fact_causes import FactCause
from aloi.eval.analysis.spurious_relations import SpuriousCause

SCHEMES: Mapping[str, str] = MappingProxyType(
    {each.name: each.explanation for each in schemes.SCHEMES}
)
"""What each scheme counts as correct."""

MENTION_ERRORS: Mapping[str, str] = MappingProxyType(
    dict(
        zip(
            (kind for number, kind in enumerate(ERROR_KINDS) if number != RIGHT),
            (
                "Gold and prediction have the same span and different labels.",
                "Gold and prediction overlap and have the same label.",
                "Gold and prediction overlap and have different labels.",
                "One gold mention was predicted as several mentions.",
                "Several gold mentions were predicted as one mention.",
                "The mention is inside, or contains, a correct mention.",
                "No predicted mention corresponds to the gold mention.",
                "No gold mention corresponds to the predicted mention.",
            ),
            strict=True,
        )
    )
)
"""What each kind of error of a mention means."""

MISSED_RELATIONS: Mapping[str, str] = MappingProxyType(
    {
        Cause.BOTH_ENDS_MISSED: "No predicted mention has the span of the head or tail.",
        Cause.HEAD_MISSED: "No predicted mention has the span of the head.",
        Cause.TAIL_MISSED: "No predicted mention has the span of the tail.",
        Cause.WRONG_TYPE: "Head or tail was predicted with another label.",
        Cause.WRONG_LABEL: "A relation with another label or direction was predicted.",
        Cause.NOT_PROPOSED: "No relation was predicted between head and tail.",
    }
)
"""What each cause of a missed relation means."""

MISSED_FACTS: Mapping[str, str] = MappingProxyType(
    {
        FactCause.MENTION_NOT_FOUND: "No predicted mention has the span of the head or tail.",
        FactCause.WRONG_TYPE: "Head or tail was predicted with another label.",
        FactCause.RELATION_NOT_FOUND: "No relation was predicted between head and tail.",
        FactCause.WRONG_LABEL: "A relation with another label or direction was predicted.",
        FactCause.WRONG_REF: "The relation was predicted; the ref of an end is another thing's.",
    }
)
"""What each cause of a missed fact means: of the statement that is nearest to success."""

SPURIOUS_RELATIONS: Mapping[str, str] = MappingProxyType(
    {
        SpuriousCause.BOTH_ENDS_SPURIOUS: "No gold mention has the span of the head or tail.",
        SpuriousCause.HEAD_SPURIOUS: "No gold mention has the span of the head.",
        SpuriousCause.TAIL_SPURIOUS: "No gold mention has the span of the tail.",
        SpuriousCause.WRONG_TYPE: "Gold contains the relation, but with another label of head or "
        "tail.",
        SpuriousCause.REVERSED: "Gold contains the relation in the opposite direction.",
        SpuriousCause.WRONG_LABEL: "Gold relates head and tail with another label.",
        SpuriousCause.OTHER_MENTIONS: "Gold contains the relation between other mentions of the "
        "same entities.",
        SpuriousCause.UNRELATED: "Gold contains no relation between head and tail.",
    }
)
"""What each cause of a spurious relation means."""
