"""Toy documents, a corpus of them, and pipelines small enough to train in a test."""

import json
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.training import Example

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.spacy_docs import annotate, set_entities

NAMES = ("Ana", "Bob", "Eva", "Léo", "Zoé", "Max", "Ida")
CITIES = ("Rome", "Lima", "Oslo", "Bonn", "Kiev")


RIGHTS = '{ licence = "CC0-1.0", holder = "Nobody", source = "tests", redistributable = true }'

SCHEMA = """
name = "toy"
version = "1"
entities = { PER = {}, LOC = {}, ORG = {} }

[relations.LIVES_IN]
head = ["PER"]
tail = ["LOC"]

[relations.MEETS]
head = ["PER"]
tail = ["PER"]
symmetric = true
"""


def sentence(number: int) -> Document:
    """Return a document of one sentence.

    `X vit à Y` is LIVES_IN, `X rencontre Z` is MEETS, `X ignore Y` is no relation.
    """
    name, other = NAMES[number % 7], NAMES[(number + 2) % 7]
    city = CITIES[number % 5]
    verb = ("vit à", "ignore")[number % 2]
    text = f"{name} {verb} {city} et rencontre {other}."
    place, last = text.index(city), text.rindex(other)
    entities = (
        Entity(id="a", start=0, end=len(name), label="PER"),
        Entity(id="b", start=place, end=place + len(city), label="LOC"),
        Entity(id="c", start=last, end=last + len(other), label="PER"),
    )
    lives_in = () if number % 2 else (Relation(head="a", tail="b", label="LIVES_IN"),)
    return Document(
        f"d{number}", text, entities, (*lives_in, Relation(head="a", tail="c", label="MEETS"))
    )


def example(nlp: Language, document: Document) -> Example:
    predicted = nlp.make_doc(document.text)
    set_entities(predicted, document.entities)
    return Example(predicted, annotate(nlp.make_doc(document.text), document))


def train(nlp: Language, documents: list[Document], seed: int = 0) -> Language:
    spacy.util.fix_random_seed(seed)
    component = nlp.add_pipe(
        "aloi_relations", config={"model": {"buckets": 4096, "width": 0, "static": 0}}
    )
    examples = [example(nlp, document) for document in documents]
    component.initialize(lambda: examples, nlp=nlp)
    optimizer = nlp.create_optimizer()
    optimizer.learn_rate = 0.001
    for _ in range(40):
        component.update(examples, sgd=optimizer, drop=0.1)
    return nlp


def pipeline() -> Language:
    """Return a pipeline with rules for names and cities, and a trained relation component."""
    nlp = train(spacy.blank("fr"), [sentence(number) for number in range(24)])
    ruler = nlp.add_pipe("entity_ruler", first=True)
    cities = [{"label": "LOC", "pattern": city} for city in CITIES]
    names = [{"label": "PER", "pattern": name} for name in NAMES]
    ruler.add_patterns([*cities, *names])
    return nlp


def train_ner(nlp: Language, documents: list[Document], steps: int = 30) -> Language:
    spacy.util.fix_random_seed(0)
    nlp.add_pipe("aloi_ner", name="ner")
    examples = [
        Example(nlp.make_doc(document.text), annotate(nlp.make_doc(document.text), document))
        for document in documents
    ]
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer, drop=0.2)
    return nlp


def folder(
    path: Path, restricted: str | None = "d25", *, name: str = "toy", first: int = 0
) -> Path:
    """Write a corpus folder of 26 sentences from number `first`: 16 train, 4 dev and 6 test."""
    bounds = {"train": (0, 16), "dev": (16, 20), "test": (20, 26)}
    splits = {split: [f"d{first + n}" for n in range(*each)] for split, each in bounds.items()}
    for number in range(first, first + 26):
        part = "restricted" if f"d{number}" == restricted else "gold"
        document_files.write([sentence(number)], path / part)
    (path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    (path / "splits.toml").write_text(
        "".join(f"{split} = {json.dumps(ids)}\n" for split, ids in splits.items())
    )
    (path / "corpus.toml").write_text(
        f'name = "{name}"\nversion = "1"\nlicence = "CC0-1.0"\n'
        f"restricted = {json.dumps([restricted] if restricted else [])}\nrights = {RIGHTS}\n"
    )
    return path
