"""CrossRE: token indexes with inclusive ends; French files contain the text itself."""

import json

import pytest
from conversions import held, same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from json_formats import FUZZING, damaged, read, survives, visible, written

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

ENGLISH = {
    "doc_key": "news-1",
    "sentence": ["Ana", "Sow", "left", "Rome", "."],
    "ner": [[0, 1, "person"], [3, 3, "location"]],
    "relations": [[0, 1, 3, 3, "physical", "moved", True, False]],
}
FRENCH = {
    **ENGLISH,
    "sentence": ["Ana", "quitte", "l'", "Italie", "."],
    "ner": [[0, 0, "person"], [3, 3, "country"]],
    "relations": [],
    "ner_mapping_to_source": [0, 2],
    "sentence-detokenized": "Ana quitte l'Italie.",
    "token2charspan": [[0, 3], [4, 10], [11, 13], [13, 19], [19, 20]],
}
GOOD = json.dumps(ENGLISH) + "\n" + json.dumps({**FRENCH, "doc_key": "news-2"}) + "\n"


def test_ends_are_inclusive_and_relations_refer_to_tokens() -> None:
    (document,) = read(json.dumps(ENGLISH), "crossre")
    assert document.text == "Ana Sow left Rome ."
    assert [document.surface(e) for e in document.entities] == ["Ana Sow", "Rome"]
    attributes = {"explanation": "moved", "uncertain": "true"}
    assert document.relations == (
        Relation(head="e1", tail="e2", label="physical", attributes=attributes),
    )


def test_french_text_and_spans_are_used_and_lost_spans_counted() -> None:
    # The mapping names the source's spans 0 and 2: span 1 was lost.
    notes = Notes()
    (document,) = read(json.dumps(FRENCH), "crossre", notes=notes)
    assert document.text == "Ana quitte l'Italie."
    assert [document.surface(e) for e in document.entities] == ["Ana", "Italie"]
    assert dict(notes.counts) == {"source spans missing from the projection": 1}


def test_duplicate_labels_of_a_pair_are_kept_and_counted() -> None:
    notes = Notes()
    double = {**ENGLISH, "relations": ENGLISH["relations"] * 2}
    (document,) = read(json.dumps(double), "crossre", notes=notes)
    assert len(document.relations) == 2
    assert dict(notes.counts) == {"relations with the same head, tail and label": 1}


def test_relations_to_tokens_without_a_mention_are_reported() -> None:
    wrong = {**ENGLISH, "relations": [[0, 1, 2, 2, "physical", "", False, False]]}
    with pytest.raises(DataError, match=r"json:1: document news-1: .*the tokens 2 to"):
        read(json.dumps(wrong), "crossre")


def test_written_file() -> None:
    entities = (
        Entity(id="a", start=0, end=3, label="PER"),
        Entity(id="b", start=6, end=12, label="LOC"),
    )
    document = Document("d", "Ana l'Italie", entities)
    assert json.loads(written(document, "crossre")) == {
        "sentence": ["Ana", "l'", "Italie"],
        "ner": [[0, 0, "PER"], [2, 2, "LOC"]],
        "relations": [],
        "doc_key": "d",
        "sentence-detokenized": "Ana l'Italie",
        "token2charspan": [[0, 3], [4, 6], [6, 12]],
    }
    doubtful = Relation(head="a", tail="b", label="IN", attributes={"uncertain": "perhaps"})
    with pytest.raises(DataError, match="cannot represent the attributes"):
        written(Document("d", "Ana l'Italie", entities, (doubtful,)), "crossre")


@given(visible())
def test_round_trip(document: Document) -> None:
    # Tokens are cut at the edges of mentions, whatever the language.
    (back,) = there_and_back([document], "crossre")
    assert same(back, held(document, "crossre"))


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "crossre")
