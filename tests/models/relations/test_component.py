"""The relation component learns, repeats itself, and survives odd documents."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Span
from spacy.vectors import Vectors
from thinc.api import fix_random_seed
from toy import example, sentence, train

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.spacy_docs import annotate, get_relations, set_entities
from aloi.corpus.problems import DataError
from aloi.eval.spacy_examples import make_relation_scorer
from aloi.models.relations.candidates import BLOCK, TokenArrays
from aloi.models.relations.component import RelationExtractor, Settings, logistic_gradient
from aloi.models.relations.features import Scene
from aloi.models.relations.network import make_pair_scorer
from aloi.models.training.pipeline_folder import write_pipeline


def test_the_gradient_is_that_of_the_loss(nlp: Language, documents: list[Document]) -> None:
    """Against finite differences, along a random direction for each array of weights."""
    fix_random_seed(0)
    rng = np.random.default_rng(0)
    model = make_pair_scorer(buckets=64, hidden=8, width=4, static=0)
    component = RelationExtractor(nlp.vocab, model, settings=Settings(max_distance=60))
    examples = [example(nlp, document) for document in documents[:4]]
    for each in examples:
        each.predicted.tensor = rng.normal(size=(len(each.predicted), 4)).astype(np.float32)
    component.initialize(lambda: examples)
    proposals = [component.propose(each.predicted) for each in examples]
    truth = np.concatenate(
        [component.truth(p, each) for p, each in zip(proposals, examples, strict=True)]
    )
    counted = rng.random(truth.shape) < 0.8
    arrays = [(node, name) for node in model.walk() for name in node.param_names]
    for node, name in arrays:
        weights = node.get_param(name)
        node.set_param(name, weights + rng.normal(scale=0.1, size=weights.shape).astype("f"))
    logits, backprop = model.begin_update(proposals)
    backprop(logistic_gradient(logits, truth, counted)[0])

    def loss() -> float:
        logits = model.predict(proposals).astype(np.float64)
        return logistic_gradient(logits, truth, counted)[1]

    step = 3e-4  # small, so that hardly a unit changes its piece
    for node, name in arrays:
        weights, gradient = node.get_param(name).copy(), node.get_grad(name)
        direction = rng.normal(size=weights.shape).astype("f")
        around = []
        for sign in (1, -1):
            node.set_param(name, weights + sign * step * direction)
            around.append(loss())
        node.set_param(name, weights)
        slope = (around[0] - around[1]) / (2 * step)
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=0.05, abs=0.05)


def test_a_doc_is_scored_as_if_it_were_alone(trained: Language) -> None:
    """Nothing of the docs beside it in a batch reaches its scores."""
    component = trained.get_pipe("aloi_relations")
    docs = [example(trained, sentence(number)).predicted for number in range(4)]
    proposals = [component.propose(doc) for doc in docs]
    alone = np.concatenate([component.probabilities([each]) for each in proposals])
    np.testing.assert_allclose(component.probabilities(proposals), alone, atol=1e-5)


def test_words_bring_their_vectors(nlp: Language) -> None:
    """Brought to mean 0 and variance 1; zeros for a word that has none, and around the doc."""
    nlp.vocab.set_vector("Ana", np.array([3, 1], dtype=np.float32))
    vectors = TokenArrays.of([nlp.make_doc("Ana Rome")], static=2).vector
    np.testing.assert_allclose(vectors, [[0, 0], [1, -1], [0, 0], [0, 0]], atol=1e-4)


def test_vectors_made_of_parts_of_words_are_read_too(nlp: Language) -> None:
    table = np.arange(8, dtype=np.float32).reshape(4, 2) ** 2
    nlp.vocab.vectors = Vectors(data=table, mode="floret", minn=2, maxn=3, hash_count=1)
    vectors = TokenArrays.of([nlp.make_doc("Ana")], static=2).vector
    assert np.ptp(vectors[1]) == pytest.approx(2, abs=1e-4)


def test_it_learns_what_the_words_between_say(trained: Language) -> None:
    held_out = [example(trained, sentence(number)) for number in range(24, 36)]
    for each in held_out:
        trained.get_pipe("aloi_relations")(each.predicted)
    scores = make_relation_scorer()(held_out)
    assert scores["relations_micro_f"] > 0.9


def test_the_same_seed_gives_the_same_weights(documents: list[Document]) -> None:
    one, other = (
        train(spacy.blank("fr"), documents).get_pipe("aloi_relations").model.to_bytes()
        for _ in range(2)
    )
    assert one == other


def test_a_saved_pipeline_predicts_the_same(trained: Language, tmp_path: Path) -> None:
    component = trained.get_pipe("aloi_relations")
    component.settings.threshold = 0.31
    trained.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    each = example(trained, sentence(30))
    again = example(loaded, sentence(30))
    before = get_relations(component(each.predicted))
    after = get_relations(loaded.get_pipe("aloi_relations")(again.predicted))
    assert [(r.head.text, r.tail.text, r.label, r.score) for r in before] == [
        (r.head.text, r.tail.text, r.label, r.score) for r in after
    ]
    assert loaded.get_pipe("aloi_relations").settings.threshold == 0.31
    config = {"model": {"buckets": 4096, "width": 0, "static": 0}}
    copied = spacy.blank("fr").add_pipe("aloi_relations", config=config)
    copied.from_bytes(component.to_bytes())
    assert copied.labels == component.labels


def test_a_symmetric_relation_is_proposed_in_text_order_only(nlp: Language) -> None:
    config = {"max_distance": 60, "model": {"buckets": 64}}
    component = nlp.add_pipe("aloi_relations", config=config)
    labels = {"labels": ["MEETS"], "allowed": {"MEETS": [["PER", "PER"]]}, "symmetric": ["MEETS"]}
    component.initialize(lambda: [], labels=labels)
    proposal = component.propose(example(nlp, sentence(0)).predicted)
    assert proposal.pairs.tolist() == [[0, 2]]


@pytest.mark.parametrize("mentions", [0, 1])
@pytest.mark.parametrize("text", ["", "🙂 🙂🙂", "Ana , " * 17_000])
def test_odd_documents(trained: Language, text: str, mentions: int) -> None:
    entities = tuple(Entity(f"e{n}", 6 * n, 6 * n + 3, "PER") for n in range(mentions))
    doc = trained.make_doc(text)
    set_entities(doc, (entity for entity in entities if entity.end <= len(text)))
    assert get_relations(trained.get_pipe("aloi_relations")(doc)) == []


@pytest.mark.parametrize("by_ref", [False, True])
@pytest.mark.parametrize("size", [400, pytest.param(2000, marks=pytest.mark.slow)])
def test_a_crowd_is_scored_in_blocks(nlp: Language, size: int, by_ref: bool) -> None:
    """Mentions on two words, so that each is near each: a block of pairs takes little memory."""
    model = {"buckets": 64, "hidden": 2, "width": 0, "static": 0}
    config = {"max_distance": 60, "by_ref": by_ref, "model": model}
    component = nlp.add_pipe("aloi_relations", config=config)
    kinds = [["PER", "LOC"]]
    component.initialize(lambda: [], labels={"labels": ["AT"], "allowed": {"AT": kinds}})
    doc = nlp.make_doc("Ana Rome")
    doc.spans["entities"] = [
        Span(doc, word, word + 1, label=label, kb_id=f"{label}{number}")
        for word, label in enumerate(("PER", "LOC"))
        for number in range(size // 2)
    ]
    blocks = list(component.blocks(doc))
    sizes = [len(block.pairs) for block in blocks]
    assert sum(sizes) == (size // 2) ** 2
    assert max(sizes) <= 2 * BLOCK
    assert len(Scene.of(blocks).tokens.word) == len(Scene.of(blocks[:1]).tokens.word)
    tracemalloc.start()
    component(doc)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300_000_000


def test_a_mention_as_long_as_its_document(nlp: Language) -> None:
    """Each of a thousand mentions may relate to it, which takes no thousand times its length."""
    model = {"buckets": 64, "hidden": 2, "width": 0, "static": 0}
    component = nlp.add_pipe("aloi_relations", config={"max_distance": 60, "model": model})
    component.initialize(lambda: [], labels={"labels": ["AT"], "allowed": {"AT": [["PER", "LOC"]]}})
    doc = nlp.make_doc("Ana , " * 10_000)
    people = [Span(doc, 20 * number, 20 * number + 1, label="PER") for number in range(1000)]
    doc.spans["entities"] = [Span(doc, 0, len(doc), label="LOC"), *people]
    tracemalloc.start()
    component(doc)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150_000_000


def test_an_empty_document(trained: Language) -> None:
    assert get_relations(trained("")) == []


def test_a_gold_relation_that_no_pair_proposes_counts_as_missed(trained: Language) -> None:
    document = sentence(0)
    empty = example(trained, document)
    empty.predicted = annotate(trained.make_doc(document.text), Document("d", document.text, ()))
    assert make_relation_scorer()([empty])["relations_micro_r"] == 0.0


def test_a_symmetric_relation_is_right_whichever_way_gold_writes_it(trained: Language) -> None:
    document = sentence(0)
    turned = tuple(
        Relation(r.tail, r.head, r.label) if r.label == "MEETS" else r for r in document.relations
    )
    gold = Document(document.id, document.text, document.entities, turned)
    each = example(trained, document)
    each.reference = annotate(trained.make_doc(gold.text), gold)
    each.predicted = annotate(trained.make_doc(document.text), document)
    assert make_relation_scorer()([each])["relations_micro_f"] < 1
    assert make_relation_scorer()([each], symmetric=frozenset({"MEETS"}))["relations_micro_f"] == 1


def test_a_folder_that_is_no_pipeline_is_not_replaced(trained: Language, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError, match="not a pipeline"):
        write_pipeline(trained, tmp_path)
    write_pipeline(trained, tmp_path / "model")
    write_pipeline(trained, tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "thesis.txt"]
