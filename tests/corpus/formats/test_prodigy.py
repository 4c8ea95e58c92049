"""Prodigy: spans by code point, relations by the last tokens of their spans."""

import json

import pytest
from conversions import held, same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from json_formats import FUZZING, damaged, read, survives, written
from spacy.tokens import Doc
from spacy.vocab import Vocab
from strategies import TEXTS, documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

WORDS = [("Ana", 0, 3), ("Sow", 4, 7), ("vit", 8, 11), ("à", 12, 13), ("Rome", 14, 18)]
TOKENS = [
    {"text": text, "start": start, "end": end, "id": number, "ws": number < 4}
    for number, (text, start, end) in enumerate(WORDS)
]
ANA = {"start": 0, "end": 7, "token_start": 0, "token_end": 1, "label": "PER"}
ROME = {"start": 14, "end": 18, "token_start": 4, "token_end": 4, "label": "LOC"}
VERB = {"start": 8, "end": 11, "token_start": 2, "token_end": 2, "label": None}
LIVES = {"head": 1, "child": 4, "label": "LIVES_IN", "head_span": ANA, "child_span": ROME}
TASK = {
    "text": "Ana Sow vit à Rome",
    "_task_hash": 17,
    "tokens": TOKENS,
    "spans": [ANA, ROME],
    "relations": [LIVES],
    "answer": "accept",
    "meta": {"source": "made up"},
}
GOOD = json.dumps(TASK) + "\n" + json.dumps({**TASK, "doc_id": "d2"}) + "\n"


def test_spans_and_relations() -> None:
    # The relation's head is token 1, Sow, the last one of the span Ana Sow.
    first, second = read(GOOD, "prodigy")
    assert first == Document(
        "sample-1",
        "Ana Sow vit à Rome",
        (
            Entity(id="e1", start=0, end=7, label="PER"),
            Entity(id="e2", start=14, end=18, label="LOC"),
        ),
        (Relation(head="e1", tail="e2", label="LIVES_IN"),),
        {"source": "made up", "tokens": "0 3;4 7;8 11;12 13;14 18"},
    )
    assert second.id == "d2"


def test_labels_of_whole_texts_are_counted() -> None:
    notes = Notes()
    task = {"text": "Ana", "label": "POSITIVE", "answer": "accept"}
    (document,) = read(json.dumps(task), "prodigy", notes=notes)
    assert document.entities == ()
    assert notes.counts == {"labels of whole texts left out": 1}


def test_relations_without_spans_refer_to_last_tokens() -> None:
    bare = {**TASK, "relations": [{"head": 1, "child": 4, "label": "LIVES_IN"}]}
    (document,) = read(json.dumps(bare), "prodigy")
    assert document.relations == (Relation(head="e1", tail="e2", label="LIVES_IN"),)


def test_the_label_decides_between_two_spans_with_the_same_offsets() -> None:
    city = {**ROME, "label": "CITY"}
    line = {**TASK, "spans": [ANA, ROME, city], "relations": [{**LIVES, "child_span": city}]}
    (document,) = read(json.dumps(line), "prodigy")
    assert document.relations == (Relation(head="e1", tail="e3", label="LIVES_IN"),)


def test_tasks_that_were_not_accepted_are_left_out_and_counted() -> None:
    notes = Notes()
    lines = [{**TASK, "answer": answer} for answer in ("reject", "ignore", "accept", "ignore")]
    documents = read("\n".join(map(json.dumps, lines)), "prodigy", notes=notes)
    assert [d.id for d in documents] == ["sample-3"]
    assert dict(notes.counts) == {
        "tasks with the answer reject left out": 1,
        "tasks with the answer ignore left out": 2,
    }


def test_annotator_option_reads_the_lines_of_one_annotator() -> None:
    notes = Notes()
    ours, theirs = ({**TASK, "doc_id": "d", "_annotator_id": name} for name in ("ana", "eva"))
    lines = json.dumps(ours) + "\n" + json.dumps(theirs)
    with pytest.raises(DataError, match="duplicate document id"):
        read(lines, "prodigy")
    assert len(read(lines, "prodigy", "annotator=eva", notes=notes)) == 1
    assert len(read(lines.replace("_annotator", "_session"), "prodigy", "annotator=eva")) == 1
    assert dict(notes.counts) == {"lines of other annotators left out": 1}


def test_related_tokens_outside_spans_need_the_unlabelled_option() -> None:
    # Two relations refer to "vit", one by span and one by token: they share one mention.
    relations = [
        {"head": 2, "child": 4, "label": "OBJ", "head_span": VERB, "child_span": ROME},
        {"head": 2, "child": 1, "label": "SUBJ"},
    ]
    line = json.dumps({**TASK, "relations": relations})
    with pytest.raises(DataError, match=r"json:1: .*unlabelled=LABEL"):
        read(line, "prodigy")
    (document,) = read(line, "prodigy", "unlabelled=WORD")
    assert document.entities[1] == Entity(id="w2", start=8, end=11, label="WORD")
    assert document.relations == (
        Relation(head="w2", tail="e1", label="SUBJ"),
        Relation(head="w2", tail="e2", label="OBJ"),
    )


def test_relations_to_missing_tokens_are_reported() -> None:
    relations = [{"head": 9, "child": 1, "label": "SUBJ"}]
    with pytest.raises(DataError, match="no token has the index 9"):
        read(json.dumps({**TASK, "relations": relations}), "prodigy")


def test_duplicate_span_ids_are_replaced_by_numbers() -> None:
    spans = [{**ANA, "id": "Q1"}, {**ROME, "id": "Q1"}]
    (document,) = read(json.dumps({**TASK, "spans": spans}), "prodigy")
    assert [e.id for e in document.entities] == ["e1", "e2"]


def test_written_file() -> None:
    # "Ana So" covers part of the token "Sow", so it is expanded to the whole token.
    # (The default, tokens=cut, cuts the token.)
    entities = (
        Entity(id="a", start=0, end=6, label="PER", ref="Q1"),
        Entity(id="b", start=8, end=12, label="LOC"),
    )
    arc = Relation(head="a", tail="b", label="IN", attributes={"assertion": "negated"})
    document = Document("d", "Ana Sow Rome", entities, (arc,), {"k": 1})
    notes = Notes()
    span = {"start": 0, "end": 7, "token_start": 0, "token_end": 1, "label": "PER", "id": "a"}
    place = {"start": 8, "end": 12, "token_start": 2, "token_end": 2, "label": "LOC", "id": "b"}
    assert json.loads(written(document, "prodigy", "tokens=expand", notes=notes)) == {
        "text": "Ana Sow Rome",
        "doc_id": "d",
        "tokens": [
            {"text": "Ana", "start": 0, "end": 3, "id": 0, "ws": True},
            {"text": "Sow", "start": 4, "end": 7, "id": 1, "ws": True},
            {"text": "Rome", "start": 8, "end": 12, "id": 2, "ws": False},
        ],
        "spans": [{**span, "ref": "Q1"}, place],
        "relations": [
            {
                "head": 1,
                "child": 2,
                "label": "IN",
                "head_span": span,
                "child_span": place,
                "attributes": {"assertion": "negated"},
            }
        ],
        "meta": {"k": 1},
        "answer": "accept",
    }
    assert dict(notes.counts) == {"mentions expanded to token boundaries": 1}


@given(documents())
def test_round_trip(document: Document) -> None:
    # Tokens and white space are cut at the edges of mentions, so any mention is whole tokens.
    (back,) = there_and_back([document], "prodigy")
    assert same(back, held(document, "prodigy"))


@given(TEXTS)
def test_spacy_rebuilds_the_text_from_the_tokens(text: str) -> None:
    # Users of Prodigy build docs this way; the white space must be complete.
    task = json.loads(written(Document("d", text, ()), "prodigy"))
    words, spaces = ([token[key] for token in task.get("tokens", [])] for key in ("text", "ws"))
    assert Doc(Vocab(), words=words, spaces=spaces).text == text


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "prodigy")
