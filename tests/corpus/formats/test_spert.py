"""SpERT: token indexes with exclusive ends; the text is the tokens joined."""

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


def test_ends_are_exclusive_and_relations_point_by_index() -> None:
    # "Ana Sow vit à Rome .": Ana Sow is 0–7, "vit" 8–11, "à" 12–13, Rome 14–18. Rome bears two
    # labels: both mentions stay.
    (document,) = read(GOOD, "spert")
    assert document.id == "7"
    assert document.text == "Ana Sow vit à Rome ."
    assert {document.surface(e) + "/" + e.label for e in document.entities} == {
        "Ana Sow/PER",
        "Rome/LOC",
        "Rome/CITY",
    }
    assert document.relations == (Relation("e1", "e2", "LIVES_IN"),)


def test_without_an_id_the_file_and_number_name_the_sentence() -> None:
    bare = {key: value for key, value in SENTENCE.items() if key != "orig_id"}
    assert [d.id for d in read(json.dumps([bare, bare]), "spert")] == ["sample-1", "sample-2"]


def test_every_problem_is_told_with_its_line_and_the_rest_is_read() -> None:
    wrong = {**SENTENCE, "entities": [{"type": "PER", "start": 5, "end": 7}], "orig_id": 8}
    lines = ["[", json.dumps(wrong) + ",", '{"tokens": 1},', json.dumps(SENTENCE), "]"]
    with pytest.raises(DataError) as caught:
        read("\n".join(lines), "spert")
    told = [(p.line, p.kind, p.document, p.item) for p in caught.value.problems]
    assert told == [(2, "token-outside-text", "8", "e1"), (3, "bad-json", None, None)]


def test_an_id_given_twice_is_told() -> None:
    with pytest.raises(DataError, match="duplicate document id"):
        read(json.dumps([SENTENCE, SENTENCE]), "spert")


def test_what_is_written() -> None:
    # "l'été" is two tokens, so the text comes back as "l' été": noted. The mention "ét" cuts a
    # token and is widened to it.
    document = Document("d", "l'été", (Entity("x", 2, 4, "DATE"),))
    notes = Notes()
    assert json.loads(written(document, "spert", notes=notes)) == [
        {
            "tokens": ["l'", "été"],
            "entities": [{"type": "DATE", "start": 1, "end": 2}],
            "relations": [],
            "orig_id": "d",
        }
    ]
    assert dict(notes.counts) == {"texts re-spaced": 1, "mentions expanded to token boundaries": 1}


def test_dropped_mentions_take_their_relations_along() -> None:
    entities = (Entity("x", 2, 4, "DATE"), Entity("y", 2, 5, "DATE"))
    document = Document("d", "l'été", entities, (Relation("x", "y", "SAME"),))
    notes = Notes()
    (sentence,) = json.loads(written(document, "spert", "tokens=drop", notes=notes))
    assert (len(sentence["entities"]), sentence["relations"]) == (1, [])
    assert notes.counts["relations dropped"] == 1
    with pytest.raises(DataError, match="tokens=expand"):
        written(document, "spert", "tokens=error")


@given(on_tokens(documents(texts=SPACED)))
def test_round_trip(document: Document) -> None:
    # Only texts that are their tokens with single spaces can be held exactly.
    (back,) = there_and_back([document], "spert")
    assert same(back, held(document, "spert"))


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_no_content_crashes_the_reader(content: bytes) -> None:
    survives(content, "spert")
