"""Features of relations and mentions: the cues of the clause, quotations, bounded windows."""

import attributes
import pytest
from attributes import statement

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.spacy_docs import annotate
from aloi.models.attributes.attribute_types import Owner
from aloi.models.attributes.cues import load_cues
from aloi.models.attributes.items import iter_items

NLP = attributes.pipeline()


def features(document: Document, owner: Owner = Owner.RELATIONS) -> list[set[str]]:
    doc = NLP.get_pipe("toy_parser")(annotate(NLP.make_doc(document.text), document))
    return [set(item.features) for item in iter_items(doc, owner, labels=None) if item]


@pytest.mark.parametrize(
    ("number", "cue"),
    [(1, "predicate:conditional"), (2, "predicate:negation"), (3, "predicate:report")],
)
def test_the_words_of_the_verb_are_cues(number: int, cue: str) -> None:
    (found,) = features(statement(number))
    assert cue in found
    assert f"SUPPORTS&{cue}" in found
    (asserted,) = features(statement(0))
    assert cue not in asserted


def test_a_cue_of_the_next_sentence_does_not_count() -> None:
    document = statement(0)
    other = Document("d", f"{document.text} Eva ne dit pas non.", *document_parts(document))
    assert not {name for name in features(other)[0] if "negation" in name and "after" not in name}


def document_parts(document: Document) -> tuple:
    return document.entities, document.relations


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("« Lima soutient Ana »", True),
        ('"Lima soutient Ana"', True),
        ("« Oui » Lima soutient Ana", False),
    ],
)
def test_relations_in_quotations_are_marked(text: str, quoted: bool) -> None:
    place, person = text.index("Lima"), text.index("Ana")
    entities = (
        Entity(id="a", start=place, end=place + 4, label="LOC"),
        Entity(id="b", start=person, end=person + 3, label="PER"),
    )
    relation = Relation(head="a", tail="b", label="SUPPORTS")
    (found,) = features(Document("d", text, entities, (relation,)))
    assert ("quoted" in found, "quoted entirely" in found) == (quoted, quoted)


def test_a_quotation_that_is_never_closed_ends_after_a_while() -> None:
    text = "« " + "mot " * 500 + "Lima soutient Ana"
    place = text.index("Lima")
    entities = (
        Entity(id="a", start=place, end=place + 4, label="LOC"),
        Entity(id="b", start=len(text) - 3, end=len(text), label="PER"),
    )
    relation = Relation(head="a", tail="b", label="SUPPORTS")
    assert "quoted" not in features(Document("d", text, entities, (relation,)))[0]


def test_mentions_know_their_relations_and_their_role_in_the_sentence() -> None:
    power, _, place = features(statement(0), Owner.MENTIONS)
    assert {"head:SUPPORTS", "seat", "seat&head:SUPPORTS", "surface=paris"} <= power
    assert {"word-1=à", "seat&word-1=à", "head=vit"} <= place
    assert "head:SUPPORTS" not in place


def test_cues_are_words_prefixes_or_phrases() -> None:
    cues = load_cues("fr")
    assert cues.find(["déclarera", "selon", "d'", "après", "pas"]) == [
        {"report"}, {"source"}, {"source"}, frozenset(), {"negation"},
    ]  # fmt: skip
    assert load_cues("xx").find(["not"]) == [frozenset()]


def test_every_list_of_cues_has_words_in_lower_case() -> None:
    cues = load_cues("fr")
    words = [*cues.words, *cues.prefixes, *cues.phrases, *cues.seats]
    assert words == [word.lower() for word in words]
    assert all(len(prefix) > 1 for prefix in cues.prefixes)
