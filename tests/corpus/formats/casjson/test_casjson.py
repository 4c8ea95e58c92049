"""UIMA CAS JSON: reading, refused files, exact round trips; cassis reads what we write."""

import json
from pathlib import Path
from typing import Any

import cassis
import pytest
from conversions import held, same, there_and_back
from hypothesis import given, settings
from hypothesis import strategies as st
from json_formats import FUZZING, damaged, read, survives
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import registry
from aloi.corpus.formats.xmi.options import NAMED_ENTITY_TYPE
from aloi.corpus.problems import DataError

STRING = {"%NAME": "value", "%RANGE": "uima.cas.String"}
TYPES = {
    NAMED_ENTITY_TYPE: {
        "%NAME": NAMED_ENTITY_TYPE,
        "%SUPER_TYPE": "uima.tcas.Annotation",
        "value": STRING,
        "identifier": STRING | {"%NAME": "identifier"},
    }
}
STRUCTURES: list[dict[str, Any]] = [
    {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaNum": 1, "sofaID": "_InitialView"}
    | {"mimeType": "text", "sofaString": "🎺 Ana à Rome"},
    {"%ID": 2, "%TYPE": NAMED_ENTITY_TYPE, "@sofa": 1, "begin": 3, "end": 6, "value": "PER"}
    | {"identifier": "Q1"},
    {"%ID": 3, "%TYPE": "uima.tcas.DocumentAnnotation", "@sofa": 1, "begin": 0, "end": 13}
    | {"language": "fr"},
]
CAS = {
    "%TYPES": TYPES,
    "%FEATURE_STRUCTURES": STRUCTURES,
    "%VIEWS": {"_InitialView": {"%SOFA": 1, "%MEMBERS": [2, 3]}},
}
GOOD = json.dumps(CAS)


def test_mentions() -> None:
    # The trumpet is one code point and two UTF-16 units: "Ana" is 3–6 in the file, 2–5 here.
    (document,) = read(GOOD, "casjson")
    assert document == Document(
        "sample",
        "🎺 Ana à Rome",
        (Entity(id="e1", start=2, end=5, label="PER", ref="Q1"),),
    )


def test_structures_by_id_and_missing_views() -> None:
    """CAS JSON allows an object of feature structures; without views there are no members."""
    by_id = {str(structure["%ID"]): structure for structure in STRUCTURES}
    (document,) = read(json.dumps(CAS | {"%FEATURE_STRUCTURES": by_id}), "casjson")
    assert document.entities[0].ref == "Q1"
    (document,) = read(json.dumps({k: v for k, v in CAS.items() if k != "%VIEWS"}), "casjson")
    assert document.entities == ()


def test_layer_option() -> None:
    other = GOOD.replace(NAMED_ENTITY_TYPE, "webanno.custom.Entity")
    with pytest.raises(DataError, match=r"Set layer= to one of: .*webanno\.custom\.Entity"):
        read(other, "casjson")
    (document,) = read(other, "casjson", "layer=Entity")
    assert document.surface(document.entities[0]) == "Ana"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"%TYPES": {"x": {"a=exec('')": STRING}}}, "bad-feature"),
        ({"%TYPES": {"x": {f"f{n}": STRING for n in range(500)}}}, "bad-feature"),
        ({"%TYPES": {"x": {"%SUPER_TYPE": "y"}, "y": {"%SUPER_TYPE": "x"}}}, "bad-casjson"),
        ({"%FEATURE_STRUCTURES": STRUCTURES[:1]}, "bad-casjson"),
        ({"%FEATURE_STRUCTURES": [STRUCTURES[0], STRUCTURES[1] | {"end": 99}]}, "bad-casjson"),
        ({"%TYPES": []}, "bad-json"),
        ({"%FEATURE_STRUCTURES": [], "%VIEWS": {}}, "text-missing"),
    ],
)
def test_refused_files(change: dict[str, Any], kind: str) -> None:
    with pytest.raises(DataError) as caught:
        read(json.dumps(CAS | change), "casjson")
    assert [problem.kind for problem in caught.value.problems] == [kind]
    assert caught.value.problems[0].file


def test_cassis_reads_what_we_write(tmp_path: Path) -> None:
    entities = (
        Entity(id="a", start=2, end=5, label="PER", ref="Q1", attributes={"kind": "x"}),
        Entity(id="b", start=8, end=12, label="LOC"),
    )
    relation = Relation(head="a", tail="b", label="LIVES_IN", attributes={"status": "ended"})
    document = Document("sub/d", "🎺 Ana à Rome", entities, (relation,))
    registry.write([document], str(tmp_path), format_="casjson")
    with (tmp_path / "sub" / "d.json").open("rb") as stream:
        cas = cassis.load_cas_from_json(stream)
    assert [(a.get_covered_text(), a.value) for a in cas.select(NAMED_ENTITY_TYPE)] == [
        ("Ana", "PER"),
        ("Rome", "LOC"),
    ]
    (arc,) = cas.select("aloi.Relation")
    assert (arc.Governor.value, arc.Dependent.value, arc.status) == ("PER", "LOC", "ended")


def test_a_lone_surrogate_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="UTF-8 does not allow the character"):
        registry.write([Document("d", "a\ud800", ())], str(tmp_path / "x"), format_="casjson")


FEATURES = st.dictionaries(st.sampled_from(["self", "kind", "a1"]), st.text(max_size=3), max_size=2)


@settings(max_examples=40, deadline=None)
@given(documents(ids=st.sampled_from(["d", "a/b"]), attributes=FEATURES))
def test_round_trip(document: Document) -> None:
    (back,) = there_and_back([document], "casjson")
    assert same(back, held(document, "casjson"))


@FUZZING
@given(damaged(GOOD) | st.binary(max_size=40))
def test_damaged_content_raises_only_data_errors(content: bytes) -> None:
    survives(content, "casjson")
