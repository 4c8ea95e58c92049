"""The texts that annotators read, in one language.

Words in braces, such as `{count}`, are replaced.
"""

from __future__ import annotations

import msgspec


class LabellingTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of the labelling page.

    `types`, `relations` and `rules` are the titles of the panels in the drawer `guide`.
    """

    guide: str
    types: str
    relations: str
    rules: str
    ref_field: str
    known_refs: str
    question_field: str
    live_predictions: str
    live_predictions_on: str
    live_predictions_off: str


class AdjudicationTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of the cards of an adjudication."""

    number: str
    single_annotator: str
    mention: str
    label: str
    span: str
    value: str
    and_: str = msgspec.field(name="and")
    mention_count: str
    both: str
    all_: str = msgspec.field(name="all")
    neither: str
    other: str
    no_mention: str
    no_relation: str
    no_value: str
    rules: str
    undecided: str


class PracticeTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of the exercises and their corrections."""

    answers: str
    work: str
    missing_mention: str
    progress: str
    differences: str
    mentions: str
    relations: str


class GuideTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of the tables in a guide, and the word for *schema* in its version line."""

    schema: str
    label: str
    label_meaning: str
    relation: str
    head: str
    tail: str
    relation_meaning: str
    symmetric: str
    entity_attribute: str
    relation_attribute: str


class PromptTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parts of the instructions for a language model that are not in its template."""

    rules: str
    nothing: str
    symmetric: str
    repair: str


class InterfaceTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All texts of a language that annotators, adjudicators and language models read."""

    labelling: LabellingTexts
    adjudication: AdjudicationTexts
    practice: PracticeTexts
    guide: GuideTexts
    prompt: PromptTexts
