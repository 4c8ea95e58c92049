"""Scores of one set of predictions under several schemes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aloi.eval import items
from aloi.eval.columns import Annotations
from aloi.eval.coreference.attributes import (
    has_attributes,
    score_attributes,
    score_relation_attributes,
)
from aloi.eval.input_checks import check_inputs
from aloi.eval.pairing import PairedAnnotations, pair_annotations
from aloi.eval.schemes import (
    ALL_SCHEMES,
    COREFERENCE_SCHEMES,
    FACT_SCHEMES,
    SCHEMES,
    SEMEVAL_SCHEMES,
    TRAIN_SCHEMES,
    VALUE_SCHEMES,
    EntityScheme,
    ItemKind,
    RelationScheme,
)
from aloi.eval.scores import Scores, score_items
from aloi.eval.scoring_choices import RefComparison

if TYPE_CHECKING:
    from aloi.eval.alignment import Alignment
    from aloi.eval.facts import SurfaceFacts
    from aloi.eval.scoring_choices import EvaluationOptions


@dataclass(frozen=True, slots=True)
class ScoringOptions:
    """The schemes to score, the symmetric relation labels, and the facts of training documents.

    `refs` determines how the schemes of facts match predicted refs to gold refs. `min_overlap` is
    the smallest overlap (0 to 1) of a pair of mentions under the partial and type schemes.
    `defaults` are values of relation attributes that are not counted, such as `assertion=asserted`.
    """

    schemes: frozenset[str]
    symmetric: frozenset[str]
    known_facts: SurfaceFacts | None
    refs: RefComparison
    min_overlap: float
    defaults: frozenset[str]

    @classmethod
    def of(cls, options: EvaluationOptions) -> ScoringOptions:
        """Return the part of the options on which scores depend.

        If no schemes are given, all schemes are scored; without training documents, all but those
        that require them. Raises `ValueError` if a given scheme requires them.
        """
        train, schemes = options.train, options.schemes
        if schemes is None:
            schemes = [
                name for name in ALL_SCHEMES if train is not None or name not in TRAIN_SCHEMES
            ]
        needing = frozenset(schemes).intersection(TRAIN_SCHEMES)
        known = None
        if needing:
            if train is None:
                needed = ", ".join(sorted(needing))
                raise ValueError(f"the scheme {needed} requires training documents")
            from aloi.eval.facts import training_facts  # noqa: PLC0415 - rarely needed

            known = training_facts(train, symmetric=options.symmetric)
        return cls(
            frozenset(schemes),
            options.symmetric,
            known,
            options.refs,
            options.min_overlap,
            options.relation_defaults,
        )


@dataclass(frozen=True, slots=True)
class SchemeScores:
    """The scores of predictions by scheme, without intervals.

    `ids` are the ids of the documents, in the order of the scores; they are empty if the counts are
    summed over the documents. `gold_hash` is the `Annotations.hash_sum` of gold. `predicted_labels`
    contains the entity and relation labels of the predictions.
    """

    documents: int
    ids: tuple[str, ...]
    gold_hash: int
    entities: dict[str, Scores[Any]]
    relations: dict[str, Scores[Any]]
    predicted_labels: frozenset[str]


def score_annotations(
    gold: Annotations, pred: Annotations, options: ScoringOptions, *, allow_missing: bool
) -> SchemeScores:
    """Return the scores of predictions.

    Raises the same `DataError` as `check_inputs` and `pair_annotations`.
    """
    check_inputs({"gold": gold, "predictions": pred})
    pair = pair_annotations(gold, pred, allow_missing=allow_missing)
    return score_pair(gold, pred, pair, align_if_needed(pair, options), options)


def score_pair(
    gold: Annotations,
    pred: Annotations,
    pair: PairedAnnotations,
    alignment: Alignment | None,
    options: ScoringOptions,
) -> SchemeScores:
    """Return the scores of `pair`, which must be the pair of `gold` and `pred`.

    `alignment` must be the alignment of `pair`, or None if no SemEval scheme is scored.
    """
    return SchemeScores(
        len(pair),
        pair.ids,
        gold.hash_sum(),
        dict(_entity_scores(pair, options, alignment))
        | _other_scores(pair, options, ItemKind.ENTITIES),
        dict(_relation_scores(pair, options)) | _other_scores(pair, options, ItemKind.RELATIONS),
        frozenset((*pred.labels, *pred.relation_labels)),
    )


def align_if_needed(pair: PairedAnnotations, options: ScoringOptions) -> Alignment | None:
    """Return the alignment of a pair, or None if no SemEval scheme is scored."""
    if options.schemes.isdisjoint(SEMEVAL_SCHEMES):
        return None
    from aloi.eval.alignment import align_pair  # noqa: PLC0415 - only these schemes need it

    return align_pair(pair)


def _entity_scores(
    pair: PairedAnnotations, options: ScoringOptions, alignment: Alignment | None
) -> Iterator[tuple[str, Scores[Any]]]:
    for scheme, select in (
        (EntityScheme.EXACT, items.mention_items),
        (EntityScheme.OUTERMOST, items.outermost_items),
    ):
        if scheme in options.schemes:
            gold, pred = select(pair)
            yield scheme, score_items(gold, pred, documents=len(pair), labels=pair.labels)
    if alignment is not None:
        from aloi.eval.semeval import score_semeval  # noqa: PLC0415 - only these schemes need it

        by_scheme = score_semeval(pair, alignment, min_overlap=options.min_overlap)
        for semeval_scheme, scores in by_scheme.items():
            if semeval_scheme in options.schemes:
                yield semeval_scheme, scores
    if EntityScheme.HIPE_FUZZY in options.schemes:
        from aloi.eval.hipe_fuzzy import score_hipe_fuzzy  # noqa: PLC0415 - only this scheme needs it

        yield EntityScheme.HIPE_FUZZY, score_hipe_fuzzy(pair)
    yield from _ref_scores(pair, options)


def _ref_scores(
    pair: PairedAnnotations, options: ScoringOptions
) -> Iterator[tuple[str, Scores[Any]]]:
    """Yield the scores of refs if gold has refs, and of attributes if either side has any."""
    gold, pred, schemes = pair.gold.mentions, pair.pred.mentions, options.schemes
    if schemes.isdisjoint((*COREFERENCE_SCHEMES, *VALUE_SCHEMES)):
        return
    from aloi.eval.coreference import clusters, ref_scores  # noqa: PLC0415 - rarely needed

    if clusters.has_refs(gold):
        if not schemes.isdisjoint(COREFERENCE_SCHEMES):
            yield from ref_scores.score_clusters(pair, schemes)
        if EntityScheme.REF_NAMES in schemes:
            yield EntityScheme.REF_NAMES, ref_scores.score_ref_names(pair)
    if EntityScheme.ATTRIBUTES in schemes and any(map(has_attributes, (gold, pred))):
        yield EntityScheme.ATTRIBUTES, score_attributes(pair)


def _relation_scores(
    pair: PairedAnnotations, options: ScoringOptions
) -> Iterator[tuple[str, Scores[Any]]]:
    labels, symmetric = pair.relation_labels, options.symmetric
    for scheme in (RelationScheme.STRICT, RelationScheme.BOUNDARIES):
        if scheme in options.schemes:
            typed = scheme is RelationScheme.STRICT
            sides = items.relation_items(pair, typed=typed, symmetric=symmetric)
            yield scheme, score_items(*sides, documents=len(pair), labels=labels)
    if not options.schemes.isdisjoint(FACT_SCHEMES):
        from aloi.eval.facts import extract_facts, score_ign  # noqa: PLC0415 - rarely needed

        shared = options.refs is RefComparison.SHARED
        with_names = options.known_facts is not None
        facts = extract_facts(pair, symmetric=symmetric, shared_refs=shared, with_names=with_names)
        scores = score_items(*facts.items(labels), documents=len(pair), labels=labels)
        if RelationScheme.FACTS in options.schemes:
            yield RelationScheme.FACTS, scores
        if options.known_facts is not None:
            yield RelationScheme.FACTS_IGN, score_ign(facts, scores, options.known_facts)
    tables = (pair.gold.relations, pair.pred.relations)
    if RelationScheme.ATTRIBUTES in options.schemes and any(map(has_attributes, tables)):
        scores = score_relation_attributes(pair, symmetric=symmetric, defaults=options.defaults)
        yield RelationScheme.ATTRIBUTES, scores


def _other_scores(
    pair: PairedAnnotations, options: ScoringOptions, task: ItemKind
) -> dict[str, Scores[Any]]:
    """Return the scores under the schemes of other packages for a task."""
    return {
        each.name: each.score(pair)
        for each in SCHEMES
        if each.score and each.task is task and each.name in options.schemes
    }
