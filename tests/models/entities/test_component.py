"""The mention recogniser: nested mentions, their scores, and unusual texts."""

from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from toy import train_ner

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.spacy_docs import annotate

PLACES = ("Rome", "Oslo", "Paris", "Berne")
PEOPLE = ("Ana", "Bob", "Eva", "Léo")


def war_document(number: int) -> Document:
    """Return a sentence such as «Ana craint la guerre de Rome …», with a LOC inside an EVENT."""
    person, place = PEOPLE[number % 4], PLACES[number // 4 % 4]
    text = f"{person} craint la guerre de {place} et quitte {place} ."
    event, inner, second = text.index("guerre"), text.index(place), text.rindex(place)
    entities = (
        Entity(id="p", start=0, end=len(person), label="PER"),
        Entity(id="e", start=event, end=inner + len(place), label="EVENT"),
        Entity(id="i", start=inner, end=inner + len(place), label="LOC"),
        Entity(id="o", start=second, end=second + len(place), label="LOC"),
    )
    return Document(f"d{number}", text, entities)


@pytest.fixture(scope="module")
def nlp() -> Language:
    return train_ner(spacy.blank("fr"), [war_document(number) for number in range(16)], steps=40)


def predicted_mentions(nlp: Language, text: str) -> list[tuple[str, str]]:
    doc = nlp(text)
    return [(span.text, span.label_) for span in doc.spans["entities"]]


def test_nested_mentions_are_recognised(nlp: Language) -> None:
    doc = nlp(war_document(5).text)
    assert predicted_mentions(nlp, doc.text) == [
        ("Bob", "PER"),
        ("guerre de Oslo", "EVENT"),
        ("Oslo", "LOC"),
        ("Oslo", "LOC"),
    ]
    assert [ent.text for ent in doc.ents] == ["Bob", "guerre de Oslo", "Oslo"]  # the outermost


def test_each_mention_has_a_probability(nlp: Language) -> None:
    doc = nlp(war_document(5).text)
    spans = doc.spans["entities"]
    scores = spans.attrs["scores"]
    assert scores.shape == (len(spans),)
    assert ((scores > 0.5) & (scores <= 1)).all()
    assert scores[2] <= scores[1]  # an inner mention is at most as probable as the outer one


def test_a_loaded_component_predicts_the_same(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "model")
    from_disk = spacy.load(tmp_path / "model")
    from_bytes = spacy.blank("fr")
    from_bytes.add_pipe("aloi_ner", name="ner").from_bytes(nlp.get_pipe("ner").to_bytes())
    text = war_document(3).text
    for loaded in (from_disk, from_bytes):
        assert predicted_mentions(loaded, text) == predicted_mentions(nlp, text)
        scores = [pipeline(text).spans["entities"].attrs["scores"] for pipeline in (nlp, loaded)]
        assert np.array_equal(*scores)


def test_training_twice_gives_the_same_weights() -> None:
    first, second = (
        train_ner(spacy.blank("fr"), [war_document(number) for number in range(4)], steps=3)
        for _ in range(2)
    )
    assert first.get_pipe("ner").to_bytes() == second.get_pipe("ner").to_bytes()


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "😀👩‍👩‍👧🇫🇷", "Ana", "Ana " * 2000, "a" * 100_000], ids=repr
)
def test_unusual_texts_are_processed(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert all(len(span) for span in doc.spans["entities"])


def test_the_vectors_of_a_repeated_name_are_pooled(nlp: Language) -> None:
    """The appended half is the mean over the word's occurrences; for a single one, its vector."""
    layer = nlp.get_pipe("ner").model.layers[0].layers[0]
    width = layer.get_dim("nO") // 2
    (vectors,) = layer.predict([nlp.make_doc("Ana voit Ana et Bob")])
    own, pooled = vectors[:, :width], vectors[:, width:]
    assert pooled[0] == pytest.approx((own[0] + own[2]) / 2, abs=1e-6)
    assert pooled[4] == pytest.approx(own[4], abs=1e-6)
    assert not pooled[[1, 3]].any()  # 0 for words without a capital letter


def test_the_gradient_passes_through_the_pooling(nlp: Language) -> None:
    """A small step against the gradient lowers the loss by the step times the squared gradient."""
    documents = [war_document(1), war_document(2)]
    examples = [Example(nlp.make_doc(d.text), annotate(nlp.make_doc(d.text), d)) for d in documents]
    recognizer = train_ner(spacy.blank("fr"), documents, steps=2).get_pipe("ner")
    before = recognizer.update(examples, drop=0.0)["ner"]
    encoder = next(
        node for node in recognizer.model.walk() if node.name == "maxout" and node.has_grad("W")
    )
    gradient, step = encoder.get_grad("W").copy(), 1e-3 / np.square(encoder.get_grad("W")).sum()
    encoder.set_param("W", encoder.get_param("W") - step * gradient)
    after = recognizer.update(examples, drop=0.0)["ner"]
    assert before - after == pytest.approx(1e-3, rel=0.2)
