"""The spaCy component `aloi_relations`: labelled arcs between the mentions of a doc.

Pairs are proposed as arrays (aloi.models.relations.candidates), scored for all labels at once, and
kept where the probability reaches the label's threshold. A pair may hold several labels; a
symmetric relation is scored and decoded once, in text order. Pairs are processed in blocks, so any
number of mentions takes little memory.

Relations hold between mentions, or between things that several mentions name (`by_ref`): then two
things are one pair, and what they have stands between their first mentions.
"""

# spaCy reads the annotations of `initialize` and of the factory when they run, so they are not
# postponed in this module.
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer, set_dropout_rate

from aloi.corpus.formats.shared.spacy_docs import RelationSpan, get_relations, mentions
from aloi.corpus.schema import load_schema
from aloi.models.relations.candidates import (
    BLOCK,
    Bools,
    Floats,
    Ints,
    MentionArrays,
    candidates,
    candidates_by_thing,
    gaps,
)
from aloi.models.relations.inventory import Inventory
from aloi.models.serialization import StoredPipe

DEFAULT_MODEL = """
[model]
@architectures = "aloi.PairScorer.v1"
buckets = 65536
hidden = 64
width = 96
static = 300
"""

REACH = 0.99
"""The share of training's relations that a distance chosen from them takes in."""


class Settings(msgspec.Struct):
    """What a trained component knows besides its model's weights.

    threshold: the least probability of a relation that is kept, where `thresholds` has none for its
    label. max_distance: the most tokens between two mentions of a pair. by_ref: whether mentions of
    one knowledge base id are one thing. A probability is the logistic function of scale * logit +
    shift.
    """

    threshold: float = 0.5
    max_distance: int | None = None
    by_ref: bool | None = None
    thresholds: dict[str, float] = {}
    scale: float = 1.0
    shift: float = 0.0
    inventory: Inventory = Inventory()


@dataclass(frozen=True, slots=True)
class Proposal:
    """Pairs of one doc that some relation may join: what a model gives logits for.

    mentions: the arrays of `spans`. pairs: rows of (head, tail) indices into them. permitted:
    which labels a pair may bear, (pairs, labels).
    """

    doc: Doc
    spans: list[Span]
    mentions: MentionArrays
    pairs: Ints
    permitted: Bools


class RelationExtractor(StoredPipe):
    """Scores every permitted pair of mentions; see the module's text."""

    def __init__(
        self,
        vocab: Vocab,
        model: Model[Sequence[Proposal], Floats],
        name: str = "aloi_relations",
        *,
        settings: Settings,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab, self.model, self.name, self.scorer = vocab, model, name, scorer
        self.settings = settings

    @property
    def inventory(self) -> Inventory:
        """The relations, what each may join, which have no direction."""
        return self.settings.inventory

    @property
    def labels(self) -> tuple[str, ...]:
        """The relation labels, in the order of the model's columns."""
        return self.inventory.labels

    @property
    def label_data(self) -> dict[str, Any]:
        """What `spacy init labels` stores of the labels."""
        plain: dict[str, Any] = msgspec.to_builtins(self.inventory)
        return plain

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: dict[str, Any] | None = None,
        schema_path: Path | None = None,
    ) -> None:
        """Take labels and what they join from a schema file, or from the examples without one.

        Whether relations hold between mentions or things, and how far they reach, is taken from the
        examples where the settings leave it open.
        """
        if labels is not None:
            self.settings.inventory = msgspec.convert(labels, Inventory)
        elif schema_path is not None:
            self.settings.inventory = Inventory.of_schema(load_schema(Path(schema_path)))
        else:
            self.settings.inventory = Inventory.of_examples(get_examples())
        if self.settings.by_ref is None:
            self.settings.by_ref = _between_things(get_examples())
        if self.settings.max_distance is None:
            self.settings.max_distance = self._reach(get_examples())
        self.model.set_dim("nO", len(self.labels), force=True)
        self.model.initialize()

    def _reach(self, examples: Iterable[Example]) -> int:
        """The distance within which `REACH` of the examples' relations lie."""
        found: list[int] = []
        for example in examples:
            spans = mentions(example.reference)
            rows = self._rows(spans)
            ends = self.gold(example, spans, rows)
            for head, tail, _ in ends:
                found.append(self.apart(rows, head, tail))
        return int(np.quantile(found, REACH, method="higher")) if found else 0

    def _rows(self, spans: list[Span]) -> MentionArrays:
        return MentionArrays.of(spans, by_ref=bool(self.settings.by_ref))

    def blocks(self, doc: Doc) -> Iterator[Proposal]:
        """The pairs of a doc that some relation may join, in blocks of some `BLOCK`.

        A label is permitted by what it may join, and a symmetric one in text order only.
        """
        spans = mentions(doc)
        rows = self._rows(spans)
        walk = candidates_by_thing if self.settings.by_ref else candidates
        rank = rows.rank[rows.thing]
        labels, kind = np.unique(rows.label, return_inverse=True)
        table = self.inventory.table([self.vocab.strings[label] for label in labels.tolist()])
        for pairs in walk(rows, self.settings.max_distance or 0):
            head, tail = pairs[:, 0], pairs[:, 1]
            in_order = (rank[head] < rank[tail])[:, None] | self.inventory.directed
            permitted = table[kind[head], kind[tail]] & in_order
            some = permitted.any(axis=1)
            if some.any():
                yield Proposal(doc, spans, rows, pairs[some], permitted[some])

    def propose(self, doc: Doc) -> Proposal:
        """All pairs of a doc that some relation may join."""
        spans = mentions(doc)
        blocks = list(self.blocks(doc))
        pairs = np.concatenate([np.zeros((0, 2), np.int64), *(block.pairs for block in blocks)])
        none = np.zeros((0, len(self.labels)), dtype=bool)
        permitted = np.concatenate([none, *(block.permitted for block in blocks)])
        return Proposal(doc, spans, self._rows(spans), pairs, permitted)

    def predict(self, docs: Iterable[Doc]) -> list[list[RelationSpan]]:
        """The relations of each doc whose probability reaches the threshold, in text order."""
        docs = list(docs)
        found: dict[int, list[RelationSpan]] = {id(doc): [] for doc in docs}
        least = np.array([self.threshold_of(label) for label in self.labels], dtype=np.float32)
        for batch in _batches(block for doc in docs for block in self.blocks(doc)):
            scores = self.probabilities(batch)
            for block, probability in zip(batch, _split(scores, batch), strict=True):
                found[id(block.doc)] += self._kept(block, probability, least)
        return [found[id(doc)] for doc in docs]

    def probabilities(self, proposals: Sequence[Proposal]) -> Floats:
        """The probability of each label for all pairs, (pairs, labels); 0 where not permitted."""
        if not any(len(each.pairs) for each in proposals):
            return np.zeros((0, len(self.labels)), dtype=np.float32)
        logits = self.settings.scale * self.model.predict(proposals) + self.settings.shift
        permitted = np.concatenate([each.permitted for each in proposals])
        return np.asarray(sigmoid(logits) * permitted, dtype=np.float32)

    def threshold_of(self, label: str) -> float:
        """The least probability of a relation of this label that is kept."""
        return self.settings.thresholds.get(label, self.settings.threshold)

    def _kept(self, block: Proposal, probability: Floats, least: Floats) -> list[RelationSpan]:
        first = block.mentions.thing[block.pairs]
        return [
            RelationSpan(
                block.spans[first[row, 0]],
                block.spans[first[row, 1]],
                self.labels[column],
                float(probability[row, column]),
            )
            for row, column in np.argwhere((probability >= least) & block.permitted).tolist()
        ]

    def set_annotations(self, docs: Iterable[Doc], scores: Iterable[list[RelationSpan]]) -> None:
        """Give each doc its relations."""
        for doc, relations in zip(docs, scores, strict=True):
            doc._.relations = relations

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """One step on the summed logistic loss of all the examples' pairs.

        Pairs are those of the predicted docs' mentions, their truth is the reference's relations.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        of_doc = {id(example.predicted): example for example in examples}
        set_dropout_rate(self.model, drop)
        blocks = (block for each in of_doc.values() for block in self.blocks(each.predicted))
        for batch in _batches(blocks):
            truth = np.concatenate([self.truth(each, of_doc[id(each.doc)]) for each in batch])
            permitted = np.concatenate([each.permitted for each in batch])
            logits, backprop = self.model.begin_update(batch)
            gradient, loss = logistic_gradient(logits, truth, permitted)
            backprop(gradient)
            losses[self.name] += loss
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def truth(self, proposal: Proposal, example: Example) -> Floats:
        """1 where gold has the relation between mentions on these characters, else 0."""
        truth = np.zeros((len(proposal.pairs), len(self.labels)), dtype=np.float32)
        thing = proposal.mentions.thing[proposal.pairs]
        row = {ends: number for number, ends in enumerate(map(tuple, thing.tolist()))}
        for head, tail, column in self.gold(example, proposal.spans, proposal.mentions):
            if (head, tail) in row:
                truth[row[head, tail], column] = 1
        return truth

    def gold(
        self, example: Example, spans: list[Span], rows: MentionArrays
    ) -> list[tuple[int, int, int]]:
        """Gold's relations between these mentions: the things' rows and the label's column."""
        column = {label: number for number, label in enumerate(self.labels)}
        numbered = [(number, _place(span)) for number, span in enumerate(spans)]
        row = {place[:3]: number for number, place in reversed(numbered)}
        row_by_id = {place: number for number, place in numbered}
        rank = rows.rank
        found = []
        for head, tail, label, _ in get_relations(example.reference):
            places = [_place(head), _place(tail)]
            ends = [row_by_id[p] if p in row_by_id else row.get(p[:3], -1) for p in places]
            if label in column and min(ends) >= 0:
                things = rows.thing[ends].tolist()
                if label in self.inventory.symmetric:
                    things.sort(key=rank.__getitem__)
                found.append((*things, column[label]))
        return found

    @staticmethod
    def apart(rows: MentionArrays, head: int, tail: int) -> int:
        """The tokens between two things, where they stand nearest."""
        sides = (np.flatnonzero(rows.thing == thing) for thing in (head, tail))
        return int(gaps(rows, *np.ix_(*sides)).min())

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        """The scorer's scores, symmetric relations being right whichever way gold writes them."""
        if self.scorer is None:
            return {}
        return self.scorer(examples, symmetric=frozenset(self.inventory.symmetric), **kwargs)

    def _plain(self) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.to_builtins(self.settings)
        return plain

    def _restore(self, plain: dict[str, Any]) -> None:
        self.settings = msgspec.convert(plain, Settings)


Place = tuple[int, int, str, str]


def _place(span: Span) -> Place:
    return span.start, span.end, span.label_, span.id_


def _between_things(examples: Iterable[Example]) -> bool:
    """Whether relations hold between things: gold puts each between the first mentions of both."""
    several = False
    for example in examples:
        spans = mentions(example.reference)
        rows = MentionArrays.of(spans, by_ref=True)
        first = {_place(spans[row]) for row in rows.thing.tolist()}
        several |= len(first) < len(spans)
        relations = get_relations(example.reference)
        ends = (_place(end) for relation in relations for end in relation[:2])
        if not first.issuperset(ends):
            return False
    return several


def _batches(blocks: Iterable[Proposal]) -> Iterator[list[Proposal]]:
    """Blocks together, until they have some `BLOCK` pairs, and as many as their docs have tokens.

    All tokens of a doc are read for each batch: so that takes no longer than its pairs do.
    """
    batch: list[Proposal] = []
    pairs = tokens = 0
    for block in blocks:
        tokens += len(block.doc) if not batch or batch[-1].doc is not block.doc else 0
        batch.append(block)
        pairs += len(block.pairs)
        if pairs >= max(BLOCK, tokens):
            yield batch
            batch, pairs, tokens = [], 0, 0
    if batch:
        yield batch


def _split(scores: Floats, batch: Sequence[Proposal]) -> list[Floats]:
    """The rows of each proposal."""
    return np.split(scores, np.cumsum([len(each.pairs) for each in batch])[:-1])


def sigmoid(logits: Floats) -> Floats:
    """Logits to probabilities."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))), dtype=np.float32)


def logistic_gradient(logits: Floats, truth: Floats, counted: Bools) -> tuple[Floats, float]:
    """The gradient of the summed logistic loss with regard to the logits, and the loss.

    All are of shape (pairs, labels); cells that are not `counted` have no loss.
    """
    loss = np.logaddexp(0, logits) - truth * logits
    gradient = (sigmoid(logits) - truth) * counted
    return gradient.astype(np.float32), float((loss * counted).sum())


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
    model: Model[Sequence[Proposal], Floats],
    threshold: float,
    max_distance: int | None,
    by_ref: bool | None,
    scorer: Callable[..., dict[str, Any]] | None,
) -> RelationExtractor:
    """The factory behind `nlp.add_pipe("aloi_relations")`."""
    settings = Settings(threshold, max_distance, by_ref)
    return RelationExtractor(nlp.vocab, model, name, settings=settings, scorer=scorer)
