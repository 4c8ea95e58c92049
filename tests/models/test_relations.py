"""The relation component learns, repeats itself, and survives odd documents."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from toy import example, sentence, train

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.spacy_docs import annotate, get_relations, set_entities
from aloi.corpus.problems import DataError
from aloi.eval.spacy_examples import make_relation_scorer
from aloi.models.relations import logistic_gradient
from aloi.models.sparse_logistic import make_sparse_logistic
from aloi.models.training import write


def test_the_gradient_is_that_of_the_loss() -> None:
    """Against finite differences, weight by weight, through the loss and the model."""
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 50, size=(6, 5)).astype(np.uint64)
    truth = (rng.random((6, 3)) < 0.4).astype(np.float32)
    counted = rng.random((6, 3)) < 0.8
    model = make_sparse_logistic(buckets=16)
    model.initialize(Y=truth)
    weights = rng.normal(size=(16, 3)).astype(np.float32)

    def loss(table: np.ndarray) -> float:
        model.set_param("W", table.astype(np.float32))
        return logistic_gradient(model.predict(hashes).astype(np.float64), truth, counted)[1]

    model.set_param("W", weights)
    logits, backprop = model.begin_update(hashes)
    backprop(logistic_gradient(logits, truth, counted)[0])
    found = model.get_grad("W")
    step = 1e-2
    for cell in np.ndindex(16, 3):
        moved = np.zeros_like(weights)
        moved[cell] = step
        slope = (loss(weights + moved) - loss(weights - moved)) / (2 * step)
        assert found[cell] == pytest.approx(slope, abs=2e-3)


def test_it_learns_what_the_words_between_say(trained: Language) -> None:
    held_out = [example(trained, sentence(number)) for number in range(24, 36)]
    for each in held_out:
        trained.get_pipe("aloi_relations")(each.predicted)
    scores = make_relation_scorer()(held_out)
    assert scores["relations_micro_f"] > 0.9


def test_the_same_seed_gives_the_same_weights(documents: list[Document]) -> None:
    one, other = (
        train(spacy.blank("fr"), documents).get_pipe("aloi_relations").model.get_param("W")
        for _ in range(2)
    )
    assert np.array_equal(one, other)


def test_a_saved_pipeline_predicts_the_same(trained: Language, tmp_path: Path) -> None:
    component = trained.get_pipe("aloi_relations")
    component.threshold = 0.31
    trained.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    each = example(trained, sentence(30))
    again = example(loaded, sentence(30))
    before = get_relations(component(each.predicted))
    after = get_relations(loaded.get_pipe("aloi_relations")(again.predicted))
    assert [(r.head.text, r.tail.text, r.label, r.score) for r in before] == [
        (r.head.text, r.tail.text, r.label, r.score) for r in after
    ]
    assert loaded.get_pipe("aloi_relations").threshold == 0.31
    copied = spacy.blank("fr").add_pipe("aloi_relations", config={"model": {"buckets": 4096}})
    copied.from_bytes(component.to_bytes())
    assert copied.labels == component.labels


def test_a_symmetric_relation_is_proposed_in_text_order_only(nlp: Language) -> None:
    component = nlp.add_pipe("aloi_relations", config={"model": {"buckets": 64}})
    labels = {"labels": ["MEETS"], "allowed": {"MEETS": [["PER", "PER"]]}, "symmetric": ["MEETS"]}
    component.initialize(lambda: [], labels=labels)
    proposal = component.propose(example(nlp, sentence(0)).predicted)
    assert proposal.pairs.tolist() == [[0, 2]]


@pytest.mark.parametrize("mentions", [0, 1, 2000])
def test_odd_documents(trained: Language, mentions: int) -> None:
    text = "Ana , " * mentions or "🙂 🙂🙂"
    entities = tuple(Entity(f"e{n}", 6 * n, 6 * n + 3, "PER") for n in range(mentions))
    doc = trained.make_doc(text)
    set_entities(doc, entities)
    proposal = trained.get_pipe("aloi_relations").propose(doc)
    assert proposal.features.nbytes < 200_000_000
    trained.get_pipe("aloi_relations")(doc)


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
    with pytest.raises(DataError, match="is none"):
        write(trained, tmp_path)
    write(trained, tmp_path / "model")
    write(trained, tmp_path / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "thesis.txt"]
