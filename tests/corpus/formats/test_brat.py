"""brat folders: every line type, errors with their line, exact round trips."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from brat_grammar import rejected_lines
from conversions import same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from strategies import documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import brat
from aloi.corpus.formats.brat.configuration import Configuration
from aloi.corpus.formats.brat.reader import parse_standoff
from aloi.corpus.formats.brat.writer import format_annotations
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options, parse_options
from aloi.corpus.problems import DataError

TEXT = "Ana quitte Rome\npour Lima."
LABELS = st.from_regex(r"[^\s\ud800-\udfff]{1,5}", fullmatch=True)
GOOD = "T1\tPER 0 3\tAna\nT2\tLOC 11 15\tRome\nR1\tLEAVES Arg1:T1 Arg2:T2\n"


def parse(annotations: str, *options: str, text: str = TEXT) -> tuple[Document, dict[str, int]]:
    notes = Notes()
    read_options = parse_options(brat.ReadOptions, options)
    document = parse_standoff("d", text, annotations, read_options, notes, file="d.ann")
    return document, dict(notes.counts)


def test_every_line_type() -> None:
    document, notes = parse(
        "R1\tLEAVES Arg2:T2 Arg1:T1\n"  # the roles tell head from tail, not their order
        "T1\tPER 0 3\tAna\n"
        "T2\tLOC 11 15\tRome\n"
        "T3\tLOC 21 25\tLima\n"
        "T4\tMove 4 10\tquitte\n"
        "E1\tMove:T4 Who:T1 From:T2\n"
        "A1\tNegated E1\n"
        "M1\tKind T2 city\n"
        "A2\tSure R1 no\n"
        "N1\tReference T3 Wikidata:Q2868\tLima\n"
        "N2\tReference T2 local:la%20ville\tRome\n"
        "*\tEquiv T1 T4\n"
        "#1\tAnnotatorNotes T1\twho is she?\n"
        "#2\tOther T1\tx"  # the last line without an end
    )
    assert document.entities == (
        Entity(
            id="T1",
            start=0,
            end=3,
            label="PER",
            ref="T1",
            attributes={"AnnotatorNotes": "who is she?"},
        ),
        Entity(id="T4", start=4, end=10, label="Move", ref="T1", attributes={"Negated": "true"}),
        Entity(id="T2", start=11, end=15, label="LOC", ref="la ville", attributes={"Kind": "city"}),
        Entity(id="T3", start=21, end=25, label="LOC", ref="Wikidata:Q2868"),
    )
    assert document.relations == (
        Relation(head="T1", tail="T2", label="LEAVES", attributes={"Sure": "no"}),
        Relation(head="T4", tail="T1", label="Who"),
        Relation(head="T4", tail="T2", label="From"),
    )
    assert notes == {
        "arguments of events read as relations": 2,
        "equivalences read as refs": 1,
        "notes left out": 1,
    }


@pytest.mark.parametrize(("policy", "span"), [("whole", (11, 25)), ("first", (11, 15))])
def test_discontinuous_mentions(policy: str, span: tuple[int, int]) -> None:
    document, notes = parse("T1\tLOC 11 15;21 25\tRome Lima\n", f"fragments={policy}")
    assert (document.entities[0].start, document.entities[0].end) == span
    assert notes == {f"discontinuous mentions read with fragments={policy}": 1}


def test_a_mention_across_a_line_end_is_split_and_joined_again() -> None:
    # brat rejects a mention in one piece; the gap is white space, so it is no discontinuity
    document, notes = parse("T1\tX 11 15;16 20\tRome pour\n")
    assert [document.surface(entity) for entity in document.entities] == ["Rome\npour"]
    assert document.entities[0].attributes == {}
    assert notes == {}
    assert format_annotations(document, Configuration()) == "T1\tX 11 15;16 20\tRome pour\n"


def test_fragments_of_a_discontinuous_mention_are_written_again() -> None:
    line = "T1\tX 4 10;16 20\tquitte pour\n"
    document, _ = parse(line)
    assert document.entities[0].attributes == {"fragments": "0 6;12 16"}
    assert format_annotations(document, Configuration()) == line


def test_fragments_that_no_longer_fit_the_mention_stay_an_attribute() -> None:
    entity = Entity(id="T1", start=0, end=10, label="X", attributes={"fragments": "0 3;7 15"})
    assert format_annotations(Document("d", TEXT, (entity,)), Configuration()) == (
        'T1\tX 0 10\tAna quitte\n#1\tAloi T1\t{"attributes": {"fragments": "0 3;7 15"}}\n'
    )


def test_a_mention_that_ends_with_a_line_end() -> None:
    entities = (
        Entity(id="T1", start=11, end=16, label="X"),
        Entity(id="T2", start=15, end=16, label="X"),
    )
    document = Document("d", TEXT, entities)
    annotations = format_annotations(document, Configuration())
    assert annotations == (
        "T1\tX 11 15\tRome\n"
        "T2\tX 15 15\t\n"
        '#1\tAloi T1\t{"span": [11, 16]}\n'
        '#2\tAloi T2\t{"span": [15, 16]}\n'
    )
    assert parse(annotations)[0] == document


def test_annotation_conf_lists_the_types(tmp_path: Path) -> None:
    entities = (
        Entity(id="a", start=0, end=3, label="PER", attributes={"sure": "true", "kind": "x"}),
        Entity(id="b", start=11, end=15, label="LOC", attributes={"kind": "y"}),
        Entity(id="c", start=21, end=25, label="[odd]"),
    )
    relation = Relation(head="a", tail="b", label="LEAVES", attributes={"sure": "true"})
    notes = Notes()
    brat.write([Document("d", TEXT, entities, (relation,))], tmp_path, Options(), notes)
    configuration = tmp_path / "annotation.conf"
    assert configuration.read_text(encoding="utf-8") == (
        "[entities]\nLOC\nPER\n\n"
        "[relations]\nLEAVES\tArg1:PER, Arg2:LOC\n\n"
        "[events]\n\n"
        "[attributes]\nkind\tArg:<ENTITY>, Value:x|y\n"
        "sure\tArg:<ENTITY>\nsure\tArg:<RELATION>\n"
    )
    assert dict(notes.counts) == {"names left out of annotation.conf": 1}
    configuration.write_text("mine")
    brat.write([Document("d", TEXT, entities)], tmp_path, Options(), Notes())
    assert configuration.read_text(encoding="utf-8") == "mine"


def test_links_in_a_folder_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/d.txt").write_text("Ana")
    (tmp_path / "outside/d.ann").write_text("T1\tPER 0 3\tAna")
    (tmp_path / "in").mkdir()
    (tmp_path / "in/linked").symlink_to(tmp_path / "outside")
    (tmp_path / "outside/back").symlink_to(tmp_path / "in")
    found = [d.id for d in brat.read(tmp_path / "in", brat.ReadOptions(), Notes())]
    assert found == ["linked/d"]


def test_surfaces_that_differ_from_the_text_are_counted() -> None:
    _, notes = parse("T1\tX 0 3\tAnna\nT2\tX 11 20\tRome pour\n")
    assert notes == {"surfaces that differ from the text": 1}


def test_two_labels_of_one_span_and_windows_line_ends() -> None:
    document, notes = parse("T1\tPER 5 8\tAna\r\nT2\tX 5 8\tAna\r\n", text="Et\r\n\ufeffAna")
    assert [(e.label, document.surface(e)) for e in document.entities] == [
        ("PER", "Ana"),
        ("X", "Ana"),
    ]
    assert document.text == "Et\r\n\ufeffAna"
    assert notes == {}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("T3\tPER 0\tAna", "not a brat annotation"),
        ("X1\tPER 0 3\tAna", "not a brat annotation"),
        ("T1\tPER 0 3\tAna", "the id T1 already occurs in line 1"),
        ("T3\tPER 11 99\tRome", "the text ends at 26"),
        ("T3\tPER 3 3\t", "the text ends at 26"),
        ("R2\tX Arg1:T1 Arg2:T9", "no mention, event or relation has the id T9"),
        ("R2\tX Arg1:T1 Arg2:R1", "R1 is not a mention"),
        ("A1\tX T9", "no mention, event or relation has the id T9"),
        ("#1\tAloi T1\t{", "Aloi note is invalid"),
        ("#1\tAloi T1\t" + "[" * 9999, "Aloi note is invalid"),
    ],
)
def test_errors_name_the_line(line: str, what: str) -> None:
    with pytest.raises(DataError, match=what) as caught:
        parse(GOOD + line)
    assert [problem.line for problem in caught.value.problems] == [4]


def test_reading_a_folder_continues_after_a_bad_document(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name, content in {
        "a.txt": "Ana", "a.ann": "nonsense", "sub/b.txt": "Ana", "sub/b.ann": "T1\tPER 0 3\tAna",
        "urls.txt": "no document", "lost.ann": "",
    }.items():  # fmt: skip
        (tmp_path / name).write_text(content)
    notes, found = Notes(), []
    with pytest.raises(DataError) as caught:
        found += [d.id for d in brat.read(tmp_path, brat.ReadOptions(), notes)]
    with pytest.raises(DataError):
        found += (d.id for d in brat.read(tmp_path, brat.ReadOptions(), Notes()))
    assert found == ["sub/b"]
    assert [p.kind for p in caught.value.problems] == ["bad-brat", "text-missing"]
    assert dict(notes.counts) == {".txt files without .ann left out": 1}


def test_an_id_given_twice_is_an_error(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text("Ana")
        (tmp_path / f"{name}.ann").write_text('#1\tAloi document\t{"id": "a"}\n' * (name > "a"))
    notes = Notes()
    with pytest.raises(DataError, match=r"first used in .*a\.ann") as caught:
        list(brat.read(tmp_path, brat.ReadOptions(), notes))
    assert [problem.file for problem in caught.value.problems] == [
        str(tmp_path / "b.ann"),
        str(tmp_path / "c.ann"),
    ]


@pytest.mark.parametrize(("text", "label"), [("An\ud800", "PER"), ("Ana", "P\udfff")])
def test_lone_surrogates_are_an_error(text: str, label: str, tmp_path: Path) -> None:
    document = Document("d", text, (Entity(id="T1", start=0, end=3, label=label),))
    with pytest.raises(DataError, match="lone surrogate"):
        brat.write([document], tmp_path / "out", Options(), Notes())
    assert list(tmp_path.iterdir()) == []


def test_folders_with_ann_files_are_detected_as_brat(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("Ana")
    (tmp_path / "d.ann").touch()
    assert [detect_format(tmp_path), detect_format(tmp_path / "d.ann")] == ["brat", "brat"]


def test_written_file() -> None:
    attributes = {"kind": "city", "two words": "x"}
    document = Document(
        "d",
        TEXT,
        (
            Entity(id="e1", start=0, end=3, label="PER", ref="Q1"),
            Entity(
                id="T1", start=11, end=20, label="LOC", ref=None, attributes=attributes, score=0.5
            ),
        ),
        (Relation(head="e1", tail="T1", label="LEAVES", id="r"),),
    )
    assert format_annotations(document, Configuration()) == (
        "T2\tPER 0 3\tAna\n"
        "T1\tLOC 11 15;16 20\tRome pour\n"
        "N1\tReference T2 local:Q1\tAna\n"
        "A1\tkind T1 city\n"
        '#1\tAloi T1\t{"score": 0.5, "attributes": {"two words": "x"}}\n'
        "R1\tLEAVES Arg1:T2 Arg2:T1\n"
        '#2\tAloi R1\t{"id": "r"}\n'
        '#3\tAloi document\t{"id": "d", "mentions": {"T2": "e1"}}\n'
    )


@pytest.mark.parametrize(
    "id_", ["../x", "/etc/x", "a/../b", ".", "?", "a\\b", "a\0", "-x", "a/", "Xi: 50%", "%41"]
)
def test_ids_cannot_write_outside_the_folder(id_: str, tmp_path: Path) -> None:
    document = Document(id_, "Ana", ())
    brat.write([document], tmp_path / "out", Options(), Notes())
    assert [folder.name for folder in tmp_path.iterdir()] == ["out"]
    assert list(brat.read(tmp_path / "out", brat.ReadOptions(), Notes())) == [document]


def test_an_id_that_is_too_long_for_a_file_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too long for a file name"):
        brat.write([Document("é" * 101, "Ana", ())], tmp_path / "out", Options(), Notes())
    assert list(tmp_path.iterdir()) == []


def test_every_label_with_white_space_is_reported(tmp_path: Path) -> None:
    labels = ("a b", "c\u2028d", "good")
    entities = tuple(Entity(id=label, start=0, end=1, label=label) for label in labels)
    with pytest.raises(DataError, match="--labels") as caught:
        brat.write([Document("d", "Ana", entities)], tmp_path / "out", Options(), Notes())
    assert len(caught.value.problems) == 2
    assert list(tmp_path.iterdir()) == []


@given(documents(labels=LABELS, ids=st.sampled_from(["d", "sub/é.1", "../a b: 50%"])))
def test_round_trip(document: Document) -> None:
    (read,) = there_and_back([document], "brat")
    assert same(read, document)


@given(documents(labels=LABELS))
def test_brat_accepts_every_line(document: Document) -> None:
    annotations = format_annotations(document, Configuration())
    assert list(rejected_lines(document.text, annotations)) == []


@given(st.binary(max_size=40), st.integers(0, len(GOOD)), st.integers(0, 9))
def test_damaged_bytes_raise_only_data_errors(new: bytes, at: int, width: int) -> None:
    folder = Path(tempfile.mkdtemp())
    good = GOOD.encode()
    (folder / "d.txt").write_bytes(TEXT.encode())
    (folder / "d.ann").write_bytes(good[:at] + new + good[at + width :])
    with suppress(DataError):
        list(brat.read(folder, brat.ReadOptions(), Notes()))
    shutil.rmtree(folder)
