"""The relation extractor: training, saving, memory, and unusual documents."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Span
from thinc.api import fix_random_seed
from toy import example, sentence, train

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.spacy_docs import annotate, get_relations, set_entities
from aloi.corpus.problems import DataError
from aloi.eval.spacy_examples import make_relation_scorer
from aloi.models.relations.candidate_batch import CandidateBatch
from aloi.models.relations.candidates import PAIRS_PER_BLOCK
from aloi.models.relations.component import ExtractorSettings, RelationExtractor
from aloi.models.relations.logistic import logistic_gradient
from aloi.models.relations.network import make_pair_scorer
from aloi.models.training.pipeline_folder import write_pipeline


def test_the_gradient_matches_finite_differences(nlp: Language, documents: list[Document]) -> None:
    """Along a random direction for each array of weights."""
    fix_random_seed(0)
    rng = np.random.default_rng(0)
    model = make_pair_scorer(buckets=64, hidden=8, width=4, static=0)
    component = RelationExtractor(nlp.vocab, model, settings=ExtractorSettings(max_distance=60))
    examples = [example(nlp, document) for document in documents[:4]]
    for each in examples:
        each.predicted.tensor = rng.normal(size=(len(each.predicted), 4)).astype(np.float32)
    component.initialize(lambda: examples)
    blocks = [component.candidates(each.predicted) for each in examples]
    truth = np.concatenate(
        [component.gold_matrix(block, each) for block, each in zip(blocks, examples, strict=True)]
    )
    counted = rng.random(truth.shape) < 0.8
    arrays = [(node, name) for node in model.walk() for name in node.param_names]
    for node, name in arrays:
        weights = node.get_param(name)
        node.set_param(name, weights + rng.normal(scale=0.1, size=weights.shape).astype("f"))
    logits, backprop = model.begin_update(blocks)
    backprop(logistic_gradient(logits, truth, counted)[0])

    def loss() -> float:
        logits = model.predict(blocks).astype(np.float64)
        return logistic_gradient(logits, truth, counted)[1]

    step = 3e-4  # small, so that few maxout units switch to another piece
    for node, name in arrays:
        weights, gradient = node.get_param(name).copy(), node.get_grad(name)
        direction = rng.normal(size=weights.shape).astype("f")
        losses = []
        for sign in (1, -1):
            node.set_param(name, weights + sign * step * direction)
            losses.append(loss())
        node.set_param(name, weights)
        slope = (losses[0] - losses[1]) / (2 * step)
        assert float((gradient * direction).sum()) == pytest.approx(slope, rel=0.05, abs=0.05)


def test_the_scores_of_a_doc_do_not_depend_on_its_batch(trained: Language) -> None:
    component = trained.get_pipe("aloi_relations")
    docs = [example(trained, sentence(number)).predicted for number in range(4)]
    blocks = [component.candidates(doc) for doc in docs]
    alone = np.concatenate([component.probabilities([block]) for block in blocks])
    np.testing.assert_allclose(component.probabilities(blocks), alone, atol=1e-5)


def test_relations_are_learned_from_the_words_between(trained: Language) -> None:
    held_out = [example(trained, sentence(number)) for number in range(24, 36)]
    for each in held_out:
        trained.get_pipe("aloi_relations")(each.predicted)
    scores = make_relation_scorer()(held_out)
    assert scores["relations_micro_f"] > 0.9


def test_the_same_seed_gives_the_same_weights(documents: list[Document]) -> None:
    first, second = (
        train(spacy.blank("fr"), documents).get_pipe("aloi_relations").model.to_bytes()
        for _ in range(2)
    )
    assert first == second


def test_a_saved_pipeline_predicts_the_same(trained: Language, tmp_path: Path) -> None:
    component = trained.get_pipe("aloi_relations")
    component.settings.threshold = 0.31
    trained.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    before = get_relations(component(example(trained, sentence(30)).predicted))
    doc = example(loaded, sentence(30)).predicted
    after = get_relations(loaded.get_pipe("aloi_relations")(doc))
    assert [(r.head.text, r.tail.text, r.label, r.score) for r in before] == [
        (r.head.text, r.tail.text, r.label, r.score) for r in after
    ]
    assert loaded.get_pipe("aloi_relations").settings.threshold == 0.31
    config = {"model": {"buckets": 4096, "width": 0, "static": 0}}
    copied = spacy.blank("fr").add_pipe("aloi_relations", config=config)
    copied.from_bytes(component.to_bytes())
    assert copied.labels == component.labels


def test_a_symmetric_relation_is_a_candidate_in_text_order_only(nlp: Language) -> None:
    config = {"max_distance": 60, "model": {"buckets": 64}}
    component = nlp.add_pipe("aloi_relations", config=config)
    labels = {"labels": ["MEETS"], "allowed": {"MEETS": [["PER", "PER"]]}, "symmetric": ["MEETS"]}
    component.initialize(lambda: [], labels=labels)
    candidates = component.candidates(example(nlp, sentence(0)).predicted)
    assert candidates.pairs.tolist() == [[0, 2]]


@pytest.mark.parametrize("mentions", [0, 1])
@pytest.mark.parametrize("text", ["", "🙂 🙂🙂", "Ana , " * 17_000])
def test_unusual_documents_have_no_relations(trained: Language, text: str, mentions: int) -> None:
    entities = tuple(
        Entity(id=f"e{n}", start=6 * n, end=6 * n + 3, label="PER") for n in range(mentions)
    )
    doc = trained.make_doc(text)
    set_entities(doc, (entity for entity in entities if entity.end <= len(text)))
    assert get_relations(trained.get_pipe("aloi_relations")(doc)) == []


@pytest.mark.parametrize("by_ref", [False, True])
@pytest.mark.parametrize("size", [400, pytest.param(2000, marks=pytest.mark.slow)])
def test_many_mentions_are_scored_in_blocks(nlp: Language, size: int, by_ref: bool) -> None:
    """All mentions are on two words, so that all pairs are candidates; memory stays bounded."""
    model = {"buckets": 64, "hidden": 2, "width": 0, "static": 0}
    config = {"max_distance": 60, "by_ref": by_ref, "model": model}
    component = nlp.add_pipe("aloi_relations", config=config)
    component.initialize(lambda: [], labels={"labels": ["AT"], "allowed": {"AT": [["PER", "LOC"]]}})
    doc = nlp.make_doc("Ana Rome")
    doc.spans["entities"] = [
        Span(doc, word, word + 1, label=label, kb_id=f"{label}{number}")
        for word, label in enumerate(("PER", "LOC"))
        for number in range(size // 2)
    ]
    blocks = list(component.candidate_blocks(doc))
    sizes = [len(block.pairs) for block in blocks]
    assert sum(sizes) == (size // 2) ** 2
    assert max(sizes) <= 2 * PAIRS_PER_BLOCK
    rows = [len(CandidateBatch.from_candidates(b).tokens.word) for b in (blocks, blocks[:1])]
    assert rows[0] == rows[1]  # the tokens of a doc are stored once for all its blocks
    tracemalloc.start()
    component(doc)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300_000_000


def test_a_mention_of_the_whole_document_takes_bounded_memory(nlp: Language) -> None:
    """A thousand pairs with a mention of 20,000 tokens do not take a thousand times its size."""
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


def test_an_empty_document_has_no_relations(trained: Language) -> None:
    assert get_relations(trained("")) == []


def test_a_gold_relation_without_a_candidate_pair_counts_as_missed(trained: Language) -> None:
    document = sentence(0)
    each = example(trained, document)
    each.predicted = annotate(trained.make_doc(document.text), Document("d", document.text, ()))
    assert make_relation_scorer()([each])["relations_micro_r"] == 0.0


def test_the_scorer_ignores_the_direction_of_symmetric_relations(trained: Language) -> None:
    document = sentence(0)
    reversed_relations = tuple(
        Relation(head=r.tail, tail=r.head, label=r.label) if r.label == "MEETS" else r
        for r in document.relations
    )
    gold = Document(document.id, document.text, document.entities, reversed_relations)
    each = example(trained, document)
    each.reference = annotate(trained.make_doc(gold.text), gold)
    each.predicted = annotate(trained.make_doc(document.text), document)
    assert make_relation_scorer()([each])["relations_micro_f"] < 1
    assert make_relation_scorer()([each], symmetric=frozenset({"MEETS"}))["relations_micro_f"] == 1


def test_only_a_pipeline_folder_is_overwritten(trained: Language, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DataError) as error:
        write_pipeline(trained, tmp_path)
    assert error.value.problems[0].kind == "bad-out"
    write_pipeline(trained, tmp_path / "model")
    write_pipeline(trained, tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "thesis.txt"]
