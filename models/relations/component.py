"""The spaCy component `aloi_relations`, which predicts relations between the mentions of a doc.

All labels are scored for each candidate pair (aloi.models.relations.candidates). A relation is
predicted if its probability reaches the threshold of the label; a pair may have several relations.
A symmetric relation is scored only if the head precedes the tail, so that it is predicted once.
Pairs are processed in blocks to bound memory for docs with many mentions.

Relations hold between mentions, or, if `by_ref` is set, between clusters of mentions with the same
`ref`. A relation between clusters is stored as a relation between their first mentions.
"""

# spaCy evaluates the type annotations of `initialize` and of the factory at run time. Therefore
# this module does not import `annotations` from `__future__`.
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer, set_dropout_rate

from aloi.corpus.formats.shared.spacy_docs import RelationSpan, mentions
from aloi.corpus.schema import load_schema
from aloi.models.arrays import FloatArray
from aloi.models.examples import leading_gold
from aloi.models.relations.candidates import (
    Candidates,
    group_blocks,
    pairs_of_clusters,
    pairs_of_mentions,
    split_rows,
)
from aloi.models.relations.doc_arrays import MentionArrays
from aloi.models.relations.gold_pairs import cluster_distance, gold_relations, joins_clusters
from aloi.models.relations.label_inventory import Inventory
from aloi.models.relations.logistic import logistic_gradient, sigmoid
from aloi.models.serialization import SerializablePipe

DEFAULT_MODEL = """
[model]
@architectures = "aloi.PairScorer.v1"
buckets = 65536
hidden = 64
width = 96
static = 300
"""

DISTANCE_QUANTILE = 0.99
"""The proportion (0 to 1) of training relations within the default `max_distance`."""


class ExtractorSettings(msgspec.Struct):
    """The saved settings of a relation extractor.

    thresholds: the minimum probability of a predicted relation, by label. threshold: the minimum
    probability for labels that are not in `thresholds`. max_distance: the maximum number of tokens
    between the mentions of a candidate pair. by_ref: whether relations hold between clusters of
    mentions with the same `ref`. scale, shift: the calibration; probabilities are sigmoid(scale *
    logit + shift).
    """

    threshold: float = 0.5
    max_distance: int | None = None
    by_ref: bool | None = None
    thresholds: dict[str, float] = {}
    scale: float = 1.0
    shift: float = 0.0
    inventory: Inventory = Inventory()


class RelationExtractor(SerializablePipe):
    """A relation extractor that scores all permitted pairs of mentions in a doc."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[Sequence[Candidates], FloatArray],
        name: str = "aloi_relations",
        *,
        settings: ExtractorSettings,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab, self.model, self.name, self.scorer = vocab, model, name, scorer
        self.settings = settings

    @property
    def inventory(self) -> Inventory:
        """The relation labels, and the permitted entity labels of head and tail."""
        return self.settings.inventory

    @property
    def labels(self) -> tuple[str, ...]:
        """The relation labels, in the order of the columns of the model's output."""
        return self.inventory.labels

    @property
    def label_data(self) -> dict[str, Any]:
        """The inventory, in the format that `spacy init labels` writes."""
        inventory: dict[str, Any] = msgspec.to_builtins(self.inventory)
        return inventory

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: dict[str, Any] | None = None,
        schema_path: Path | None = None,
    ) -> None:
        """Initialise the network and the settings that depend on the data.

        The inventory is set from `labels`, otherwise from the schema file, otherwise from the
        gold examples. If `by_ref` or `max_distance` is not set, its value is derived from the gold
        examples.
        """
        if labels is not None:
            self.settings.inventory = msgspec.convert(labels, Inventory)
        elif schema_path is not None:
            self.settings.inventory = Inventory.from_schema(load_schema(Path(schema_path)))
        else:
            self.settings.inventory = Inventory.from_examples(leading_gold(get_examples()))
        if self.settings.by_ref is None:
            self.settings.by_ref = joins_clusters(leading_gold(get_examples()))
        if self.settings.max_distance is None:
            self.settings.max_distance = self._choose_max_distance(leading_gold(get_examples()))
        self.model.set_dim("nO", len(self.labels), force=True)
        self.model.initialize()

    def _choose_max_distance(self, examples: Iterable[Example]) -> int:
        """Return the `DISTANCE_QUANTILE` quantile of the distances between head and tail in gold.

        Distances are numbers of tokens. Without gold relations, the result is 0.
        """
        distances: list[int] = []
        for example in examples:
            spans = mentions(example.reference)
            arrays = self._mention_arrays(spans)
            for head, tail, *_ in gold_relations(example, spans, arrays, self.inventory):
                distances.append(cluster_distance(arrays, head, tail))
        if not distances:
            return 0
        return int(np.quantile(distances, DISTANCE_QUANTILE, method="higher"))

    def _mention_arrays(self, spans: list[Span]) -> MentionArrays:
        return MentionArrays.from_spans(spans, by_ref=bool(self.settings.by_ref))

    def candidate_blocks(self, doc: Doc) -> Iterator[Candidates]:
        """Yield blocks of the pairs in a doc that have at least one permitted relation label.

        The entity labels of a pair determine the permitted relation labels. Symmetric relation
        labels are permitted only if the head precedes the tail.
        """
        spans = mentions(doc)
        arrays = self._mention_arrays(spans)
        find_pairs = pairs_of_clusters if self.settings.by_ref else pairs_of_mentions
        rank = arrays.rank[arrays.cluster]
        label_hashes, label = np.unique(arrays.label, return_inverse=True)
        names = [self.vocab.strings[value] for value in label_hashes.tolist()]
        permissions = self.inventory.permissions(names)
        for pairs in find_pairs(arrays, self.settings.max_distance or 0):
            head, tail = pairs[:, 0], pairs[:, 1]
            in_order = (rank[head] < rank[tail])[:, None] | self.inventory.directed
            permitted = permissions[label[head], label[tail]] & in_order
            kept = permitted.any(axis=1)
            if kept.any():
                yield Candidates(doc, spans, arrays, pairs[kept], permitted[kept])

    def candidates(self, doc: Doc) -> Candidates:
        """Return all pairs in a doc that have at least one permitted relation label."""
        spans = mentions(doc)
        blocks = list(self.candidate_blocks(doc))
        pairs = np.concatenate([np.zeros((0, 2), np.int64), *(block.pairs for block in blocks)])
        empty = np.zeros((0, len(self.labels)), dtype=bool)
        permitted = np.concatenate([empty, *(block.permitted for block in blocks)])
        return Candidates(doc, spans, self._mention_arrays(spans), pairs, permitted)

    def predict(self, docs: Iterable[Doc]) -> list[list[RelationSpan]]:
        """Return the predicted relations of each doc.

        A relation is predicted if its probability reaches the threshold of its label.
        """
        docs = list(docs)
        relations: dict[int, list[RelationSpan]] = {id(doc): [] for doc in docs}
        for group in group_blocks(block for doc in docs for block in self.candidate_blocks(doc)):
            probabilities = self.probabilities(group)
            for block, rows in zip(group, split_rows(probabilities, group), strict=True):
                relations[id(block.doc)] += self._decode(block, rows)
        return [relations[id(doc)] for doc in docs]

    def probabilities(self, blocks: Sequence[Candidates]) -> FloatArray:
        """Return the probability of each label for each pair, 0 for labels that are not permitted.

        Shape: (pairs, labels).
        """
        if not any(len(block.pairs) for block in blocks):
            return np.zeros((0, len(self.labels)), dtype=np.float32)
        logits = self.settings.scale * self.model.predict(blocks) + self.settings.shift
        permitted = np.concatenate([block.permitted for block in blocks])
        return np.asarray(sigmoid(logits) * permitted, dtype=np.float32)

    def threshold_for(self, label: str) -> float:
        """Return the minimum probability of a predicted relation with this label."""
        return self.settings.thresholds.get(label, self.settings.threshold)

    def _decode(self, block: Candidates, probabilities: FloatArray) -> list[RelationSpan]:
        """Return the predicted relations of a block, between the first mentions of clusters."""
        thresholds = np.array(
            [self.threshold_for(label) for label in self.labels], dtype=np.float32
        )
        first = block.mentions.cluster[block.pairs]
        predicted = (probabilities >= thresholds) & block.permitted
        return [
            RelationSpan(
                block.spans[first[row, 0]],
                block.spans[first[row, 1]],
                self.labels[column],
                float(probabilities[row, column]),
            )
            for row, column in np.argwhere(predicted).tolist()
        ]

    def set_annotations(
        self, docs: Iterable[Doc], predictions: Iterable[list[RelationSpan]]
    ) -> None:
        """Replace the relations of each doc by the predicted relations."""
        for doc, relations in zip(docs, predictions, strict=True):
            doc._.relations = relations

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Train on a batch and return the losses.

        The loss is the logistic loss, summed over the permitted labels of all candidate pairs of
        the predicted docs.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        example_of = {id(example.predicted): example for example in examples}
        set_dropout_rate(self.model, drop)
        docs = (example.predicted for example in example_of.values())
        for group in group_blocks(block for doc in docs for block in self.candidate_blocks(doc)):
            truth = np.concatenate(
                [self.gold_matrix(block, example_of[id(block.doc)]) for block in group]
            )
            permitted = np.concatenate([block.permitted for block in group])
            logits, backprop = self.model.begin_update(group)
            gradient, loss = logistic_gradient(logits, truth, permitted)
            backprop(gradient)
            losses[self.name] += loss
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def gold_matrix(self, candidates: Candidates, example: Example) -> FloatArray:
        """Return the probability of each label for each pair in the reference doc.

        It is 1 for gold relations, and 0 where the reference doc has no relation; silver relations
        have the probability that the teacher predicted. Shape: (pairs, labels).
        """
        matrix = np.zeros((len(candidates.pairs), len(self.labels)), dtype=np.float32)
        arrays = candidates.mentions
        clusters = arrays.cluster[candidates.pairs]
        row_of = {pair: row for row, pair in enumerate(map(tuple, clusters.tolist()))}
        gold = gold_relations(example, candidates.spans, arrays, self.inventory)
        for head, tail, column, probability in gold:
            if (head, tail) in row_of:
                cell = row_of[head, tail], column
                matrix[cell] = max(matrix[cell], probability)
        return matrix

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the scores that the scorer computes, or {} if there is no scorer.

        The scores ignore the direction of symmetric relations.
        """
        if self.scorer is None:
            return {}
        return self.scorer(examples, symmetric=frozenset(self.inventory.symmetric), **kwargs)

    def _get_settings(self) -> dict[str, Any]:
        values: dict[str, Any] = msgspec.to_builtins(self.settings)
        return values

    def _set_settings(self, values: dict[str, Any]) -> None:
        self.settings = msgspec.convert(values, ExtractorSettings)


@Language.factory(
    "aloi_relations",
    assigns=["doc._.relations"],
    default_config={
        "threshold": 0.5,
        "max_distance": None,
        "by_ref": None,
        "scorer": {"@scorers": "aloi.relation_scorer.v1"},
        **Config().from_str(DEFAULT_MODEL),
    },
    default_score_weights={
        "relations_micro_f": 1.0,
        "relations_micro_p": 0.0,
        "relations_micro_r": 0.0,
    },
)
def make_relation_extractor(
    nlp: Language,
    name: str,
    model: Model[Sequence[Candidates], FloatArray],
    threshold: float,
    max_distance: int | None,
    by_ref: bool | None,
    scorer: Callable[..., dict[str, Any]] | None,
) -> RelationExtractor:
    """Return a new component; `nlp.add_pipe("aloi_relations")` calls this function."""
    settings = ExtractorSettings(threshold, max_distance, by_ref)
    return RelationExtractor(nlp.vocab, model, name, settings=settings, scorer=scorer)
