"""Toy documents with attributes, and a parser by rules for them: no model is needed."""

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Token

from aloi.corpus.document import Document, Entity, Relation

VERBS = {
    "soutient": None,
    "soutiendrait": "possible",
    "ne soutient pas": "negated",
    "dit soutenir": "attributed",
}
"""The value of `assertion` by the words between the two names."""

SCHEMA = """
name = "toy"
version = "1"
entities = { PER = {}, LOC = {} }

[relations.SUPPORTS]
head = ["LOC"]
tail = ["PER"]

[entity_attributes.metonymy]
labels = ["LOC"]
values = ["government"]

[relation_attributes.assertion]
values = ["asserted", "attributed", "negated", "possible"]
default = "asserted"
"""


def statement(number: int) -> Document:
    """Return a document in which a place supports a person, and one that is only a place."""
    words = list(VERBS)[number % 4]
    place = ("Paris", "Rome", "Lima")[number % 3]
    text = f"{place} {words} Ana. Bob vit à {place}."
    start = text.index("Ana")
    assertion = VERBS[words]
    entities = (
        Entity(id="a", start=0, end=len(place), label="LOC", attributes={"metonymy": "government"}),
        Entity(id="b", start=start, end=start + 3, label="PER"),
        Entity(id="c", start=text.rindex(place), end=len(text) - 1, label="LOC"),
    )
    values = {"assertion": assertion} if assertion else {}
    return Document(
        f"d{number}",
        text,
        entities,
        (Relation(head="a", tail="b", label="SUPPORTS", attributes=values),),
    )


@Language.component("toy_parser")
def parse(doc: Doc) -> Doc:
    """Attach every word of a sentence to its first verb, by a list of verbs."""
    verbs = {"soutient", "soutiendrait", "dit", "vit"}
    for sentence in _sentences(doc):
        root = next((token for token in sentence if token.text in verbs), sentence[0])
        for token in sentence:
            token.head, token.dep_ = root, "ROOT" if token is root else "advmod"
            token.pos_ = "VERB" if token is root else "NOUN"
        if root.text == "soutiendrait":
            root.set_morph("Mood=Cnd")
    return doc


def _sentences(doc: Doc) -> list[list[Token]]:
    sentences: list[list[Token]] = [[]]
    for token in doc:
        sentences[-1].append(token)
        if token.text == ".":
            sentences.append([])
    return [each for each in sentences if each]


def pipeline() -> Language:
    """Return a pipeline with the toy parser and an untrained component of attributes."""
    nlp = spacy.blank("fr")
    nlp.add_pipe("toy_parser")
    nlp.add_pipe("aloi_attributes")
    return nlp
