"""The spaCy component `aloi_ner`: mentions, nested ones included, each with its probability.

A network scores every token (aloi.models.entities.network); for each layer of nesting
(aloi.models.entities.nesting) a conditional random field (aloi.models.entities.crf) finds the
likeliest mentions,
those of an inner layer inside each mention of the layer before.

All mentions stand in `doc.spans["entities"]`, their probabilities in its `attrs["scores"]`; the
outermost in `doc.ents`.
"""

# spaCy reads the annotations of `initialize` and of the factory when they run, so they are not
# postponed in this module.
from collections.abc import Callable, Iterable
from itertools import islice
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
from aloi.models.entities.crf import Floats, Lattice, Stretch, Tags
from aloi.models.entities.nesting import layered, within
from aloi.models.entities.network import Vectors, shape
from aloi.models.serialization import StoredPipe

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

MOST_LAYERS = 4
"""Of nesting; deeper mentions are not learned."""


class Found(NamedTuple):
    """A mention and its probability, 0 to 1."""

    mention: Stretch
    score: float


class MentionRecognizer(StoredPipe):
    """Finds mentions; see the module's text.

    labels: those of the training data, sorted. depth: how many layers of nesting they have.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Vectors,
        name: str = "ner",
        *,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab, self.model, self.name, self.scorer = vocab, model, name, scorer
        self.tags, self.depth = Tags(()), 1

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the tags."""
        return self.tags.labels

    @property
    def label_data(self) -> dict[str, Any]:
        """What `spacy init labels` stores of the labels."""
        return {"labels": list(self.labels), "depth": self.depth}

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: dict[str, Any] | None = None,
    ) -> None:
        """Take the labels and the depth of nesting from the examples, unless they are given."""
        self._restore(labels or _met(get_examples()))
        shape(self.model, tags=len(self.tags), layers=self.depth)
        docs = [example.reference for example in islice(get_examples(), 10)]
        self.model.initialize(X=[doc for doc in docs if len(doc)])

    def predict(self, docs: Iterable[Doc]) -> list[list[Found]]:
        """The mentions of each doc, outer layers first."""
        docs = list(docs)
        some = [doc for doc in docs if len(doc)]
        scores = iter(self.model.predict(some) if some else [])
        return [self._read(next(scores)) if len(doc) else [] for doc in docs]

    def _read(self, scores: Floats) -> list[Found]:
        steps = self._transitions
        around = [Found(Stretch(0, len(scores), ""), 1.0)]
        found: list[Found] = []
        for layer in range(self.depth):
            around = [
                Found(placed, outer.score * lattice.probability(mention))
                for outer in around
                for lattice in [self._lattice(scores, steps, layer, outer.mention)]
                for mention in self.tags.decode(lattice.best().tolist())
                if (placed := mention.moved(outer.mention.start)) != outer.mention
            ]
            found += around
        return found

    @property
    def _transitions(self) -> Floats:
        kept: Any = self.model.get_param("transitions")
        return np.asarray(kept)

    def _lattice(self, scores: Floats, steps: Floats, layer: int, part: Stretch) -> Lattice:
        """All taggings of some tokens by one layer."""
        columns = slice(layer * len(self.tags), (layer + 1) * len(self.tags))
        return Lattice(self.tags, scores[part.start : part.end, columns], steps[layer])

    def set_annotations(self, docs: Iterable[Doc], found: Iterable[list[Found]]) -> None:
        """Replace the mentions of the docs."""
        for doc, each in zip(docs, found, strict=True):
            worded = (f for f in each if _on_words(doc, f.mention))
            ordered = sorted(worded, key=lambda f: (f.mention.start, -f.mention.end))
            spans = [Span(doc, m.start, m.end, label=m.label) for m, _ in ordered]
            scores = np.array([score for _, score in ordered], dtype=np.float32)
            doc.spans[SPANS_KEY] = SpanGroup(doc, spans=spans, attrs={"scores": scores})
            doc.set_ents(spacy.util.filter_spans(spans))

    def probabilities(self, doc: Doc, *, least: float) -> dict[Stretch, float]:
        """Each outermost mention that is at least so probable, with its probability, 0 to 1."""
        if not len(doc):
            return {}
        (scores,) = self.model.predict([doc])
        whole = Stretch(0, len(doc), "")
        return self._lattice(scores, self._transitions, 0, whole).mentions(least=least)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """One step on the negative log-likelihood of the references' mentions.

        An inner layer learns inside the mentions of the layer before that the reference has.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = [example for example in examples if len(example.predicted)]
        if not examples:
            return losses
        docs = [example.predicted for example in examples]
        truth = [layered(_stretches(example), self.depth) for example in examples]
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update(docs)
        pushes = [np.zeros_like(each) for each in scores]
        for each, push, layers in zip(scores, pushes, truth, strict=True):
            losses[self.name] += self._learn(each, layers, push)
        backprop(pushes)
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _learn(self, scores: Floats, layers: list[list[Stretch]], push: Floats) -> float:
        """Add one doc's gradients to `push` and to those of the transitions; return its loss."""
        steps, total = self._transitions, 0.0
        turned: Any = np.zeros_like(steps)
        around = [Stretch(0, len(scores), "")]
        for layer, inner in enumerate(layers):
            columns = slice(layer * len(self.tags), (layer + 1) * len(self.tags))
            for outer in around:
                truth = self.tags.encode(outer.end - outer.start, within(outer, inner))
                loss, moved, pairs = self._lattice(scores, steps, layer, outer).loss(truth)
                push[outer.start : outer.end, columns] += moved
                turned[layer] += pairs
                total += loss
            around = inner
        self.model.inc_grad("transitions", turned)
        return total

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        """The scorer's scores."""
        return self.scorer(examples, **kwargs) if self.scorer else {}

    def _plain(self) -> dict[str, Any]:
        return self.label_data

    def _restore(self, plain: dict[str, Any]) -> None:
        self.tags, self.depth = Tags(tuple(plain["labels"])), plain["depth"]


def _on_words(doc: Doc, mention: Stretch) -> bool:
    """Whether a mention neither begins nor ends with white space."""
    return not (doc[mention.start].is_space or doc[mention.end - 1].is_space)


def _stretches(example: Example) -> list[Stretch]:
    """The reference's mentions on the predicted doc's tokens."""
    spans = mentions(example.reference)
    if [token.text for token in example.predicted] != [token.text for token in example.reference]:
        spans = example.get_aligned_spans_y2x(spans, allow_overlap=True)
    return [Stretch(span.start, span.end, span.label_) for span in spans]


def _met(examples: Iterable[Example]) -> dict[str, Any]:
    """The labels that the references' mentions have, and how deep these are nested."""
    labels: set[str] = set()
    depth = 1
    for example in examples:
        found = _stretches(example)
        labels.update(mention.label for mention in found)
        layers = layered(found, MOST_LAYERS)
        depth = max(depth, sum(bool(layer) for layer in layers))
    return {"labels": sorted(labels), "depth": depth}


def copy_tok2vec(source: str, component: str = "ner") -> Callable[[Language], Language]:
    """A callback (`aloi.CopyTok2Vec.v1`) that copies trained weights after initialisation.

    The token-to-vector layers of `component` take the weights of the recogniser of the same name
    in the pipeline `source`: what it knows of words stays, while the layers after it start anew.
    The layers must be of one shape.
    """

    def callback(nlp: Language) -> Language:
        taught = spacy.load(source, enable=[component]).get_pipe(component)
        pipe = nlp.get_pipe(component)
        assert isinstance(taught, TrainablePipe)
        assert isinstance(pipe, MentionRecognizer)
        vectors = taught.model.get_ref("tok2vec").layers[0].to_bytes()
        pipe.model.get_ref("tok2vec").from_bytes(vectors)
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
    model: Model[list[Doc], list[Floats]],
    scorer: Callable[..., dict[str, Any]] | None,
) -> MentionRecognizer:
    """The factory behind `nlp.add_pipe("aloi_ner")`."""
    return MentionRecognizer(nlp.vocab, model, name, scorer=scorer)
