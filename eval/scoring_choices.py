"""Choices of a scoring: how refs are compared, and how intervals are computed."""

from __future__ import annotations

from enum import StrEnum


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
