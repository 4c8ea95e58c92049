"""The mention recogniser: nested mentions, their scores, and texts of every kind."""

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


def war(number: int) -> Document:
    """«Ana craint la guerre de Rome .»: the place stands inside the event."""
    person, place = PEOPLE[number % 4], PLACES[number // 4 % 4]
    text = f"{person} craint la guerre de {place} et quitte {place} ."
    event, again = text.index("guerre"), text.rindex(place)
    inner = text.index(place)
    entities = (
        Entity("p", 0, len(person), "PER"),
        Entity("e", event, inner + len(place), "EVENT"),
        Entity("i", inner, inner + len(place), "LOC"),
        Entity("o", again, again + len(place), "LOC"),
    )
    return Document(f"d{number}", text, entities)


@pytest.fixture(scope="module")
def nlp() -> Language:
    return train_ner(spacy.blank("fr"), [war(number) for number in range(16)], steps=40)


def found(nlp: Language, text: str) -> list[tuple[str, str]]:
    doc = nlp(text)
    return [(span.text, span.label_) for span in doc.spans["entities"]]


def test_mentions_inside_mentions_are_found(nlp: Language) -> None:
    doc = nlp(war(5).text)
    assert found(nlp, doc.text) == [
        ("Bob", "PER"),
        ("guerre de Oslo", "EVENT"),
        ("Oslo", "LOC"),
        ("Oslo", "LOC"),
    ]
    assert [ent.text for ent in doc.ents] == ["Bob", "guerre de Oslo", "Oslo"]  # the outermost


def test_each_mention_has_its_probability(nlp: Language) -> None:
    doc = nlp(war(5).text)
    spans = doc.spans["entities"]
    scores = spans.attrs["scores"]
    assert scores.shape == (len(spans),)
    assert ((scores > 0.5) & (scores <= 1)).all()
    assert scores[2] <= scores[1]  # the place inside the event is no surer than the event


def test_what_is_saved_and_loaded_is_the_same(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    again = spacy.blank("fr")
    again.add_pipe("aloi_ner", name="ner").from_bytes(nlp.get_pipe("ner").to_bytes())
    for other in (loaded, again):
        assert found(other, war(3).text) == found(nlp, war(3).text)
        scores = [
            pipeline(war(3).text).spans["entities"].attrs["scores"] for pipeline in (nlp, other)
        ]
        assert np.array_equal(*scores)


def test_training_twice_gives_the_same_weights() -> None:
    once, twice = (
        train_ner(spacy.blank("fr"), [war(number) for number in range(4)], steps=3)
        for _ in range(2)
    )
    assert once.get_pipe("ner").to_bytes() == twice.get_pipe("ner").to_bytes()


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n", "😀👩‍👩‍👧🇫🇷", "Ana", "Ana " * 2000, "a" * 100_000], ids=repr
)
def test_no_text_is_too_odd(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert all(len(span) for span in doc.spans["entities"])


def test_a_name_is_known_again_by_its_other_places(nlp: Language) -> None:
    """The memory is the mean over a word's places: of one place, it is the vector itself."""
    memory = nlp.get_pipe("ner").model.layers[0].layers[0]
    width = memory.get_dim("nO") // 2
    (joined,) = memory.predict([nlp.make_doc("Ana voit Ana et Bob")])
    own, pooled = joined[:, :width], joined[:, width:]
    assert pooled[0] == pytest.approx((own[0] + own[2]) / 2, abs=1e-6)
    assert pooled[4] == pytest.approx(own[4], abs=1e-6)
    assert not pooled[[1, 3]].any()  # no capital, no memory


def test_the_gradient_passes_through_the_memory(nlp: Language) -> None:
    """A small step against the gradient lowers the loss by the step times its square."""
    documents = [war(1), war(2)]
    examples = [Example(nlp.make_doc(d.text), annotate(nlp.make_doc(d.text), d)) for d in documents]
    fresh = train_ner(spacy.blank("fr"), documents, steps=2).get_pipe("ner")
    before = fresh.update(examples, drop=0.0)["ner"]
    encode = next(
        node for node in fresh.model.walk() if node.name == "maxout" and node.has_grad("W")
    )
    gradient, step = encode.get_grad("W").copy(), 1e-3 / np.square(encode.get_grad("W")).sum()
    encode.set_param("W", encode.get_param("W") - step * gradient)
    after = fresh.update(examples, drop=0.0)["ner"]
    assert before - after == pytest.approx(1e-3, rel=0.2)
