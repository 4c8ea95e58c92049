"""GLiNER: token indices with inclusive ends; one record per line of text."""

import json

import pytest
from conversions import held, same, there_and_back
from hypothesis import given, settings
from hypothesis import strategies as st
from json_formats import FUZZING, damaged, read, survives, written
from sentence_texts import in_sentences

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

RECORD = {
    "tokenized_text": ["Ana", "Roy", "voit", "Ana", "à", "Rome"],
    "ner": [[3, 3, "person"], [0, 1, "person"], [5, 5, "city"]],
    "relations": [[0, 2, "is_in"]],
    "ner_labels": ["person", "city", "date"],
}
GOOD = json.dumps([RECORD, {**RECORD, "id": "d"}])


def test_indices_name_the_occurrence() -> None:
    # "Ana Roy voit Ana à Rome": the first mention in the file is the second "Ana", 13–16.
    (document,) = read(json.dumps([RECORD]), "gliner")
    assert (document.id, document.text) == ("sample-1", "Ana Roy voit Ana à Rome")
    spans = {e.id: (e.start, e.end, e.label) for e in document.entities}
    assert spans == {"e1": (13, 16, "person"), "e2": (0, 7, "person"), "e3": (19, 23, "city")}
    assert document.relations == (Relation(head="e1", tail="e3", label="is_in"),)


def test_written_file() -> None:
    # Each line is a record. The relation between the lines cannot be written, which is counted.
    entities = (
        Entity(id="a", start=0, end=3, label="PER"),
        Entity(id="b", start=7, end=10, label="PER"),
        Entity(id="c", start=12, end=16, label="LOC"),
    )
    relations = (
        Relation(head="a", tail="b", label="KNOWS"),
        Relation(head="b", tail="c", label="LIVES_IN"),
    )
    notes = Notes()
    document = Document("d", "Ana et Ana.\nRome", entities, relations)
    assert json.loads(written(document, "gliner", notes=notes)) == [
        {
            "tokenized_text": ["Ana", "et", "Ana", "."],
            "ner": [[0, 0, "PER"], [2, 2, "PER"]],
            "relations": [[0, 1, "KNOWS"]],
            "id": "d",
            "whitespace": [" ", " ", "", "\n"],
        },
        {"tokenized_text": ["Rome"], "ner": [[0, 0, "LOC"]], "id": "d", "whitespace": [""]},
    ]
    assert dict(notes.counts) == {"relations between sentences dropped": 1}


def test_every_problem_is_reported_with_its_line() -> None:
    bad = [
        {**RECORD, "ner": [[5, 6, "city"]], "relations": [[0, 1, "is_in"]]},
        {"tokenized_text": 1, "ner": []},
        {**RECORD, "whitespace": [" "]},
        {**RECORD, "id": "d"},
        {**RECORD, "id": "e"},
        {**RECORD, "id": "d"},
    ]
    with pytest.raises(DataError) as caught:
        read("\n".join(map(json.dumps, bad)), "gliner")
    assert [(p.line, p.kind) for p in caught.value.problems] == [
        (1, "token-outside-text"),
        (1, "dangling-relation"),
        (2, "bad-json"),
        (3, "bad-tokens"),
        (6, "document-id-twice"),
    ]


@settings(max_examples=40)
@given(in_sentences())
def test_round_trip(document: Document) -> None:
    (back,) = there_and_back([document], "gliner")
    assert same(back, held(document, "gliner"))


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "gliner")
