"""DyGIE++ and SciERC: token indices in the document, inclusive ends, clusters."""

import json

import pytest
from conversions import held, same, there_and_back
from hypothesis import given, settings
from hypothesis import strategies as st
from json_formats import FUZZING, clustered, damaged, read, survives, written
from sentence_texts import in_sentences

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

RECORD = {
    "doc_key": "d",
    "sentences": [["Ana", "Roy", "vit", "à", "Rome"], ["Elle", "aime", "Rome", "."]],
    "ner": [[[0, 1, "PER"], [4, 4, "LOC"]], [[5, 5, "PER"], [7, 7, "LOC"]]],
    "relations": [[[0, 1, 4, 4, "LIVES_IN"]], [[5, 5, 7, 7, "LOVES"]]],
    "clusters": [[[0, 1], [5, 5]], [[6, 6], [7, 7]]],
    "events": [[], [[[6, "LOVE"]]]],
    "predicted_ner": [[[0, 1, "PER", 9.2, 0.75]], []],
    "predicted_relations": [[[0, 1, 4, 4, "LIVES_IN", 1.5, 0.5]], []],
}
GOOD = json.dumps(RECORD)


def test_gold() -> None:
    # Line 1 "Ana Roy vit à Rome" is 0–18, line 2 begins at 19. "Rome" in line 2 is in a cluster
    # with "aime", which is not a mention.
    notes = Notes()
    (document,) = read(GOOD, "dygie", notes=notes)
    assert document.text == "Ana Roy vit à Rome\nElle aime Rome ."
    assert [(document.surface(e), e.label, e.ref) for e in document.entities] == [
        ("Ana Roy", "PER", "d#0"),
        ("Rome", "LOC", None),
        ("Elle", "PER", "d#0"),
        ("Rome", "LOC", "d#1"),
    ]
    assert [str(r) for r in document.relations] == [
        "relation e1 LIVES_IN e2",
        "relation e3 LOVES e4",
    ]
    assert dict(notes.counts) == {
        "events left out": 1,
        "members of clusters that are not mentions left out": 1,
    }


def test_predictions_have_scores() -> None:
    # The predicted relation ends at "Rome", which is not a predicted mention.
    notes = Notes()
    (document,) = read(GOOD, "dygie", "layer=predicted", notes=notes)
    assert [(e.label, e.score) for e in document.entities] == [("PER", 0.75)]
    assert document.relations == ()
    assert notes.counts["relations of spans that are not mentions left out"] == 1


def test_written_file() -> None:
    entities = (
        Entity(id="a", start=0, end=3, label="PER", ref="Q1"),
        Entity(id="b", start=5, end=9, label="PER", ref="Q1"),
        Entity(id="c", start=15, end=19, label="LOC", ref="Q90"),
    )
    relations = (
        Relation(head="b", tail="c", label="LOVES"),
        Relation(head="a", tail="c", label="LOVES"),
    )
    notes = Notes()
    document = Document("d", "Ana.\nElle aime Rome", entities, relations)
    assert json.loads(written(document, "dygie", notes=notes)) == {
        "doc_key": "d",
        "sentences": [["Ana", "."], ["Elle", "aime", "Rome"]],
        "ner": [[[0, 0, "PER"]], [[2, 2, "PER"], [4, 4, "LOC"]]],
        "relations": [[], [[2, 2, 4, 4, "LOVES"]]],
        "clusters": [[[0, 0], [2, 2]]],
        "_refs": [["Q1"], ["Q1", "Q90"]],
        "_whitespace": [["", "\n"], [" ", " ", ""]],
    }
    assert dict(notes.counts) == {"relations between sentences dropped": 1}


def test_every_problem_is_reported_with_its_line() -> None:
    bad = [
        {**RECORD, "ner": [[[8, 9, "LOC"]]]},
        {**RECORD, "doc_key": "e", "relations": [[[2, 2, 4, 4, "LIVES_IN"]]]},
        {**RECORD, "doc_key": "f", "_refs": [["Q1"]]},
        {**RECORD, "doc_key": "g", "_whitespace": [[" "]]},
        {"doc_key": "h", "sentences": [1]},
    ]
    with pytest.raises(DataError) as caught:
        read("\n".join(map(json.dumps, bad)), "dygie")
    assert [(p.line, p.kind) for p in caught.value.problems] == [
        (1, "token-outside-text"),
        (2, "dangling-relation"),
        (3, "bad-refs"),
        (4, "bad-tokens"),
        (5, "bad-json"),
    ]


@settings(max_examples=40)
@given(clustered(in_sentences()))
def test_round_trip(document: Document) -> None:
    (back,) = there_and_back([document], "dygie")
    assert same(back, held(document, "dygie"))


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "dygie")
