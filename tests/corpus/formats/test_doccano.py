"""doccano: spans only, or entities and relations with doccano's numbers."""

import json
from pathlib import Path

import pytest
from conversions import held, same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from json_formats import FUZZING, damaged, read, survives, written
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

SPANS = {"id": 17, "text": "\U0001d4d0na vit à Rome", "label": [[0, 3, "PER"], [10, 14, "LOC"]]}
RELATED = {
    "id": 18,
    "text": "Ana vit à Rome",
    "lang": "fr",
    "entities": [
        {"id": 6, "label": "LOC", "start_offset": 10, "end_offset": 14},
        {"id": 5, "label": "PER", "start_offset": 0, "end_offset": 3},
    ],
    "relations": [{"id": 9, "from_id": 5, "to_id": 6, "type": "LIVES_IN"}],
    "Comments": ["sure?"],
}
GOOD = json.dumps(SPANS) + "\n" + json.dumps(RELATED) + "\n"


def test_spans_count_code_points_and_are_numbered_in_order() -> None:
    # 𝓐 is outside the basic plane but is one code point, so Rome is 10–14.
    (document,) = read(json.dumps(SPANS), "doccano")
    assert document.id == "17"
    assert [(e.id, document.surface(e)) for e in document.entities] == [
        ("e1", "\U0001d4d0na"),
        ("e2", "Rome"),
    ]
    older = {"text": SPANS["text"], "labels": SPANS["label"]}
    assert read(json.dumps(older), "doccano")[0].entities == document.entities


@pytest.mark.parametrize(
    ("line", "labels"),
    [
        ({"id": 1, "data": "Ana vit", "label": [[0, 3, "PER"]]}, ["PER"]),
        ({"text": "Ana vit", "labels": [[0, 3, "PER"]]}, ["PER"]),
        (
            {
                "text": "Ana vit",
                "annotations": [{"label": 7, "start_offset": 0, "end_offset": 3, "user": 1}],
                "meta": {"k": 1},
            },
            ["7"],
        ),
    ],
)
def test_older_layouts(line: dict[str, object], labels: list[str], tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps(line))
    assert detect_format(tmp_path / "x.jsonl") == "doccano"
    notes = Notes()
    (document,) = read(json.dumps(line), "doccano", notes=notes)
    assert document.text == "Ana vit"
    assert [(document.surface(e), e.label) for e in document.entities] == [("Ana", labels[0])]
    assert sum(notes.counts.values()) == (labels == ["7"])


def test_entities_and_relations_with_doccano_numbers() -> None:
    notes = Notes()
    (document,) = read(json.dumps(RELATED), "doccano", notes=notes)
    assert document == Document(
        "18",
        "Ana vit à Rome",
        (
            Entity(id="e5", start=0, end=3, label="PER"),
            Entity(id="e6", start=10, end=14, label="LOC"),
        ),
        (Relation(head="e5", tail="e6", label="LIVES_IN"),),
        {"lang": "fr"},
    )
    assert dict(notes.counts) == {"comments left out": 1}


def test_every_problem_is_reported_with_its_line() -> None:
    outside = {**SPANS, "label": [[0, 99, "PER"]]}
    dangling = {**RELATED, "entities": []}
    with pytest.raises(DataError) as caught:
        read("\n".join(map(json.dumps, [outside, dangling, {"text": "Ana"}])), "doccano")
    found = [(p.line, p.kind, p.document) for p in caught.value.problems]
    assert found == [(1, "offset-outside-text", "17"), (2, "dangling-relation", "18")]


def test_written_file() -> None:
    entities = (
        Entity(id="x", start=0, end=3, label="PER"),
        Entity(id="y", start=10, end=14, label="LOC"),
    )
    document = Document(
        "d", "Ana vit à Rome", entities, (Relation(head="x", tail="y", label="IN"),), {"k": 1}
    )
    assert json.loads(written(document, "doccano")) == {
        "doc_id": "d",
        "text": "Ana vit à Rome",
        "k": 1,
        "entities": [
            {"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3},
            {"id": 2, "label": "LOC", "start_offset": 10, "end_offset": 14},
        ],
        "relations": [{"id": 1, "from_id": 1, "to_id": 2, "type": "IN"}],
    }
    notes = Notes()
    spans = json.loads(written(document, "doccano", "layout=label", notes=notes))
    assert spans["label"] == [[0, 3, "PER"], [10, 14, "LOC"]]
    assert notes.counts["relations dropped"] == 1


def test_reserved_metadata_keys_are_reported() -> None:
    with pytest.raises(DataError, match="keys that doccano reserves: id"):
        written(Document("d", "Ana", (), (), {"id": 3}), "doccano")


@given(documents().filter(lambda document: not {"text", "label"} & {*document.meta}))
def test_round_trip(document: Document) -> None:
    (back,) = there_and_back([document], "doccano")
    assert same(back, held(document, "doccano"))


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "doccano")
