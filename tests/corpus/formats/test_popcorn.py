"""POPCORN: mentions in clusters by offset, relations between clusters, ids that repeat in parts."""

import json

import pytest
from conversions import held, same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from json_formats import FUZZING, clustered, damaged, read, survives, written
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

SHE = {"value": "elle", "start": 13, "end": 17}
ANA = {"value": "Ana ", "start": 0, "end": 4}
ROME = {"value": "Rome", "start": 6, "end": 10}
TEXT = {
    "text": "Ana à Rome ; elle sort",
    "entities": [
        {"id": 0, "mentions": [SHE, ANA], "type": "CIVILIAN"},
        {"id": 1, "mentions": [ROME], "type": "CITY"},
    ],
    "relations": [[0, "RESIDES_IN", 1], [0, "GENDER_FEMALE", 0]],
}
GOOD = json.dumps({"5_1": TEXT, "5_2": TEXT})


def test_clusters_become_refs_and_relations_connect_first_mentions() -> None:
    # "Ana " is the cluster's first mention in the text though listed second, and it keeps its
    # trailing space. The cluster is related to itself, and so is its first mention.
    notes = Notes()
    (document,) = read(json.dumps({"5_1": TEXT}), "popcorn", notes=notes)
    assert document == Document(
        "5_1",
        "Ana à Rome ; elle sort",
        (
            Entity(id="e2", start=0, end=4, label="CIVILIAN", ref="5_1#0"),
            Entity(id="e3", start=6, end=10, label="CITY", ref="5_1#1"),
            Entity(id="e1", start=13, end=17, label="CIVILIAN", ref="5_1#0"),
        ),
        (
            Relation(head="e2", tail="e2", label="GENDER_FEMALE"),
            Relation(head="e2", tail="e3", label="RESIDES_IN"),
        ),
    )
    assert not notes.counts


def test_ids_of_an_array_get_the_number_of_the_object() -> None:
    parts = json.dumps([{"1": TEXT, "2": TEXT}, {"1": TEXT}])
    assert [d.id for d in read(parts, "popcorn")] == ["1-1", "1-2", "2-1"]


def test_a_key_given_twice_in_an_object_is_an_error() -> None:
    # JSON decoders keep only the last of two equal keys: the first document would be dropped.
    one = json.dumps(TEXT)
    for content in (
        f'{{"a": {one}, "a": {one}}}',
        f'[{{"b": {one}}}, {{"a": {one}, "\\u0061": 1}}]',
    ):
        with pytest.raises(DataError, match=r"document a: duplicate document id"):
            read(content, "popcorn")


def test_empty_clusters_and_differing_values_are_counted() -> None:
    notes = Notes()
    entities = [
        {"id": 0, "mentions": [{**ANA, "value": "Eva"}], "type": "CIVILIAN"},
        {"id": 1, "mentions": [], "type": "CITY"},
    ]
    read(json.dumps({"a": {**TEXT, "entities": entities}}), "popcorn", notes=notes)
    assert dict(notes.counts) == {
        "values that differ from the text": 1,
        "empty clusters left out": 1,
        "relations of empty clusters left out": 1,
    }


def test_every_problem_is_reported_with_its_line() -> None:
    dangling = {**TEXT, "relations": [[0, "RESIDES_IN", 2]]}
    twice = {**TEXT, "entities": TEXT["entities"][:1] * 2}
    texts = {"a": dangling, "b": TEXT, "c": {"text": 1}, "d": twice}
    lines = [f"{json.dumps(id_)}: {json.dumps(text)}" for id_, text in texts.items()]
    with pytest.raises(DataError) as caught:
        read("{\n" + ",\n".join(lines) + "\n}", "popcorn")
    found = [(p.line, p.kind, p.document) for p in caught.value.problems]
    assert found == [
        (2, "dangling-relation", "a"),
        (4, "bad-json", None),
        (5, "cluster-id-twice", "d"),
    ]


def test_written_file() -> None:
    # "x" and "y" have the same ref and label. "t" has the same ref but another label, so it is a
    # separate cluster: a cluster has one type. The relation moves from "x" to "y", the first.
    entities = (
        Entity(id="x", start=13, end=17, label="PER", ref="Q1"),
        Entity(id="y", start=0, end=3, label="PER", ref="Q1"),
        Entity(id="t", start=18, end=22, label="ROLE", ref="Q1"),
        Entity(id="z", start=6, end=10, label="LOC"),
    )
    document = Document("d", TEXT["text"], entities, (Relation(head="x", tail="z", label="IN"),))
    notes = Notes()
    content = written(document, "popcorn", notes=notes)
    assert json.loads(content) == {
        "d": {
            "text": "Ana à Rome ; elle sort",
            "entities": [
                {
                    "id": 0,
                    "mentions": [
                        {"value": "Ana", "start": 0, "end": 3, "id": "y"},
                        {"value": "elle", "start": 13, "end": 17, "id": "x"},
                    ],
                    "type": "PER",
                    "ref": "Q1",
                },
                {
                    "id": 1,
                    "mentions": [{"value": "Rome", "start": 6, "end": 10, "id": "z"}],
                    "type": "LOC",
                    "ref": None,
                },
                {
                    "id": 2,
                    "mentions": [{"value": "sort", "start": 18, "end": 22, "id": "t"}],
                    "type": "ROLE",
                    "ref": "Q1",
                },
            ],
            "relations": [[0, "IN", 1]],
        }
    }
    assert dict(notes.counts) == {"relations moved to the first mention of a cluster": 1}


@given(documents() | clustered(documents()))
def test_round_trip(document: Document) -> None:
    (back,) = there_and_back([document], "popcorn")
    assert same(back, held(document, "popcorn"))


@FUZZING
@given(damaged(GOOD) | damaged(json.dumps([{"1": TEXT}, {"1": TEXT}])) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "popcorn")
