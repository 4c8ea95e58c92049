"""CoNLL-U with mentions in `Entity=`; the conllu library parses what we write."""

from pathlib import Path

import conllu as library
import pytest
from conversions import held, same, there_and_back
from hypothesis import given, settings
from hypothesis import strategies as st
from json_formats import FUZZING, clustered, on_tokens
from strategies import NAMES, documents

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import registry
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

GUM = "GRP-etype-infstat-identity"


def row(number: str, form: str, misc: str = "_") -> str:
    return "\t".join([number, form, *"_______", misc]) + "\n"


def read(tmp_path: Path, rows: str, notes: Notes | None = None, fields: str = GUM) -> Document:
    file = tmp_path / "f.conllu"
    file.write_text(f"# newdoc id = d\n# global.Entity = {fields}\n{rows}", encoding="utf-8")
    assert detect_format(file) == "corefud"
    (document,) = registry.read(str(file), notes=notes)
    return document


def mentions(document: Document) -> list[tuple[str, str, str | None]]:
    return [(document.surface(e), e.label, e.ref) for e in document.entities]


def test_nested_mentions_and_refs(tmp_path: Path) -> None:
    """The identity is the ref; without it, the entity id, but only if the entity occurs twice."""
    rows = (
        row("1", "le", "Entity=(1-person-new")
        + row("2", "maire", "Bridge=1<2")
        + row("3", "de", "_")
        + row("4", "Lyon", "Entity=(2-place-new-Lyon%2D3)1)")
        + "\n"
        + row("1", "Il", "Entity=(1-person-giv)")
        + row("2", "lit", "Entity=(3-event-new)")
    )
    notes = Notes()
    assert mentions(read(tmp_path, rows, notes)) == [
        ("le maire de Lyon", "person", "d#1"),
        ("Lyon", "place", "Lyon-3"),
        ("Il", "person", "d#1"),
        ("lit", "event", None),
    ]
    assert dict(notes.counts) == {"links between entities left out": 1}


def test_multiword_tokens(tmp_path: Path) -> None:
    """The words of "Korea's" are pieces of its form, those of "du" are not."""
    rows = (
        row("1", "North", "Entity=(1-place-new")
        + row("2-3", "Korea's")
        + row("2", "Korea", "Entity=1)")
        + row("3", "'s")
        + row("4-5", "du")
        + row("4", "de")
        + row("5", "le", "Entity=(2-organization-new")
        + row("6", "FMI", "Entity=2)")
    )
    assert mentions(read(tmp_path, rows)) == [
        ("North Korea", "place", None),
        ("du FMI", "organization", None),
    ]


def test_empty_nodes_parts_and_missing_types(tmp_path: Path) -> None:
    rows = (
        row("1", "Ana", "Entity=(e1[1/2])(e2--1)")
        + row("1.1", "_", "Entity=(e3-person-1)(e4-person-1")
        + row("2", "et", "Entity=e4)")
        + row("3", "Roy", "Entity=(e1[2/2])")
    )
    notes = Notes()
    document = read(tmp_path, rows, notes, fields="eid-etype-head-other")
    assert mentions(document) == [
        ("Ana et Roy", "mention", None),
        ("Ana", "mention", None),
        ("et", "person", None),
    ]
    assert dict(notes.counts) == {
        "empty nodes left out": 1,
        "mentions on empty nodes left out": 1,
        "mentions without a type": 2,
        "discontinuous mentions joined": 1,
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("(1-person", "the mention of the entity '1' is not closed"),
        ("1)", "the mention of the entity '1' is closed, but not opened"),
        ("1", "the brackets '1' are malformed"),
        ("(-person)", "the bracket '-person' has no entity id"),
    ],
)
def test_malformed_brackets(value: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path, row("1", "Ana", f"Entity={value}"))
    assert [(p.line, p.document) for p in caught.value.problems] == [(3, "d")]


DOCUMENT = Document(
    "d",
    "le maire de Lyon lit.\nIl lit",
    (
        Entity(id="a", start=0, end=16, label="PER", ref="w:(1)"),
        Entity(id="b", start=12, end=16, label="LOC", ref="Q456"),
        Entity(id="c", start=22, end=24, label="PER", ref="w:(1)"),
        Entity(id="d", start=25, end=28, label="E-V"),
    ),
    (),
    {"lang": "fr"},
)


def test_written_file(tmp_path: Path) -> None:
    """The conllu library reads the rows; ids are unique in the file, "E-V" and "w:(1)" encoded."""
    file = tmp_path / "f.conllu"
    other = Document("e", "Lyon", (Entity(id="a", start=0, end=4, label="LOC", ref="Q456"),))
    registry.write([DOCUMENT, other], str(file), format_="corefud")
    first, second, third = library.parse(file.read_text(encoding="utf-8"))
    assert first.metadata == {
        "newdoc id": "d",
        "global.Entity": "eid-etype-head-identity",
        "lang": "fr",
        "sent_id": "d-1",
        "text": "le maire de Lyon lit.",
    }
    assert [(token["form"], (token["misc"] or {}).get("Entity")) for token in first] == [
        ("le", "(e2-PER-1-w:%281%29"),
        ("maire", None),
        ("de", None),
        ("Lyon", "(e3-LOC-1-Q456)e2)"),
        ("lit", None),
        (".", None),
    ]
    assert [token["misc"] for token in second] == [
        {"Entity": "(e2-PER-1-w:%281%29)"},
        {"Entity": "(e1-E%2DV-1)"},
    ]
    assert [token["misc"] for token in third] == [{"Entity": "(e4-LOC-1-Q456)"}]


@settings(max_examples=40)
@given(clustered(on_tokens(documents(ids=st.just("d")))))
def test_round_trip(document: Document) -> None:
    """Any text; the mentions of an entity may cross or have the same span."""
    if not document.text.strip():
        document = Document(document.id, "", ())
    (back,) = there_and_back([document], "corefud")
    assert same(back, held(document, "corefud"))


@settings(max_examples=40)
@given(NAMES, NAMES)
def test_any_label_and_ref(label: str, ref: str) -> None:
    document = Document("d", "Ana", (Entity(id="e1", start=0, end=3, label=label, ref=ref),))
    assert there_and_back([document], "corefud") == [document]


@FUZZING
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "2-3", "3", "1.1"]),
            st.text("()12-[/]e%", max_size=9),
        ),
        max_size=5,
    )
)
def test_any_brackets_raise_only_data_errors(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    content = "".join(row(number, "a", f"Entity={value}") for number, value in rows)
    try:
        read(tmp_path_factory.mktemp("fuzz"), content + row("9", "b"))
    except DataError as error:
        assert error.problems  # noqa: PT017 - whether it raises depends on the brackets
