"""The table of scoring schemes, and the names of tasks and schemes in reports and options.

Reports, tables, significance tests, learning curves and cards read `SCHEMES`. A scheme that is
added to the table, and scored in `aloi.eval.reports.scoring`, appears in all of them.

Other packages add schemes with entry points in the group `aloi.schemes`; the value is a `Scheme`
with the function `score`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aloi.eval.pairing import PairedAnnotations
    from aloi.eval.scores import Scores

ENTRY_POINTS = "aloi.schemes"
"""The entry point group in which other packages register their schemes."""


class ItemKind(StrEnum):
    """The items that are scored: mentions of entities, or relations."""

    ENTITIES = "entities"
    RELATIONS = "relations"


class EvaluationTask(StrEnum):
    """The task of a system.

    The system predicts entities, relations between gold entities, both entities and relations (end
    to end), or the attributes of gold entities and relations.
    """

    ENTITIES = "entities"
    RELATIONS_GOLD_ENTITIES = "relations-gold-entities"
    RELATIONS_END_TO_END = "relations-end-to-end"
    ATTRIBUTES = "attributes"

    @property
    def item_kind(self) -> ItemKind:
        """The kind of items that the task scores first; attributes are scored for both kinds."""
        if self is EvaluationTask.ENTITIES:
            return ItemKind.ENTITIES
        return ItemKind.RELATIONS

    @property
    def short_name(self) -> str:
        """The task name without the prefix `relations-`, for tables."""
        return self.value.removeprefix(f"{ItemKind.RELATIONS}-")


class EntityScheme(StrEnum):
    """Schemes that score mentions, their refs and their attributes.

    A name with `-no-singletons` leaves out the things with a single mention.
    """

    EXACT = "exact"
    OUTERMOST = "outermost"
    SEMEVAL_STRICT = "semeval-strict"
    SEMEVAL_EXACT = "semeval-exact"
    SEMEVAL_PARTIAL = "semeval-partial"
    SEMEVAL_TYPE = "semeval-type"
    HIPE_FUZZY = "hipe-fuzzy"
    MUC = "muc"
    B_CUBED = "b-cubed"
    CEAF_E = "ceaf-e"
    LEA = "lea"
    BLANC = "blanc"
    CONLL = "conll-average"
    B_CUBED_NO_SINGLETONS = "b-cubed-no-singletons"
    CEAF_E_NO_SINGLETONS = "ceaf-e-no-singletons"
    LEA_NO_SINGLETONS = "lea-no-singletons"
    BLANC_NO_SINGLETONS = "blanc-no-singletons"
    CONLL_NO_SINGLETONS = "conll-average-no-singletons"
    REF_NAMES = "ref-names"
    ATTRIBUTES = "attribute-values"


class RelationScheme(StrEnum):
    """Schemes that score relations and their attributes."""

    STRICT = "strict"
    BOUNDARIES = "boundaries"
    FACTS = "facts"
    FACTS_IGN = "facts-ign"
    ATTRIBUTES = "relation-attribute-values"


class ScoredItems(StrEnum):
    """What a scheme compares.

    `MENTIONS` and `RELATIONS` are compared as sets, `PAIRED_MENTIONS` after gold and predicted
    mentions are paired (HIPE) or aligned (`ALIGNED_MENTIONS`, SemEval-2013). `FACTS` are relations
    between entities instead of mentions. `CLUSTERS` are the mentions with one ref, `REF_NAMES` the
    names of refs, `ATTRIBUTES` and `RELATION_ATTRIBUTES` the attributes of mentions and relations;
    they are scored only where gold has refs or, for attributes, where either side has any.
    """

    MENTIONS = "mentions"
    PAIRED_MENTIONS = "paired mentions"
    ALIGNED_MENTIONS = "aligned mentions"
    CLUSTERS = "clusters"
    REF_NAMES = "ref names"
    ATTRIBUTES = "attributes"
    RELATIONS = "relations"
    FACTS = "facts"
    RELATION_ATTRIBUTES = "relation attributes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A scoring scheme: what it scores, and where reports show it.

    - `title`: the name in the cards of models and releases.
    - `explanation`: what counts as correct, in one sentence.
    - `needs_train`: the scores depend on the training documents.
    - `main`: the scheme of significance tests, learning curves and the first row of a summary; one
      for each task.
    - `headline`: in the first table of the terminal, and in LaTeX tables.
    - `by_type`: shown by type in reports and cards; of other schemes, only micro averages are.
    - `summary`: in the summary of several systems.
    - `score`: returns the scores of a pair of gold and predictions; only for the schemes of other
      packages.
    """

    name: str
    items: ScoredItems
    explanation: str
    title: str = ""
    needs_train: bool = False
    main: bool = False
    headline: bool = False
    by_type: bool = False
    summary: bool = False
    score: Callable[[PairedAnnotations], Scores[Any]] | None = None

    @property
    def task(self) -> ItemKind:
        """Whether the scheme scores entities or relations."""
        of_relations = (ScoredItems.RELATIONS, ScoredItems.FACTS, ScoredItems.RELATION_ATTRIBUTES)
        return ItemKind.RELATIONS if self.items in of_relations else ItemKind.ENTITIES


OWN_SCHEMES = (
    Scheme(
        name=EntityScheme.EXACT,
        items=ScoredItems.MENTIONS,
        explanation="Start, end and label of a mention are equal.",
        title="all mentions",
        headline=True,
        by_type=True,
        summary=True,
    ),
    Scheme(
        name=EntityScheme.OUTERMOST,
        items=ScoredItems.MENTIONS,
        explanation="As exact, without the mentions inside longer mentions.",
        title="outermost mentions",
        main=True,
        by_type=True,
        summary=True,
    ),
    Scheme(
        name=EntityScheme.SEMEVAL_STRICT,
        items=ScoredItems.ALIGNED_MENTIONS,
        explanation="SemEval-2013: span and label of aligned mentions are equal.",
    ),
    Scheme(
        name=EntityScheme.SEMEVAL_EXACT,
        items=ScoredItems.ALIGNED_MENTIONS,
        explanation="SemEval-2013: spans are equal; labels are ignored.",
    ),
    Scheme(
        name=EntityScheme.SEMEVAL_PARTIAL,
        items=ScoredItems.ALIGNED_MENTIONS,
        explanation="SemEval-2013: equal spans count 1, overlapping spans 0.5; labels are ignored.",
    ),
    Scheme(
        name=EntityScheme.SEMEVAL_TYPE,
        items=ScoredItems.ALIGNED_MENTIONS,
        explanation="SemEval-2013: spans overlap and labels are equal.",
    ),
    Scheme(
        name=EntityScheme.HIPE_FUZZY,
        items=ScoredItems.PAIRED_MENTIONS,
        explanation="HIPE: spans overlap and labels are equal; mentions are paired from left to "
        "right.",
    ),
    Scheme(
        name=EntityScheme.MUC,
        items=ScoredItems.CLUSTERS,
        explanation="Links that join the mentions of one thing (Vilain et al. 1995).",
    ),
    Scheme(
        name=EntityScheme.B_CUBED,
        items=ScoredItems.CLUSTERS,
        explanation="B³: for each mention, the share of its cluster that is right.",
    ),
    Scheme(
        name=EntityScheme.CEAF_E,
        items=ScoredItems.CLUSTERS,
        explanation="CEAF-e: similarity of clusters that are paired one to one.",
    ),
    Scheme(
        name=EntityScheme.LEA,
        items=ScoredItems.CLUSTERS,
        explanation="LEA: for each cluster, weighted by its mentions, the share of its links that "
        "is right.",
    ),
    Scheme(
        name=EntityScheme.BLANC,
        items=ScoredItems.CLUSTERS,
        explanation="BLANC: mean over links inside clusters and links between clusters.",
    ),
    Scheme(
        name=EntityScheme.CONLL,
        items=ScoredItems.CLUSTERS,
        explanation="Mean of MUC, B³ and CEAF-e.",
    ),
    Scheme(
        name=EntityScheme.B_CUBED_NO_SINGLETONS,
        items=ScoredItems.CLUSTERS,
        explanation="B³ without clusters of a single mention.",
    ),
    Scheme(
        name=EntityScheme.CEAF_E_NO_SINGLETONS,
        items=ScoredItems.CLUSTERS,
        explanation="CEAF-e without clusters of a single mention.",
    ),
    Scheme(
        name=EntityScheme.LEA_NO_SINGLETONS,
        items=ScoredItems.CLUSTERS,
        explanation="LEA without clusters of a single mention.",
    ),
    Scheme(
        name=EntityScheme.BLANC_NO_SINGLETONS,
        items=ScoredItems.CLUSTERS,
        explanation="BLANC without clusters of a single mention.",
    ),
    Scheme(
        name=EntityScheme.CONLL_NO_SINGLETONS,
        items=ScoredItems.CLUSTERS,
        explanation="Mean of MUC, B³ and CEAF-e without clusters of a single mention.",
    ),
    Scheme(
        name=EntityScheme.REF_NAMES,
        items=ScoredItems.REF_NAMES,
        explanation="Span, label and the name of the ref are equal.",
    ),
    Scheme(
        name=EntityScheme.ATTRIBUTES,
        items=ScoredItems.ATTRIBUTES,
        explanation="Span and label of the mention, and the value of the attribute, are equal.",
    ),
    Scheme(
        name=RelationScheme.STRICT,
        items=ScoredItems.RELATIONS,
        explanation="Label of the relation, and spans and labels of head and tail, are equal.",
        title="strict (label, both ends and their labels)",
        main=True,
        headline=True,
        by_type=True,
        summary=True,
    ),
    Scheme(
        name=RelationScheme.BOUNDARIES,
        items=ScoredItems.RELATIONS,
        explanation="As strict, but the labels of head and tail are ignored.",
        summary=True,
    ),
    Scheme(
        name=RelationScheme.FACTS,
        items=ScoredItems.FACTS,
        explanation="Relations between entities (mentions with one ref); each counts once per "
        "document.",
    ),
    Scheme(
        name=RelationScheme.FACTS_IGN,
        items=ScoredItems.FACTS,
        explanation="As facts, without the facts that the training documents state.",
        needs_train=True,
    ),
    Scheme(
        name=RelationScheme.ATTRIBUTES,
        items=ScoredItems.RELATION_ATTRIBUTES,
        explanation="The relation as under strict, and the value of the attribute, are equal; "
        "default values are not counted.",
    ),
)
"""The schemes of aloi, in the order of a report."""


def load_other_schemes() -> Iterator[Scheme]:
    """Yield the schemes of other installed packages; warn of those that cannot be used.

    A scheme of aloi takes precedence over a scheme of another package with the same name.
    """
    own = {each.name for each in OWN_SCHEMES}
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda each: each.name):
        if entry.name in own:
            continue
        try:
            scheme = entry.load()
        except Exception as error:  # noqa: BLE001 - a foreign module can raise anything
            _warn_of(entry, f"{type(error).__name__}: {error}")
            continue
        if isinstance(scheme, Scheme) and scheme.score and scheme.name == entry.name:
            yield scheme
        else:
            _warn_of(entry, "it must be a Scheme with a score function and the name of the entry")


def _warn_of(entry: EntryPoint, reason: str) -> None:
    package = entry.dist.name if entry.dist else entry.value
    what = f"the scheme {entry.name} of the package {package} cannot be used: {reason}"
    warnings.warn(f"{what}; update or uninstall {package}", stacklevel=3)


SCHEMES = (*OWN_SCHEMES, *load_other_schemes())
"""Every scheme, in the order of a report."""

ALL_SCHEMES: tuple[str, ...] = tuple(each.name for each in SCHEMES)
"""The names of all schemes, in the order of a report."""

MAIN_SCHEMES: dict[ItemKind, str] = {each.task: each.name for each in SCHEMES if each.main}
"""The scheme of significance tests and learning curves, for each task."""

HEADLINE_SCHEMES: tuple[str, ...] = tuple(each.name for each in SCHEMES if each.headline)
"""The schemes of the table that the terminal shows first."""

TYPE_SCHEMES: tuple[str, ...] = tuple(each.name for each in SCHEMES if each.by_type)
"""The schemes that are shown by type; for all other schemes, only micro averages are shown."""

SEMEVAL_SCHEMES: tuple[str, ...] = tuple(
    each.name for each in SCHEMES if each.items is ScoredItems.ALIGNED_MENTIONS
)
"""The schemes of SemEval-2013, which require an alignment of gold and predicted mentions."""

FACT_SCHEMES: tuple[str, ...] = tuple(
    each.name for each in SCHEMES if each.items is ScoredItems.FACTS
)
"""The schemes that score relations between entities instead of relations between mentions."""

COREFERENCE_SCHEMES: tuple[str, ...] = tuple(
    each.name for each in SCHEMES if each.items is ScoredItems.CLUSTERS
)
"""The schemes that score clusters of mentions with one ref, whatever its name."""

ATTRIBUTE_SCHEMES: tuple[str, ...] = tuple(
    each.name
    for each in SCHEMES
    if each.items in (ScoredItems.ATTRIBUTES, ScoredItems.RELATION_ATTRIBUTES)
)
"""The schemes that score the values of attributes."""

VALUE_SCHEMES: tuple[str, ...] = (EntityScheme.REF_NAMES, *ATTRIBUTE_SCHEMES)
"""The schemes that score the names of refs and the values of attributes."""

TRAIN_SCHEMES: tuple[str, ...] = tuple(each.name for each in SCHEMES if each.needs_train)
"""The schemes that require the training documents."""


def task_schemes(task: ItemKind, names: Collection[str]) -> tuple[str, ...]:
    """Return the schemes of a task that are in `names`, in the order of a report."""
    return tuple(each.name for each in SCHEMES if each.task is task and each.name in names)
