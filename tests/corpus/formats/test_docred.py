"""DocRED: sentences of tokens; mentions in clusters, relations between clusters."""

import json

import pytest
from conversions import held, same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from json_formats import FUZZING, LINES, clustered, damaged, on_tokens, read, survives, written
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

SHE = {"name": "elle", "sent_id": 1, "pos": [0, 1], "type": "PER"}
ANA = {"name": "Ana Sow", "sent_id": 0, "pos": [0, 2], "type": "PER"}
ROME = {"name": "Rome", "sent_id": 0, "pos": [4, 5], "type": "LOC"}
RECORD = {
    "title": "Ana",
    "sents": [["Ana", "Sow", "vit", "à", "Rome", "."], ["elle", "sort", "."]],
    "vertexSet": [[SHE, ANA], [ROME]],
    "labels": [{"h": 0, "t": 1, "r": "P551", "evidence": [0, 1]}],
}
GOOD = json.dumps([RECORD])


def test_clusters_become_refs_and_relations_connect_first_mentions() -> None:
    # "Ana Sow vit à Rome .\nelle sort .": the first line has 20 characters, so "elle" is 21–25.
    # The first cluster's first mention in the text is Ana Sow, e2, though "elle" is listed first.
    (document,) = read(GOOD, "docred")
    assert document == Document(
        "Ana",
        "Ana Sow vit à Rome .\nelle sort .",
        (
            Entity(id="e2", start=0, end=7, label="PER", ref="Ana#0"),
            Entity(id="e3", start=14, end=18, label="LOC", ref="Ana#1"),
            Entity(id="e1", start=21, end=25, label="PER", ref="Ana#0"),
        ),
        (Relation(head="e2", tail="e3", label="P551", attributes={"evidence": "0 1"}),),
        {"tokens": "0 3;4 7;8 11;12 13;14 18;19 20;21 25;26 30;31 32"},
    )


def test_differing_names_and_empty_clusters_are_counted() -> None:
    notes = Notes()
    record = {
        **RECORD,
        "vertexSet": [[{**ANA, "name": "AnaSow"}], [], [ROME]],
        "labels": [{"h": 0, "t": 1, "r": "P1"}, {"h": 0, "t": 2, "r": "P2"}],
    }
    (document,) = read(json.dumps([record]), "docred", notes=notes)
    assert document.relations == (Relation(head="e1", tail="e2", label="P2"),)
    assert dict(notes.counts) == {
        "names that differ from the text": 1,
        "empty clusters left out": 1,
        "relations of empty clusters left out": 1,
    }


def test_every_problem_is_reported_with_its_line() -> None:
    beyond = {
        **RECORD,
        "title": "a",
        "vertexSet": [[{**ANA, "sent_id": 2}, {**ROME, "pos": [5, 7]}]],
    }
    nowhere = {**RECORD, "title": "b", "labels": [{"h": 0, "t": 2, "r": "P551"}]}
    with pytest.raises(DataError) as caught:
        read(f"[{json.dumps(beyond)},\n{json.dumps(nowhere)}]", "docred")
    found = [(p.line, p.kind, p.document, p.item) for p in caught.value.problems]
    assert found == [
        (1, "token-outside-text", "a", "e1"),
        (1, "token-outside-text", "a", "e2"),
        (2, "dangling-relation", "b", "P551"),
    ]


def test_written_file() -> None:
    # "y" and "x" have the same ref and label: one vertex, in text order. "z" has no ref.
    entities = (
        Entity(id="x", start=14, end=18, label="PER", ref="Q1"),
        Entity(id="y", start=0, end=3, label="PER", ref="Q1"),
        Entity(id="z", start=8, end=12, label="LOC"),
    )
    arc = Relation(head="x", tail="z", label="P551", attributes={"evidence": "1"})
    document = Document("d", "Ana à   Rome\n elle sort", entities, (arc,))
    notes = Notes()
    mention = {"name": "Ana", "sent_id": 0, "pos": [0, 1], "type": "PER"}
    other = {"name": "elle", "sent_id": 1, "pos": [0, 1], "type": "PER"}
    place = {"name": "Rome", "sent_id": 0, "pos": [2, 3], "type": "LOC"}
    assert json.loads(written(document, "docred", notes=notes)) == [
        {
            "title": "d",
            "sents": [["Ana", "à", "Rome"], ["elle", "sort"]],
            "vertexSet": [
                [{**mention, "id": "y", "ref": "Q1"}, {**other, "id": "x", "ref": "Q1"}],
                [{**place, "id": "z", "ref": None}],
            ],
            "labels": [{"h": 0, "t": 1, "r": "P551", "evidence": [1]}],
        }
    ]
    moved = "relations moved to the first mention of a cluster"
    assert dict(notes.counts) == {"texts with changed white space": 1, moved: 1}


def test_a_mention_across_a_line_end_joins_two_sentences() -> None:
    arc = Relation(head="x", tail="x", label="P1", attributes={"evidence": "0 1 2"})
    document = Document(
        "d", "Ana\nSow\nsort", (Entity(id="x", start=0, end=7, label="PER"),), (arc,)
    )
    (record,) = json.loads(written(document, "docred"))
    assert record["sents"] == [["Ana", "Sow"], ["sort"]]
    assert record["labels"][0]["evidence"] == [0, 1]


def test_invalid_evidence_is_reported() -> None:
    entity = Entity(id="x", start=0, end=3, label="PER")
    for evidence in ("1", "", "0  0", "two"):
        arc = Relation(head="x", tail="x", label="P1", attributes={"evidence": evidence})
        with pytest.raises(DataError, match="not a list of line numbers"):
            written(Document("d", "Ana", (entity,), (arc,)), "docred")


def test_a_cluster_keeps_its_relations_if_its_first_mention_is_dropped() -> None:
    entities = (
        Entity(id="x", start=0, end=2, label="A", ref="q"),
        Entity(id="y", start=4, end=7, label="A", ref="q"),
        Entity(id="z", start=1, end=2, label="B"),
    )
    document = Document(
        "d",
        "été Ana",
        entities,
        (Relation(head="x", tail="x", label="P1"), Relation(head="x", tail="z", label="P2")),
    )
    notes = Notes()
    (record,) = json.loads(written(document, "docred", "tokens=drop", notes=notes))
    assert [[m["id"] for m in vertex] for vertex in record["vertexSet"]] == [["y"]]
    assert [(r["h"], r["t"], r["r"]) for r in record["labels"]] == [(0, 0, "P1")]
    assert notes.counts["relations dropped"] == 1


def _within_lines(document: Document) -> Document:
    entities = tuple(e for e in document.entities if "\n" not in document.surface(e))
    ids = {entity.id for entity in entities}
    relations = tuple(r for r in document.relations if r.head in ids and r.tail in ids)
    return Document(document.id, document.text, entities, relations, document.meta)


@given(clustered(on_tokens(documents(texts=LINES))).map(_within_lines))
def test_round_trip(document: Document) -> None:
    # Exact only for lines of tokens separated by single spaces, and mentions within a line.
    (back,) = there_and_back([document], "docred")
    assert same(back, held(document, "docred"))


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "docred")
