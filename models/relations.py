"""The spaCy component `aloi_relations`: labelled arcs between the mentions of a doc.

Pairs are proposed once a doc as an array (aloi.models.pairs), scored for all labels at once by a
logistic model, and kept where the score reaches the threshold. Several labels a pair may hold; a
symmetric relation is scored in text order only, and so decoded once.
"""

# spaCy reads the annotations of `initialize` and of the factory when they run, so they are not
# postponed in this module.
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
import numpy.typing as npt
import srsly
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer

from aloi.corpus.formats.spacy_docs import RelationSpan, get_relations, mentions
from aloi.corpus.schema import load_schema
from aloi.models.inventory import Inventory
from aloi.models.pairs import Bools, Hashes, Ints, Mentions, Tokens, candidates, features

Floats = npt.NDArray[np.float32]

DEFAULT_MODEL = """
[model]
@architectures = "aloi.SparseLogistic.v1"
buckets = 262144
"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The pairs of one doc that some relation may join.

    pairs: rows of (head, tail) indices into `spans`. features: hashes, (pairs, columns).
    permitted: which labels a pair may bear, (pairs, labels).
    """

    spans: list[Span]
    pairs: Ints
    features: Hashes
    permitted: Bools


class RelationExtractor(TrainablePipe):
    """Scores every permitted pair of mentions; see the module's text.

    threshold: the least score of a relation that is kept. max_distance: the most tokens between
    two mentions of a pair.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[Hashes, Floats],
        name: str = "aloi_relations",
        *,
        threshold: float = 0.5,
        max_distance: int = 60,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab, self.model, self.name, self.scorer = vocab, model, name, scorer
        self.inventory = Inventory()
        self.threshold, self.max_distance = threshold, max_distance

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
        """Take labels and what they join from a schema file, or from the examples without one."""
        if labels is not None:
            self.inventory = msgspec.convert(labels, Inventory)
        elif schema_path is not None:
            self.inventory = Inventory.of_schema(load_schema(Path(schema_path)))
        else:
            self.inventory = Inventory.of_examples(get_examples())
        self._shape_model()

    def propose(self, doc: Doc) -> Proposal:
        """The pairs of a doc's mentions that some relation may join, and their features."""
        spans = mentions(doc)
        rows = Mentions.of(spans)
        pairs = candidates(rows, self.max_distance)
        permitted = self._permitted(spans, pairs)
        some = permitted.any(axis=1)
        pairs, permitted = pairs[some], permitted[some]
        return Proposal(spans, pairs, features(Tokens.of(doc), rows, pairs), permitted)

    def _permitted(self, spans: list[Span], pairs: Ints) -> Bools:
        """Which labels each pair may bear: by its ends, and symmetric ones in text order only."""
        kinds = sorted({span.label_ for span in spans})
        kind = np.array([kinds.index(span.label_) for span in spans], dtype=np.int64)
        rank = np.empty(len(spans), dtype=np.int64)
        rank[sorted(range(len(spans)), key=lambda i: _place(spans[i]))] = np.arange(len(spans))
        head, tail = pairs[:, 0], pairs[:, 1]
        in_order = (rank[head] < rank[tail])[:, None]
        table = self.inventory.table(kinds)
        permitted: Bools = table[kind[head], kind[tail]] & (in_order | self.inventory.directed)
        return permitted

    def predict(self, docs: Iterable[Doc]) -> list[tuple[Proposal, Floats]]:
        """Each doc's pairs with a probability for each label, shape (pairs, labels)."""
        return [self._scored(self.propose(doc)) for doc in docs]

    def _scored(self, proposal: Proposal) -> tuple[Proposal, Floats]:
        if not len(proposal.pairs):
            return proposal, np.zeros((0, len(self.labels)), dtype=np.float32)
        return proposal, sigmoid(self.model.predict(proposal.features)) * proposal.permitted

    def set_annotations(
        self, docs: Iterable[Doc], scores: Iterable[tuple[Proposal, Floats]]
    ) -> None:
        """Keep the relations whose score reaches the threshold."""
        for doc, (proposal, probability) in zip(docs, scores, strict=True):
            doc._.relations = [
                RelationSpan(
                    proposal.spans[proposal.pairs[row, 0]],
                    proposal.spans[proposal.pairs[row, 1]],
                    self.labels[column],
                    float(probability[row, column]),
                )
                for row, column in np.argwhere(probability >= self.threshold)
            ]

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """One step on the summed logistic loss of all the examples' pairs; `drop` hides features.

        Pairs are those of the predicted docs' mentions, their truth is the reference's relations.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        proposed = [(self.propose(example.predicted), example) for example in examples]
        proposed = [(proposal, example) for proposal, example in proposed if len(proposal.pairs)]
        if not proposed:
            return losses
        seen = np.concatenate([proposal.features for proposal, _ in proposed])
        truth = np.concatenate([self.truth(proposal, example) for proposal, example in proposed])
        permitted = np.concatenate([proposal.permitted for proposal, _ in proposed])
        if drop:
            hidden = self.model.ops.xp.random.uniform(size=seen.shape) < drop
            seen = np.where(hidden, np.uint64(0), seen)
        logits, backprop = self.model.begin_update(seen)
        gradient, loss = logistic_gradient(logits, truth, permitted)
        backprop(gradient)
        if sgd is not None:
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def truth(self, proposal: Proposal, example: Example) -> Floats:
        """1 where gold has the relation between mentions on these characters, else 0."""
        column = {label: number for number, label in enumerate(self.labels)}
        gold: dict[tuple[Place, Place], list[int]] = {}
        for head, tail, label, _ in get_relations(example.reference):
            if label in column:
                ends = (_place(head), _place(tail))
                if label in self.inventory.symmetric:
                    ends = (min(ends), max(ends))
                gold.setdefault(ends, []).append(column[label])
        truth = np.zeros((len(proposal.pairs), len(self.labels)), dtype=np.float32)
        places = [_place(span) for span in proposal.spans]
        for row, (head, tail) in enumerate(proposal.pairs.tolist()):
            truth[row, gold.get((places[head], places[tail]), [])] = 1
        return truth

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        """The scorer's scores, symmetric relations being right whichever way gold writes them."""
        if self.scorer is None:
            return {}
        return self.scorer(examples, symmetric=frozenset(self.inventory.symmetric), **kwargs)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the model and the settings into a folder."""
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        srsly.write_json(path / "cfg", self._settings())
        self.model.to_disk(path / "model")

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Read what `to_disk` wrote."""
        path = Path(path)
        self._set(srsly.read_json(path / "cfg"))
        self.model.from_disk(path / "model")
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The model and the settings as bytes."""
        packed: bytes = srsly.msgpack_dumps(
            {"cfg": self._settings(), "model": self.model.to_bytes()}
        )
        return packed

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Read what `to_bytes` wrote."""
        stored = srsly.msgpack_loads(data)
        self._set(stored["cfg"])
        self.model.from_bytes(stored["model"])
        return self

    def _settings(self) -> dict[str, Any]:
        return {
            "inventory": self.label_data,
            "threshold": self.threshold,
            "max_distance": self.max_distance,
        }

    def _set(self, settings: dict[str, Any]) -> None:
        self.inventory = msgspec.convert(settings["inventory"], Inventory)
        self.threshold, self.max_distance = settings["threshold"], settings["max_distance"]
        self._shape_model()

    def _shape_model(self) -> None:
        self.model.set_dim("nO", len(self.labels), force=True)
        self.model.initialize()


Place = tuple[int, int, str, str]


def _place(span: Span) -> Place:
    """Where a span stands, in text order: outer before inner."""
    return span.start, -span.end, span.label_, span.id_


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
        "max_distance": 60,
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
    model: Model[Hashes, Floats],
    threshold: float,
    max_distance: int,
    scorer: Callable[..., dict[str, Any]] | None,
) -> RelationExtractor:
    """The factory behind `nlp.add_pipe("aloi_relations")`."""
    return RelationExtractor(
        nlp.vocab, model, name, threshold=threshold, max_distance=max_distance, scorer=scorer
    )
