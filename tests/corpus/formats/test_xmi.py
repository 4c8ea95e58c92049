"""UIMA CAS in XMI: reading, rejected files, exact round trips."""

import re
import shutil
import sys
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import cassis
import pytest
from conversions import held, same, there_and_back
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import xmi
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.shared.capabilities import reduce_document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import parse_options
from aloi.corpus.formats.xmi import archives
from aloi.corpus.formats.xmi.options import NAMED_ENTITY_TYPE
from aloi.corpus.problems import DataError

NER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type"


def type_(name: str, above: str, **features: str) -> str:
    described = "".join(
        f"<featureDescription><name>{feature}</name><description/>"
        f"<rangeTypeName>{kind}</rangeTypeName></featureDescription>"
        for feature, kind in features.items()
    )
    return (
        f"<typeDescription><name>{name}</name><description/><supertypeName>{above}</supertypeName>"
        f"<features>{described}</features></typeDescription>"
    )


TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<typeSystemDescription xmlns="http://uima.apache.org/resourceSpecifier"><types>'
    + type_(
        f"{NER}.NamedEntity",
        "uima.tcas.Annotation",
        value="uima.cas.String",
        identifier="uima.cas.String",
        sure="uima.cas.Boolean",
        about="uima.tcas.Annotation",
    )
    + type_(f"{NER}.Person", f"{NER}.NamedEntity")
    + type_("x.Token", "uima.tcas.Annotation", lemma="uima.cas.String")
    + type_(
        "x.Fact",
        "uima.tcas.Annotation",
        Governor=f"{NER}.NamedEntity",
        Dependent="uima.tcas.Annotation",
        kind="uima.cas.String",
        rank="uima.cas.Integer",
    )
    + "</types></typeSystemDescription>"
)
GOOD = """<?xml version="1.0" encoding="UTF-8"?>
<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore"
 xmlns:t="http:///de/tudarmstadt/ukp/dkpro/core/api/ner/type.ecore" xmlns:x="http:///x.ecore"
 xmi:version="2.0">
<cas:NULL xmi:id="0"/>
<t:NamedEntity xmi:id="7" sofa="1" begin="12" end="16" value="LOC" identifier="Q1" sure="true"/>
<t:Person xmi:id="3" sofa="1" begin="3" end="6" about="7"/>
<x:Token xmi:id="4" sofa="1" begin="0" end="2" lemma="smile"/>
<x:Fact xmi:id="5" sofa="1" begin="12" end="16" Governor="3" Dependent="7" kind="IN" rank="2"/>
<x:Fact xmi:id="6" sofa="1" begin="0" end="2" Governor="3" Dependent="4"/>
<x:Fact xmi:id="8" sofa="1" begin="3" end="6" Governor="7" Dependent="3"/>
<cas:Sofa xmi:id="1" sofaNum="1" sofaID="_InitialView" mimeType="text" sofaString="😊 Ana&#10;est\
 à Rome"/>
<cas:Sofa xmi:id="2" sofaNum="2" sofaID="other" mimeType="text" sofaString="Ana"/>
<cas:View sofa="1" members="7 3 4 5 6 8"/>
</xmi:XMI>
"""
LEGAL = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
STRINGS = st.text(LEGAL | st.sampled_from("\t\n\r <&>\"'😊"), max_size=5)
NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z_]{0,3}", fullmatch=True) | st.sampled_from(
    ["type", "self", "Value", "cls", "NOTHING", "attr_dict", "xmi", "cas", "name", "repr"]
)
ATTRIBUTES = st.dictionaries(
    NAMES.filter(lambda name: name not in ("id", "end", "get", "set", "as", "if", "in", "is", "or")
                 and name not in ("and", "del", "def", "for", "not", "try", "elif", "else", "from",
                                  "None", "True", "pass", "with", "head", "tail", "sofa")),
    STRINGS,
    max_size=2,
)  # fmt: skip


def read(
    folder: Path, *options: str, content: str = GOOD, types: str = TYPES
) -> tuple[Document, dict[str, int]]:
    (folder / "d.xmi").write_text(content, encoding="utf-8")
    (folder / "TypeSystem.xml").write_text(types, encoding="utf-8")
    notes = Notes()
    (document,) = xmi.read(folder / "d.xmi", parse_options(xmi.ReadOptions, options), notes)
    return document, dict(notes.counts)


def test_mentions_and_relations(tmp_path: Path) -> None:
    document, notes = read(tmp_path)
    # The emoji has two UTF-16 units and is one character: every offset after it is one less.
    assert document.text == "😊 Ana\nest à Rome"
    assert document.entities == (
        Entity(id="e1", start=2, end=5, label="Person"),
        Entity(id="e2", start=11, end=15, label="LOC", ref="Q1", attributes={"sure": "true"}),
    )
    assert document.surface(document.entities[1]) == " Rom"
    assert document.relations == (
        Relation(head="e1", tail="e2", label="IN", attributes={"rank": "2"}),
        Relation(head="e2", tail="e1", label="Fact"),
    )
    assert notes == {
        "annotations without a label": 2,
        "annotations x.Token left out": 1,
        "links to other annotations left out": 1,
        "relations between other annotations left out": 1,
        "views left out": 1,
    }


def test_an_exported_archive_is_read(tmp_path: Path) -> None:
    archive = tmp_path / "a.txt" / "admin.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("admin.xmi", GOOD)
        content.writestr("TypeSystem.xml", TYPES)
    assert [detect_format(archive), detect_format(tmp_path)] == ["xmi", "xmi"]
    (document,) = xmi.read(tmp_path, xmi.ReadOptions(), Notes())
    assert (document.id, len(document.entities)) == ("a.txt/admin", 2)


def test_a_type_system_in_lower_case_is_found(tmp_path: Path) -> None:
    (tmp_path / "d.xmi").write_text(GOOD, encoding="utf-8")
    (tmp_path / "typesystem.xml").write_text(TYPES, encoding="utf-8")
    (document,) = xmi.read(tmp_path / "d.xmi", xmi.ReadOptions(), Notes())
    assert len(document.entities) == 2


def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "d.zip", "w", zipfile.ZIP_DEFLATED) as content:
        content.writestr("d.xmi", " " * (1 << 21))
    with pytest.raises(DataError, match="unpacks to more than 1 MiB"):
        list(xmi.read(tmp_path / "d.zip", xmi.ReadOptions(), Notes()))


def test_the_error_lists_all_types_in_order(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, "layer=Lemma")
    listed = caught.value.problems[0].fix.partition(": ")[2].split(", ")
    assert listed == sorted(listed)
    assert {f"{NER}.NamedEntity", f"{NER}.Person", "x.Fact", "x.Token"} <= set(listed)


def test_empty_mentions_are_left_out_with_their_relations(tmp_path: Path) -> None:
    place = GOOD.replace('begin="3" end="6" about', 'begin="6" end="6" about')
    document, notes = read(tmp_path, content=place)
    assert [entity.label for entity in document.entities] == ["LOC"]
    assert notes["empty mentions left out"] == 1
    assert notes["relations between other annotations left out"] == 3


def test_options_choose_the_type_and_the_label_feature(tmp_path: Path) -> None:
    for name in ("Token", "x.Token"):
        document, _ = read(tmp_path, f"layer={name}")
        assert document.entities == (Entity(id="e1", start=0, end=1, label="smile"),)
        assert document.relations == ()
    document, _ = read(tmp_path, "feature=identifier")
    assert [(e.label, e.ref) for e in document.entities] == [("Person", None), ("Q1", None)]
    with pytest.raises(DataError, match="expected one annotation type named Lemma, found 0"):
        read(tmp_path, "layer=Lemma")
    with pytest.raises(DataError, match="no feature kind"):
        read(tmp_path, "feature=kind")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("</xmi:XMI>", "", "not well-formed XML"),
        ('begin="12" end="16" value', 'begin="12" end="99" value', "external offset"),
        ('begin="3" end="6" about', 'begin="1" end="6" about', "external offset"),
        ('begin="3" end="6" about', 'begin="6" end="3" about', "contains no characters"),
        ('members="7 3', 'members="77 3', "KeyError: 77"),
        ("x:Token", "x:Word", r"Type with name \[x.Word\] not found"),
        ('rank="2"', 'rank="two"', "ValueError"),
        ('sofaString="', 'sofaURI="', "no view contains a text"),
        ('encoding="UTF-8"', 'encoding="IBM037"', "the encoding 'IBM037' is not supported"),
        ('encoding="UTF-8"', 'encoding="nothing"', "the encoding 'nothing' is not supported"),
    ],
)
def test_errors_name_the_file(old: str, new: str, what: str, tmp_path: Path) -> None:
    assert old in GOOD
    with pytest.raises(DataError, match=what) as caught:
        read(tmp_path, content=GOOD.replace(old, new))
    assert [problem.file for problem in caught.value.problems] == [str(tmp_path / "d.xmi")]


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
FETCHED = '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'


@pytest.mark.parametrize("doctype", [LAUGHS, FETCHED])
def test_entities_can_neither_expand_nor_be_fetched(doctype: str, tmp_path: Path) -> None:
    first, rest = GOOD.split("\n", 1)
    with pytest.raises(DataError, match="DOCTYPE declaration") as caught:
        read(tmp_path, content=f"{first}\n{doctype}{rest}")
    assert caught.value.problems[0].line == 2
    first, rest = TYPES.split("\n", 1)
    with pytest.raises(DataError, match="DOCTYPE declaration") as caught:
        read(tmp_path, types=f"{first}\n{doctype}{rest}")
    assert caught.value.problems[0].file == str(tmp_path / "TypeSystem.xml")


@pytest.mark.parametrize("name", ["x=print()", "a b", "if", "1a", "x: __import__('os')"])
def test_feature_names_cannot_inject_code(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"invalid feature name .*{re.escape(name[:5])}"):
        read(tmp_path, types=TYPES.replace("<name>lemma<", f"<name>{name}<"))


@pytest.mark.parametrize("circle", [False, True])
def test_type_systems_that_would_load_for_hours_are_refused(circle: bool, tmp_path: Path) -> None:
    # 30 types derived one from the other, 20 features each: the last has 600.
    features = {f"f{n}": "uima.cas.String" for n in range(20)}
    first = "x.T29" if circle else "uima.tcas.Annotation"
    types = "".join(type_(f"x.T{n}", f"x.T{n - 1}" if n else first, **features) for n in range(30))
    with pytest.raises(DataError, match="too many features"):
        read(tmp_path, types=TYPES.replace("</types>", types + "</types>"))


def test_reading_a_folder_continues_after_bad_files_and_shares_the_type_system(
    tmp_path: Path,
) -> None:
    (tmp_path / "TypeSystem.xml").write_text(TYPES)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "bad.xmi").write_text("")
    (tmp_path / "a" / "b" / "good.xmi").write_text(GOOD)
    found: list[str] = []
    with pytest.raises(DataError, match=r"bad\.xmi"):
        found += (d.id for d in xmi.read(tmp_path, xmi.ReadOptions(), Notes()))
    assert found == ["a/b/good"]
    assert [detect_format(tmp_path), detect_format(tmp_path / "d.xmi")] == ["xmi", "xmi"]
    # A single file needs its type system beside it. A broken type system is reported once.
    with pytest.raises(DataError, match=r"TypeSystem\.xml is missing"):
        list(xmi.read(tmp_path / "a" / "bad.xmi", xmi.ReadOptions(), Notes()))
    (tmp_path / "TypeSystem.xml").write_text("<types>")
    with pytest.raises(DataError) as caught:
        list(xmi.read(tmp_path, xmi.ReadOptions(), Notes()))
    assert len(caught.value.problems) == 1


DOCUMENT = Document(
    "sub/d",
    "😊 Ana\r\n\tà Rome",
    (
        Entity(id="e1", start=2, end=5, label="PER", ref="Q1", attributes={"kind": "x"}),
        Entity(id="e2", start=10, end=14, label="LOC"),
        Entity(id="e3", start=0, end=14, label="ALL"),
    ),
    (Relation(head="e1", tail="e2", label="IN", id=None, attributes={"assertion": "<no>"}),),
)


def test_cassis_reads_what_is_written(tmp_path: Path) -> None:
    xmi.write([DOCUMENT], tmp_path, xmi.WriteOptions(), Notes())
    types = cassis.load_typesystem(tmp_path / "TypeSystem.xml")
    cas = cassis.load_cas_from_xmi(tmp_path / "sub" / "d.xmi", types)
    assert cas.sofa_string == DOCUMENT.text
    mentions = {fs.value: fs.get_covered_text() for fs in cas.select(NAMED_ENTITY_TYPE)}
    assert mentions == {"PER": "Ana", "LOC": "Rome", "ALL": DOCUMENT.text}
    (relation,) = cas.select("aloi.Relation")
    assert (relation.Governor.identifier, relation.value, relation.Dependent.value) == (
        ("Q1", "IN", "LOC")
    )
    assert cas.typecheck() == []
    assert 'begin="3" end="6" value="PER"' in (tmp_path / "sub" / "d.xmi").read_text()


def test_later_documents_may_have_further_attributes(tmp_path: Path) -> None:
    documents = [
        Document("a", "Ana", (Entity(id="e1", start=0, end=3, label="PER"),)),
        DOCUMENT,
        Document(
            "z",
            "Ana",
            (Entity(id="e1", start=0, end=3, label="PER", ref=None, attributes={"other": "x"}),),
        ),
    ]
    out = tmp_path / "out"
    assert xmi.write(documents, out, xmi.WriteOptions("my.Mention", "Fact"), Notes()) == 3
    read = xmi.read(out, parse_options(xmi.ReadOptions, ["layer=Mention"]), Notes())
    for one, other in zip(sorted(read, key=lambda d: d.id), documents, strict=True):
        assert same(one, reduce_document(other, xmi.CAPABILITIES, Notes()))


def test_every_unwritable_name_and_character_is_reported(tmp_path: Path) -> None:
    document = Document(
        "d",
        "Ana\0",
        (
            Entity(id="e1", start=0, end=1, label="a\x01b", ref="Q\uffff1"),
            Entity(
                id="e2",
                start=0,
                end=1,
                label="X",
                ref=None,
                attributes={"two words": "", "x": "\x02", "value": "", "if": ""},
            ),
        ),
    )
    with pytest.raises(
        DataError, match=r"document d: XML 1.0 .* '\\x00' at offset 3 in the text"
    ) as caught:
        xmi.write([document], tmp_path / "out", xmi.WriteOptions(), Notes())
    kinds = [problem.kind for problem in caught.value.problems]
    assert sorted(kinds) == ["bad-attribute"] * 3 + ["bad-character"] * 3 + ["bad-label"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("layer", ["aloi.Relation", "uima.tcas.Annotation", "xmlns.A", "a.²"])
def test_impossible_type_names_raise_only_data_errors(layer: str, tmp_path: Path) -> None:
    with suppress(DataError):
        xmi.write([DOCUMENT], tmp_path / "out", xmi.WriteOptions(layer), Notes())


def test_error_without_cassis_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "cassis", None)
    with pytest.raises(DataError, match=r"aloi\[formats\]"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"aloi\[formats\]"):
        xmi.write([DOCUMENT], tmp_path / "out", xmi.WriteOptions(), Notes())


def test_ten_or_more_mentions_of_one_span_keep_their_order() -> None:
    entities = tuple(
        Entity(id=f"e{n}", start=0, end=3, label="PER", ref=f"Q{n}") for n in range(1, 13)
    )
    document = Document("d", "Ana", entities)
    (read,) = there_and_back([document], "xmi")
    assert same(read, held(document, "xmi"))


@settings(max_examples=40, deadline=None)  # cassis makes classes, which takes time
@given(
    documents(
        texts=st.text(LEGAL | st.sampled_from("\t\n\r <&>\"'😊"), max_size=60),
        labels=STRINGS.filter(bool),
        ids=st.sampled_from(["d", "sub/é.1", "../a b: 50%"]),
        attributes=ATTRIBUTES,
        refs=st.none() | STRINGS,
    )
)
def test_round_trip(document: Document) -> None:
    (read,) = there_and_back([document], "xmi")
    assert same(read, held(document, "xmi"))


@settings(max_examples=40, deadline=None)  # cassis makes classes, which takes time
@given(
    st.booleans(), st.binary(max_size=40) | st.text(max_size=9).map(str.encode),
    st.integers(0, 3000), st.integers(0, 9),
)  # fmt: skip
def test_damaged_bytes_raise_only_data_errors(types: bool, new: bytes, at: int, width: int) -> None:
    folder = Path(tempfile.mkdtemp())
    for name, content in (("d.xmi", GOOD), ("TypeSystem.xml", TYPES)):
        good = content.encode()
        hit = types == (name != "d.xmi")
        changed = good[: at % len(good)] + new + good[at % len(good) + width :]
        (folder / name).write_bytes(changed if hit else good)
    with suppress(DataError):
        list(xmi.read(folder, xmi.ReadOptions(), Notes()))
    shutil.rmtree(folder)
