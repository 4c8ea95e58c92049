"""The spaCy component `aloi_ner`, which predicts entity mentions with probabilities.

Mentions may be nested. The network (aloi.models.entities.network) scores all tags for every token.
For each nesting layer (aloi.models.entities.nesting), a conditional random field
(aloi.models.entities.crf) decodes the most probable mentions. Mentions of an inner layer are
decoded inside each mention of the next outer layer.

All mentions are stored in the span group `doc.spans["entities"]`, and their probabilities in the
group's `attrs["scores"]`. The outermost mentions are also stored in `doc.ents`.
"""

# spaCy evaluates the type annotations of `initialize` and of the factory at run time. Therefore
# this module does not import `annotations` from `__future__`.
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, takewhile
from typing import Any, NamedTuple

import numpy as np
import spacy
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer, set_dropout_rate

from aloi.corpus.formats.shared.spacy_docs import SPANS_KEY, mentions
from aloi.models.arrays import FloatArray
from aloi.models.entities.bilou import BilouTags, TokenSpan
from aloi.models.entities.crf import Lattice
from aloi.models.entities.nesting import spans_inside, split_into_layers
from aloi.models.entities.network import TokenModel, set_output_shape
from aloi.models.examples import leading_gold
from aloi.models.serialization import SerializablePipe

DEFAULT_MODEL = """
[model]
@architectures = "aloi.MentionTagger.v1"
width = 96
hidden_width = 128

[model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true
pretrained_vectors = null
"""

MAX_DEPTH = 4
"""The maximum number of nesting layers; deeper mentions in the training data are ignored."""


class ScoredMention(NamedTuple):
    """A predicted mention and its probability, 0 to 1."""

    span: TokenSpan
    score: float


class MentionRecognizer(SerializablePipe):
    """A named entity recogniser for nested mentions.

    labels: the sorted entity labels of the training data. depth: the number of nesting layers in
    the training data, at most `MAX_DEPTH`.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: TokenModel,
        name: str = "ner",
        *,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab, self.model, self.name, self.scorer = vocab, model, name, scorer
        self.tags, self.depth = BilouTags(()), 1

    @property
    def labels(self) -> tuple[str, ...]:
        """The entity labels, in the order of the tag numbers."""
        return self.tags.labels

    @property
    def label_data(self) -> dict[str, Any]:
        """The labels and the nesting depth, in the format that `spacy init labels` writes."""
        return {"labels": list(self.labels), "depth": self.depth}

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: dict[str, Any] | None = None,
    ) -> None:
        """Set the labels and the nesting depth, and initialise the network.

        labels: the labels and the nesting depth, as in `label_data` (default: those of the gold
        examples).
        """
        self._set_settings(labels or _collect_labels(leading_gold(get_examples())))
        set_output_shape(self.model, tags=len(self.tags), layers=self.depth)
        docs = [example.predicted for example in islice(get_examples(), 10)]
        for earlier in self._earlier_components(nlp):
            docs = [earlier(doc) for doc in docs]
        self.model.initialize(X=[doc for doc in docs if len(doc)])

    def _earlier_components(self, nlp: Language | None) -> Iterator[Callable[[Doc], Doc]]:
        """Yield the components before this one: the network may need their output."""
        pipeline = nlp.pipeline if nlp is not None else []
        return takewhile(lambda each: each is not self, (pipe for _, pipe in pipeline))

    def predict(self, docs: Iterable[Doc]) -> list[list[ScoredMention]]:
        """Return the predicted mentions of each doc, outer layers before inner layers."""
        docs = list(docs)
        non_empty = [doc for doc in docs if len(doc)]
        scores = iter(self.model.predict(non_empty) if non_empty else [])
        return [self._decode(next(scores)) if len(doc) else [] for doc in docs]

    def _decode(self, scores: FloatArray) -> list[ScoredMention]:
        """Return the predicted mentions of one doc.

        scores: the tag scores of the doc. Shape: (tokens, layers * tags). The probability of an
        inner mention is its probability inside the outer mention, multiplied by the probability of
        the outer mention.
        """
        transitions = self._transitions
        layer_above = [ScoredMention(TokenSpan(0, len(scores), ""), 1.0)]
        decoded: list[ScoredMention] = []
        for layer in range(self.depth):
            layer_above = [
                ScoredMention(span, outer.score * lattice.probability(mention))
                for outer in layer_above
                for lattice in [self._lattice(scores, transitions, layer, outer.span)]
                for mention in self.tags.decode(lattice.best().tolist())
                if (span := mention.shifted(outer.span.start)) != outer.span
            ]
            decoded += layer_above
        return decoded

    @property
    def _transitions(self) -> FloatArray:
        transitions: Any = self.model.get_param("transitions")
        return np.asarray(transitions)

    def _lattice(
        self, scores: FloatArray, transitions: FloatArray, layer: int, span: TokenSpan
    ) -> Lattice:
        """Return all tag sequences for the tokens of a span, in one nesting layer."""
        columns = slice(layer * len(self.tags), (layer + 1) * len(self.tags))
        return Lattice(self.tags, scores[span.start : span.end, columns], transitions[layer])

    def set_annotations(
        self, docs: Iterable[Doc], predictions: Iterable[list[ScoredMention]]
    ) -> None:
        """Replace the mentions of each doc by the predicted mentions.

        Predicted mentions that start or end with white space are dropped.
        """
        for doc, predicted in zip(docs, predictions, strict=True):
            kept = (each for each in predicted if not _has_outer_space(doc, each.span))
            ordered = sorted(kept, key=lambda each: (each.span.start, -each.span.end))
            spans = [Span(doc, s.start, s.end, label=s.label) for s, _ in ordered]
            scores = np.array([score for _, score in ordered], dtype=np.float32)
            doc.spans[SPANS_KEY] = SpanGroup(doc, spans=spans, attrs={"scores": scores})
            doc.set_ents(spacy.util.filter_spans(spans))

    def probabilities(self, doc: Doc, *, min_probability: float) -> dict[TokenSpan, float]:
        """Return the probabilities of possible outermost mentions, by mention.

        Mentions with a probability below `min_probability` are omitted.
        """
        if not len(doc):
            return {}
        (scores,) = self.model.predict([doc])
        lattice = self._lattice(scores, self._transitions, 0, TokenSpan(0, len(doc), ""))
        return lattice.mentions(min_probability=min_probability)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Train on a batch and return the losses.

        The loss is the negative log-likelihood of the gold mentions. An inner layer is trained
        inside each gold mention of the next outer layer.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = [example for example in examples if len(example.predicted)]
        if not examples:
            return losses
        docs = [example.predicted for example in examples]
        gold = [split_into_layers(_gold_mentions(example), self.depth) for example in examples]
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update(docs)
        gradients = []
        for doc_scores, layers in zip(scores, gold, strict=True):
            gradient, loss = self._gradient(doc_scores, layers)
            gradients.append(gradient)
            losses[self.name] += loss
        backprop(gradients)
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _gradient(
        self, scores: FloatArray, layers: list[list[TokenSpan]]
    ) -> tuple[FloatArray, float]:
        """Return the gradient with respect to the tag scores of one doc, and the loss of the doc.

        The gradient with respect to the transition scores is added to the model.
        """
        transitions, loss = self._transitions, 0.0
        d_scores = np.zeros_like(scores)
        d_transitions: Any = np.zeros_like(transitions)
        layer_above = [TokenSpan(0, len(scores), "")]
        for layer, mentions_of_layer in enumerate(layers):
            columns = slice(layer * len(self.tags), (layer + 1) * len(self.tags))
            for outer in layer_above:
                inner = spans_inside(outer, mentions_of_layer)
                gold = self.tags.encode(outer.end - outer.start, inner)
                lattice = self._lattice(scores, transitions, layer, outer)
                span_loss, d_emissions, d_steps = lattice.loss(gold)
                d_scores[outer.start : outer.end, columns] += d_emissions
                d_transitions[layer] += d_steps
                loss += span_loss
            layer_above = mentions_of_layer
        self.model.inc_grad("transitions", d_transitions)
        return d_scores, loss

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the scores that the scorer computes, or {} if there is no scorer."""
        return self.scorer(examples, **kwargs) if self.scorer else {}

    def _get_settings(self) -> dict[str, Any]:
        return self.label_data

    def _set_settings(self, values: dict[str, Any]) -> None:
        self.tags, self.depth = BilouTags(tuple(values["labels"])), values["depth"]


def _has_outer_space(doc: Doc, span: TokenSpan) -> bool:
    """Return whether a span begins or ends with a white-space token."""
    return doc[span.start].is_space or doc[span.end - 1].is_space


def _gold_mentions(example: Example) -> list[TokenSpan]:
    """Return the gold mentions as token spans of the predicted doc."""
    spans = mentions(example.reference)
    if [token.text for token in example.predicted] != [token.text for token in example.reference]:
        spans = example.get_aligned_spans_y2x(spans, allow_overlap=True)
    return [TokenSpan(span.start, span.end, span.label_) for span in spans]


def _collect_labels(examples: Iterable[Example]) -> dict[str, Any]:
    """Return the entity labels and the nesting depth of the reference docs."""
    labels: set[str] = set()
    depth = 1
    for example in examples:
        gold = _gold_mentions(example)
        labels.update(mention.label for mention in gold)
        layers = split_into_layers(gold, MAX_DEPTH)
        depth = max(depth, sum(bool(layer) for layer in layers))
    return {"labels": sorted(labels), "depth": depth}


def copy_tok2vec(source: str, component: str = "ner") -> Callable[[Language], Language]:
    """Return a callback (`aloi.CopyTok2Vec.v1`) that copies pretrained token-to-vector weights.

    The callback runs after initialisation. It copies the weights of the token-to-vector layer from
    the pipeline `source` to the new pipeline. In each pipeline, this layer is part of the component
    with the name `component`. The two layers must have the same shape. All other layers keep their
    initial weights.
    """

    def callback(nlp: Language) -> Language:
        pretrained = spacy.load(source, enable=[component]).get_pipe(component)
        recognizer = nlp.get_pipe(component)
        assert isinstance(pretrained, TrainablePipe)
        assert isinstance(recognizer, MentionRecognizer)
        weights = pretrained.model.get_ref("tok2vec").layers[0].to_bytes()
        recognizer.model.get_ref("tok2vec").from_bytes(weights)
        return nlp

    return callback


@Language.factory(
    "aloi_ner",
    assigns=["doc.ents", "doc.spans"],
    default_config={
        "scorer": {"@scorers": "aloi.mention_scorer.v1"},
        **Config().from_str(DEFAULT_MODEL),
    },
    default_score_weights={
        "mentions_micro_f": 1.0,
        "mentions_micro_p": 0.0,
        "mentions_micro_r": 0.0,
    },
)
def make_mention_recognizer(
    nlp: Language,
    name: str,
    model: Model[list[Doc], list[FloatArray]],
    scorer: Callable[..., dict[str, Any]] | None,
) -> MentionRecognizer:
    """Return a new component; `nlp.add_pipe("aloi_ner")` calls this function."""
    return MentionRecognizer(nlp.vocab, model, name, scorer=scorer)
