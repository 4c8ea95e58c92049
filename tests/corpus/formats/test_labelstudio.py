"""Label Studio: regions, attributes under a region's id, and arcs with labels."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from conversions import held, same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from json_formats import FUZZING, damaged, read, survives, written
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import registry
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError


def region(id_: str, start: int, end: int, *labels: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": labels}
    return {"id": id_, "type": "labels", "from_name": "label", "to_name": "text", "value": value}


def arc(head: str, tail: str, *labels: str, direction: str = "right") -> dict[str, Any]:
    given = {"labels": labels} if labels else {}
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": direction, **given}


ANA, ROME = region("a", 0, 3, "PER"), region("r", 11, 15, "LOC")
NORM = {"id": "a", "type": "textarea", "from_name": "ref", "value": {"text": ["Q1"]}}
CHOSEN = {"start": 11, "end": 15, "text": "Rome", "choices": ["yes"]}  # as the page writes it
SURE = {"id": "r", "type": "choices", "from_name": "sure", "value": CHOSEN}
RESULT = [ANA, ROME, NORM, SURE, arc("a", "r", "LIVES_IN", "assertion=negated")]
DATA = {"doc_id": "d1", "text": "Ana vit à \U0001d4d0Rome", "lang": "fr"}
TASK = {"id": 7, "data": DATA, "annotations": [{"result": RESULT, "completed_by": 3}]}
GOOD = json.dumps([TASK])


def task(*result: dict[str, Any]) -> str:
    return json.dumps([{**TASK, "annotations": [{"result": result}]}])


def test_regions_attributes_and_arcs() -> None:
    # 𝓐 is outside the basic plane but is one code point (10), so Rome is 11–15.
    (document,) = read(GOOD, "labelstudio")
    assert document == Document(
        "d1",
        "Ana vit à \U0001d4d0Rome",
        (
            Entity(id="a", start=0, end=3, label="PER", ref="Q1"),
            Entity(id="r", start=11, end=15, label="LOC", attributes={"sure": "yes"}),
        ),
        (Relation(head="a", tail="r", label="LIVES_IN", attributes={"assertion": "negated"}),),
        {"lang": "fr"},
    )


def test_an_arc_with_two_attributes_is_read_and_written() -> None:
    arcs = [arc("a", "r", "LEFT", "assertion=attributed", "status=ended")]
    (document,) = read(task(ANA, ROME, *arcs), "labelstudio")
    (relation,) = document.relations
    assert relation.attributes == {"assertion": "attributed", "status": "ended"}
    assert there_and_back([document], "labelstudio") == [document]


def test_a_text_with_another_key() -> None:
    data = {"doc_id": "d1", "review": "Ana vit", "source": "web"}
    content = json.dumps([{"data": data, "annotations": [{"result": [ANA]}]}])
    with pytest.raises(DataError, match=r"Set the option text= to .*review, source"):
        read(content, "labelstudio")
    (document,) = read(content, "labelstudio", "text=review")
    assert (document.text, document.meta) == ("Ana vit", {"source": "web"})
    only = json.dumps([{"data": {"review": "Ana"}, "annotations": [{"result": [ANA]}]}])
    assert read(only, "labelstudio")[0].text == "Ana"
    both = json.dumps([{"data": {**data, "text": "old"}, "annotations": [{"result": [ANA]}]}])
    (document,) = read(both, "labelstudio", "text=review")
    assert (document.text, document.meta["review"]) == ("Ana vit", "old")


def test_json_min() -> None:
    record = {
        "id": 7,
        "review": "Ana vit",
        "lang": 4,
        "ner": [{"start": 0, "end": 3, "text": "Ana", "labels": ["PER"]}],
        "annotator": 3,
        "annotation_id": 9,
        "lead_time": 1.5,
    }
    for options in ((), ("annotator=3", "text=review")):
        (document,) = read(json.dumps([record]), "labelstudio", *options)
        assert (document.id, document.text, document.meta) == ("7", "Ana vit", {"lang": 4})
        assert [(document.surface(e), e.label) for e in document.entities] == [("Ana", "PER")]


def test_completions_of_old_versions_are_annotations() -> None:
    old = {"id": 7, "data": DATA, "completions": TASK["annotations"]}
    assert read(json.dumps([old]), "labelstudio") == read(GOOD, "labelstudio")


def test_tasks_without_doc_id_use_the_task_number() -> None:
    bare = {**TASK, "data": {"text": DATA["text"]}}
    assert [d.id for d in read(json.dumps([bare]), "labelstudio")] == ["7"]


def test_left_arcs_are_reversed_and_two_way_arcs_are_two_relations() -> None:
    notes = Notes()
    left, both = arc("a", "r", "IN", direction="left"), arc("a", "r", "MEETS", direction="bi")
    (document,) = read(task(ANA, ROME, left, both), "labelstudio", notes=notes)
    assert {(r.head, r.label, r.tail) for r in document.relations} == {
        ("r", "IN", "a"),
        ("a", "MEETS", "r"),
        ("r", "MEETS", "a"),
    }
    assert dict(notes.counts) == {"arcs in both directions read as two relations": 1}


def test_regions_and_arcs_without_label_need_the_unlabelled_option() -> None:
    drawn = task(ANA, region("r", 11, 15), arc("a", "r"))
    with pytest.raises(DataError) as caught:
        read(drawn, "labelstudio")
    assert [p.item for p in caught.value.problems] == ["r", "relation a r"]
    (document,) = read(drawn, "labelstudio", "unlabelled=THING")
    assert document.entities[1].label == document.relations[0].label == "THING"


def test_a_region_with_two_labels_is_two_mentions() -> None:
    notes = Notes()
    (document,) = read(
        task(region("a", 0, 3, "PER", "ROLE"), arc("a", "a", "IS")), "labelstudio", notes=notes
    )
    assert [(e.id, e.label) for e in document.entities] == [("a", "PER"), ("a-2", "ROLE")]
    assert document.relations == (Relation(head="a", tail="a", label="IS"),)
    assert dict(notes.counts) == {"regions with several labels": 1}


def test_ignored_content_is_counted() -> None:
    notes = Notes()
    whole = {"id": "z", "type": "choices", "from_name": "topic", "value": {"choices": ["war"]}}
    shifted = region("a", 0, 3, "PER")
    shifted["value"]["text"] = "Eva"
    shifted["meta"] = {"text": ["a remark"]}
    tasks = [
        {**TASK, "annotations": [{"result": [], "was_cancelled": True}], "drafts": [{}]},
        {"data": {**DATA, "doc_id": "d2"}, "annotations": [{"result": [whole, shifted]}]},
    ]
    assert [d.id for d in read(json.dumps(tasks), "labelstudio", notes=notes)] == ["d2"]
    assert dict(notes.counts) == {
        "drafts left out": 1,
        "cancelled annotations left out": 1,
        "tasks without annotations left out": 1,
        "results without a mention or relation left out": 1,
        "region metadata left out": 1,
        "regions with a `text` that differs from the text": 1,
    }


def test_annotator_option_chooses_between_annotators() -> None:
    one = {"result": [ANA], "completed_by": 3}
    other = {"result": [ROME], "completed_by": {"id": 4, "email": "eva@example.com"}}
    both = json.dumps([{**TASK, "annotations": [one, other]}])
    with pytest.raises(DataError, match="annotator=…"):
        read(both, "labelstudio")
    for name, id_ in (("3", "a"), ("4", "r"), ("eva@example.com", "r")):
        (document,) = read(both, "labelstudio", f"annotator={name}")
        assert [e.id for e in document.entities] == [id_]


def test_predictions_are_read_and_exported_numbers_are_an_error() -> None:
    scored = {**ANA, "score": 0.5}
    predicted = {**TASK, "predictions": [{"result": [scored], "model_version": "m1"}]}
    (document,) = read(json.dumps([predicted]), "labelstudio", "layer=predictions")
    assert document.entities == (Entity(id="a", start=0, end=3, label="PER", score=0.5),)
    with pytest.raises(DataError, match="Fetch complete tasks"):
        read(json.dumps([{**TASK, "predictions": [12]}]), "labelstudio", "layer=predictions")


def test_arcs_to_missing_regions_are_reported_with_their_line() -> None:
    tasks = f"[\n{GOOD[1:-1]},\n{task(ANA, arc('a', 'x', 'IN'))[1:-1]}]".replace("d1", "d0", 1)
    with pytest.raises(DataError, match=r"json:3: document d1: .*no entity has the id x"):
        read(tasks, "labelstudio")


def test_written_file() -> None:
    # "50%=half" as an arc label would be read as a key and a value, so % and = are escaped in
    # labels and keys. The value after the first = is not escaped.
    entities = (Entity(id="a", start=0, end=3, label="PER", ref="Q1", attributes={"sure": "no"}),)
    arcs = (Relation(head="a", tail="a", label="50%=half", attributes={"k=": "v=%"}),)
    document = Document("d", "Ana", entities, arcs, {"lang": "fr"})
    common = {"id": "a", "to_name": "text"}
    span = {"start": 0, "end": 3}
    assert json.loads(written(document, "labelstudio")) == [
        {
            "data": {"doc_id": "d", "text": "Ana", "lang": "fr"},
            "annotations": [
                {
                    "result": [
                        {
                            **common,
                            "from_name": "label",
                            "type": "labels",
                            "value": {**span, "text": "Ana", "labels": ["PER"]},
                        },
                        {
                            **common,
                            "from_name": "ref",
                            "type": "textarea",
                            "value": {**span, "text": ["Q1"]},
                        },
                        {
                            **common,
                            "from_name": "sure",
                            "type": "textarea",
                            "value": {**span, "text": ["no"]},
                        },
                        {
                            "type": "relation",
                            "from_id": "a",
                            "to_id": "a",
                            "direction": "right",
                            "labels": ["50%25%3Dhalf", "k%3D=v=%"],
                        },
                    ],
                    "ground_truth": False,
                }
            ],
        }
    ]


def test_relations_between_the_same_mentions_share_or_reverse_an_arc() -> None:
    ends = (
        Entity(id="a", start=0, end=3, label="PER"),
        Entity(id="b", start=10, end=14, label="LOC"),
    )
    denied = {"assertion": "negated"}
    arcs = (
        Relation(head="a", tail="b", label="LIVES_IN"),
        Relation(head="a", tail="b", label="WORKS_IN"),
        Relation(head="a", tail="b", label="LEAVES", attributes=denied),
        Relation(head="a", tail="b", label="LEAVES", attributes={"assertion": "possible"}),
    )
    document = Document("d", "Ana vit à Rome", ends, arcs)
    notes = Notes()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tasks.json"
        registry.write([document], str(file), format_="labelstudio", notes=notes)
        (work,) = json.loads(file.read_text(encoding="utf-8"))
        (back,) = registry.read(str(file), format_="labelstudio")
    drawn = [each for each in work["annotations"][0]["result"] if each["type"] == "relation"]
    # Both directions are used when the third arc is written: Label Studio would drop it.
    expected = (
        arc("a", "b", "LEAVES", "assertion=negated"),
        arc("b", "a", "LEAVES", "assertion=possible", direction="left"),
        arc("a", "b", "LIVES_IN", "WORKS_IN"),
    )
    assert drawn == [{**each, "labels": list(each["labels"])} for each in expected]
    assert notes.counts == {"relations that Label Studio will drop when a task is saved": 2}
    assert same(back, document)


def test_written_predictions_use_the_names_of_the_options() -> None:
    document = Document("d", "Ana", (Entity(id="a", start=0, end=3, label="PER"),))
    options = ("layer=predictions", "from_name=ner", "to_name=body", "model_version=m2")
    (task_,) = json.loads(written(document, "labelstudio", *options))
    (prediction,) = task_["predictions"]
    assert prediction["model_version"] == "m2"
    assert (prediction["result"][0]["from_name"], prediction["result"][0]["to_name"]) == (
        "ner",
        "body",
    )


def test_reserved_names_are_reported() -> None:
    document = Document(
        "d",
        "Ana",
        (Entity(id="a", start=0, end=3, label="PER", ref=None, attributes={"ref": "x"}),),
        (),
        {"text": 1},
    )
    with pytest.raises(DataError, match=r"are reserved: ref, text"):
        written(document, "labelstudio")


def _with_free_names(document: Document) -> bool:
    attributes = {name for entity in document.entities for name in entity.attributes}
    return not ({"label", "text", "ref"} & attributes or {"text", "doc_id"} & {*document.meta})


@given(documents().filter(_with_free_names), st.sampled_from(["annotations", "predictions"]))
def test_round_trip(document: Document, layer: str) -> None:
    layers = (f"layer={layer}",)
    (back,) = there_and_back([document], "labelstudio", writing=layers, reading=layers)
    assert same(back, held(document, "labelstudio"))


@pytest.mark.slow
def test_label_studio_validates_written_tasks() -> None:
    # The validation of label-studio-sdk, with a configuration that has our labels.
    module = pytest.importorskip("label_studio_sdk.label_interface")
    config = """<View><Labels name="label" toName="text"><Label value="PER"/></Labels>
    <Text name="text" value="$text"/><TextArea name="ref" toName="text" perRegion="true"/>
    <Relations><Relation value="MEETS"/><Relation value="assertion=negated"/></Relations></View>"""
    arcs = (Relation(head="a", tail="b", label="MEETS", attributes={"assertion": "negated"}),)
    document = Document(
        "d",
        "Ana, Eva",
        (
            Entity(id="a", start=0, end=3, label="PER", ref="Q1"),
            Entity(id="b", start=5, end=8, label="PER"),
        ),
        arcs,
    )
    interface = module.LabelInterface(config)
    for layer in ("annotations", "predictions"):
        (task_,) = json.loads(written(document, "labelstudio", f"layer={layer}"))
        assert interface.validate_task({"data": task_["data"]})
        (work,) = task_[layer]
        assert interface.validate_prediction(work, return_errors=True) == []


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "labelstudio")
