"""SpERT: token indexes with exclusive ends; the text is the tokens joined by spaces."""

import json

import pytest
from conversions import held, same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from json_formats import FUZZING, SPACED, damaged, on_tokens, read, survives, written
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

SENTENCE = {
    "tokens": ["Ana", "Sow", "vit", "à", "Rome", "."],
    "entities": [
        {"type": "PER", "start": 0, "end": 2},
        {"type": "LOC", "start": 4, "end": 5},
        {"type": "CITY", "start": 4, "end": 5},
    ],
    "relations": [{"type": "LIVES_IN", "head": 0, "tail": 1}],
    "orig_id": 7,
}
GOOD = json.dumps([SENTENCE])


def test_ends_are_exclusive_and_relations_use_entity_indexes() -> None:
    # "Ana Sow vit à Rome .": Ana Sow is 0–7, "vit" 8–11, "à" 12–13, Rome 14–18. Rome has two
    # labels: both mentions are kept.
    (document,) = read(GOOD, "spert")
    assert document.id == "7"
    assert document.text == "Ana Sow vit à Rome ."
    assert {document.surface(e) + "/" + e.label for e in document.entities} == {
        "Ana Sow/PER",
        "Rome/LOC",
        "Rome/CITY",
    }
    assert document.relations == (Relation(head="e1", tail="e2", label="LIVES_IN"),)


def test_sentences_without_id_get_one_from_file_and_number() -> None:
    bare = {key: value for key, value in SENTENCE.items() if key != "orig_id"}
    assert [d.id for d in read(json.dumps([bare, bare]), "spert")] == ["sample-1", "sample-2"]


def test_every_problem_is_reported_with_its_line() -> None:
    wrong = {**SENTENCE, "entities": [{"type": "PER", "start": 5, "end": 7}], "orig_id": 8}
    lines = ["[", json.dumps(wrong) + ",", '{"tokens": 1},', json.dumps(SENTENCE), "]"]
    with pytest.raises(DataError) as caught:
        read("\n".join(lines), "spert")
    found = [(p.line, p.kind, p.document, p.item) for p in caught.value.problems]
    assert found == [(2, "token-outside-text", "8", "e1"), (3, "bad-json", None, None)]


def test_one_indented_object_is_one_record() -> None:
    for content in (json.dumps(SENTENCE, indent=1), "\n" + json.dumps(SENTENCE, indent=2) + "\n"):
        assert read(content, "spert") == read(json.dumps(SENTENCE), "spert")
    with pytest.raises(DataError, match=":1: the JSON is invalid"):  # read as JSON Lines
        read(json.dumps(SENTENCE, indent=1)[:-2], "spert")


def test_an_id_given_twice_is_an_error() -> None:
    with pytest.raises(DataError, match="duplicate document id"):
        read(json.dumps([SENTENCE, SENTENCE]), "spert")


def test_written_file() -> None:
    # "l'été" is two tokens, so the text is read back as "l' été", which is counted. The mention
    # "ét" covers part of a token, which is cut.
    document = Document("d", "l'été", (Entity(id="x", start=2, end=4, label="DATE"),))
    notes = Notes()
    assert json.loads(written(document, "spert", notes=notes)) == [
        {
            "tokens": ["l'", "ét", "é"],
            "entities": [{"type": "DATE", "start": 1, "end": 2}],
            "relations": [],
            "orig_id": "d",
        }
    ]
    assert dict(notes.counts) == {"texts with changed white space": 1}


def test_a_file_is_written_again_with_the_same_tokens() -> None:
    words = ["New York", "'s", "l'été", "U.S."]
    entities = [{"type": "LOC", "start": 0, "end": 1}, {"type": "DATE", "start": 2, "end": 3}]
    sentence = {"tokens": words, "entities": entities, "relations": [], "orig_id": "x"}
    (document,) = read(json.dumps([sentence]), "spert")
    notes = Notes()
    assert json.loads(written(document, "spert", notes=notes)) == [sentence]
    assert notes.counts == {}


def test_relations_of_dropped_mentions_are_dropped() -> None:
    entities = (
        Entity(id="x", start=2, end=4, label="DATE"),
        Entity(id="y", start=2, end=5, label="DATE"),
    )
    document = Document("d", "l'été", entities, (Relation(head="x", tail="y", label="SAME"),))
    notes = Notes()
    (sentence,) = json.loads(written(document, "spert", "tokens=drop", notes=notes))
    assert (len(sentence["entities"]), sentence["relations"]) == (1, [])
    assert notes.counts["relations dropped"] == 1
    with pytest.raises(DataError, match="tokens=cut, expand or drop"):
        written(document, "spert", "tokens=error")


@given(on_tokens(documents(texts=SPACED)))
def test_round_trip(document: Document) -> None:
    # Exact only for texts whose tokens are separated by single spaces.
    (back,) = there_and_back([document], "spert")
    assert same(back, held(document, "spert"))


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "spert")
