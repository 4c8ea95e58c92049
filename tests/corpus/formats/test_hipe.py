"""hipe: reading and writing of the tables of the HIPE campaigns."""

import contextlib
from pathlib import Path

import pytest
from conversions import held, there_and_back
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import documents
from tokenised import tokenised

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import hipe, registry
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.hipe.options import LAYERS
from aloi.corpus.formats.hipe.writer import format_document
from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

HEAD = "\t".join(hipe.COLUMN_NAMES) + "\n"
# Paris means its government (metonymic org); « ville de Lyon » contains Lyon (nested).
TABLE = """# date = 1902-05-01
# hipe2022:document_id = GDL-1
# language = fr

À\tO\tO\tO\tO\tO\tO\t_\t_\t_
Paris\tB-loc\tB-org\tB-loc.adm.town\tB-org.adm\tO\tO\tQ90\tQ1\tNoSpaceAfter
,\tO\tO\tO\tO\tO\tO\t_\t_\tEndOfLine
# segment = 2
la\tO\tO\tO\tO\tO\tO\t_\t_\t_
ville\tB-loc\tO\tB-loc.adm.town\tO\tO\tO\tNIL\t_\t_
de\tI-loc\tO\tI-loc.adm.town\tO\tO\tO\tNIL\t_\t_
Lyon\tI-loc\tO\tI-loc.adm.town\tO\tO\tB-loc\tNIL\t_\tNoSpaceAfter|EndOfLine
"\tO\tO\tO\tO\tO\tO\t_\t_\t_
aGand"\tB-loc\tO\tB-loc.adm\tO\tO\tO\tQ1296\t_\tPartial-1:5|EndOfSentence"""


def read(
    tmp_path: Path, content: str, notes: Notes | None = None, **options: str
) -> list[Document]:
    file = tmp_path / "f.tsv"
    file.write_text(content)
    return list(hipe.read(file, hipe.ReadOptions(**options), notes or Notes()))


def row(word: str, tag: str = "O", misc: str = "_") -> str:
    return "\t".join([word, tag, *"______", "_", misc]) + "\n"


def test_text_metadata_and_mentions(tmp_path: Path) -> None:
    notes = Notes()
    (document,) = read(tmp_path, HEAD + TABLE, notes)
    assert document.id == "GDL-1"
    assert document.meta == {
        "date": "1902-05-01",
        "language": "fr",
        "tokens": "0 1;2 7;7 8;9 11;12 17;18 20;21 25;25 26;27 33",
    }
    # No space before the comma and after Lyon, where NoSpaceAfter overrides EndOfLine.
    assert document.text == 'À Paris,\nla ville de Lyon" aGand"'
    assert [(document.surface(e), e.label, e.ref) for e in document.entities] == [
        ("Paris", "loc", "Q90"),
        ("ville de Lyon", "loc", None),
        ("Gand", "loc", "Q1296"),
    ]
    assert notes.counts == {"comments left out": 1, "flags of MISC left out": 1}


@pytest.mark.parametrize(
    ("layer", "mentions"),
    [
        (
            "fine",
            [
                ("Paris", "loc.adm.town", "Q90"),
                ("ville de Lyon", "loc.adm.town", None),
                ("Gand", "loc.adm", "Q1296"),
            ],
        ),
        ("metonymic", [("Paris", "org", "Q1")]),
        ("nested", [("Lyon", "loc", None)]),
    ],
)
def test_each_layer_is_a_column(
    tmp_path: Path, layer: str, mentions: list[tuple[str, str, str | None]]
) -> None:
    (document,) = read(tmp_path, HEAD + TABLE, layer=layer)
    assert [(document.surface(e), e.label, e.ref) for e in document.entities] == mentions


def test_columns_are_identified_by_name(tmp_path: Path) -> None:
    content = "TOKEN\tNE-COARSE-LIT\tMISC\tNEL-LIT\nAna\tB-pers\tEndOfLine\tQ1\nRoy\tO\t_\t_\n"
    (document,) = read(tmp_path, content)
    assert (document.id, document.text) == ("f", "Ana\nRoy")
    assert document.entities == (Entity(id="e1", start=0, end=3, label="pers", ref="Q1"),)
    with pytest.raises(DataError, match="missing columns: NE-FINE-LIT"):
        read(tmp_path, content, layer="fine")


def test_documents_without_tokens(tmp_path: Path) -> None:
    head = "# document_id = a\n# date = 1\n\n# date = 2\n# document_id = b\n"
    assert read(tmp_path, HEAD + head) == [
        Document("a", "", (), (), {"date": "1"}),
        Document("b", "", (), (), {"date": "2"}),
    ]
    assert read(tmp_path, HEAD) == []


def test_all_problems_are_reported_and_other_documents_are_read(tmp_path: Path) -> None:
    (tmp_path / "f.tsv").write_bytes(
        HEAD.encode()  # line 1
        + b"# document_id = a\nAna\tO\n\xe9\n"  # a row of two cells, and Latin-1
        + b"# document_id = b\n"
        + row("Ana", "I-pers").encode()
        + row("Roy", "B-pers", "Partial-2:9").encode()
        + b"# document_id = c\n"
        + row("Ana").encode()
        + b"# document_id = a\n"
    )
    ids = []
    reading = hipe.read(tmp_path / "f.tsv", hipe.ReadOptions(), Notes())
    with pytest.raises(DataError) as error:
        ids.extend(document.id for document in reading)
    assert ids == ["c"]
    assert [(p.kind, p.line) for p in error.value.problems] == [
        ("bad-hipe", 3),
        ("not-utf8", 4),
        ("bad-tag", 6),
        ("bad-hipe", 7),
        ("document-id-twice", 10),
    ]


def test_tokens_that_look_like_comments_or_headers(tmp_path: Path) -> None:
    content = HEAD + row("TOKEN") + row("#") + row('"') + "# last = comment\n"
    notes = Notes()
    (document,) = read(tmp_path, content, notes)
    assert (document.id, document.text, document.entities) == ("f", 'TOKEN # "', ())
    assert notes.counts == {"comments left out": 1}


def test_tokens_and_parts_of_tokens_are_written_again(tmp_path: Path) -> None:
    rows = [
        row("New-York", "B-loc", "Partial-0:3"),
        row("aGand,", "B-loc", "Partial-1:5|NoSpaceAfter"),
        row("la-ville", "B-loc", "Partial-3:8"),
        row("de", "I-loc"),
        row("Lyon.", "I-loc", "Partial-0:4"),
    ]
    content = HEAD + "# hipe2022:document_id = d\n" + "".join(rows)
    (document,) = read(tmp_path, content)
    assert [document.surface(e) for e in document.entities] == ["New", "Gand", "ville de Lyon"]
    file = tmp_path / "out.tsv"
    notes = Notes()
    hipe.write([document], file, hipe.WriteOptions(), notes)
    assert [line for line in file.read_text().splitlines(keepends=True) if "_\t_" in line] == rows
    assert notes.counts == {}


def test_a_token_with_parts_of_two_mentions_is_cut(tmp_path: Path) -> None:
    entities = (
        Entity(id="e1", start=0, end=3, label="loc"),
        Entity(id="e2", start=4, end=8, label="loc"),
    )
    document = Document("d", "New-York est", entities, (), {"tokens": "0 8;9 12"})
    file = tmp_path / "out.tsv"
    hipe.write([document], file, hipe.WriteOptions(), Notes())
    (back,) = hipe.read(file, hipe.ReadOptions(), Notes())
    assert (back.text, back.entities) == (document.text, document.entities)
    assert back.meta == {"tokens": "0 3;3 4;4 8;9 12"}


def test_repair_option(tmp_path: Path) -> None:
    content = HEAD + row("Ana", "I-pers") + row("Roy", "B-pers")
    for repair, surfaces in (("conlleval", ["Ana", "Roy"]), ("discard", ["Roy"])):
        (document,) = read(tmp_path, content, repair=repair)
        assert [document.surface(e) for e in document.entities] == surfaces


def test_iobes_tags_are_detected(tmp_path: Path) -> None:
    content = HEAD + row("Ana", "S-pers") + row("New", "B-loc") + row("York", "E-loc")
    (document,) = read(tmp_path, content)
    assert [document.surface(e) for e in document.entities] == ["Ana", "New York"]
    unclosed = HEAD + row("Ana", "S-pers") + row("New", "B-loc") + row("York", "I-loc")
    with pytest.raises(DataError, match="set scheme=, or set repair=conlleval"):
        read(tmp_path, unclosed)
    (document,) = read(tmp_path, unclosed, repair="conlleval")
    assert [document.surface(e) for e in document.entities] == ["Ana", "New York"]
    with pytest.raises(DataError, match="invalid in the scheme iob2"):
        read(tmp_path, content, scheme="iob2")


GOLD = """# document_id = a
# date = 1902
Ana\tB-pers\tO\tO\tO\tO\tO\tQ1\t_\t_
dit\tO\tO\tO\tO\tO\tO\t_\t_\tNoSpaceAfter
"\tO\tO\tO\tO\tO\tO\t_\t_\tNoSpaceAfter|EndOfLine
# document_id = b
# date = 1903

aGand\tB-loc\tO\tO\tO\tO\tO\tQ3\t_\tPartial-1:5
"""


def submitted(word: str, tag: str = "O", ref: str = "O") -> str:
    """Return a row of a submission, with `O` in all columns that do not apply."""
    return "\t".join([word, tag, *"OOOOO", ref, "O", "O"]) + "\n"


def test_a_submission_is_read_with_the_tokens_of_gold(tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text(HEAD + GOLD)
    rows = [submitted("Ana", "S-pers", "Q2"), submitted("dit"), submitted('""""', "S-x")]
    last = submitted("aGand", "S-loc", "NIL")
    notes = Notes()
    a, b = read(tmp_path, HEAD + "".join(rows) + last, notes, gold=str(gold))
    # Documents, text, metadata and the part of « aGand » are from gold; tags and refs are not.
    assert (a.id, a.text, a.meta["date"]) == ("a", 'Ana dit"', "1902")
    assert [(a.surface(e), e.label, e.ref) for e in a.entities] == [
        ("Ana", "pers", "Q2"),
        ('"', "x", None),
    ]
    assert (b.id, b.surface(b.entities[0]), b.entities[0].ref) == ("b", "Gand", None)
    assert notes.counts == {}
    # With document ids, the order of the documents may differ.
    declared = HEAD + "# document_id = b\n" + last + "# document_id = a\n" + "".join(rows)
    assert [each.text for each in read(tmp_path, declared, gold=str(gold))] == [b.text, a.text]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            submitted("Ana") + submitted("dis"),
            ":3: .*'dis' differs from gold, which contains 'dit'",
        ),
        (submitted("Ana") + submitted("dit"), ":3: .*expected 4 tokens as in gold, found 2"),
        ("# document_id = c\n" + submitted("Ana"), ":2: .*gold does not contain this document"),
    ],
)
def test_a_submission_with_other_tokens_is_refused(
    tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "gold.tsv").write_text(HEAD + GOLD)
    with pytest.raises(DataError, match=message):
        read(tmp_path, HEAD + content, gold=str(tmp_path / "gold.tsv"))


def test_a_written_file(tmp_path: Path) -> None:
    entities = (
        Entity(id="e1", start=2, end=7, label="loc", ref="Q90"),
        Entity(id="e2", start=9, end=12, label="pers", ref="a b"),
    )
    document = Document("d", "À Paris\n\nAna.", entities, (), {"date": "1902", "n": 1})
    notes = Notes()
    registry.write([document], str(tmp_path / "f.tsv"), format_="hipe", notes=notes)
    assert (tmp_path / "f.tsv").read_text() == (
        HEAD + "# hipe2022:document_id = d\n# date = 1902\n"
        "# hipe2022:applicable_columns = TOKEN NE-COARSE-LIT NEL-LIT MISC\n"
        "À\tO\t_\t_\t_\t_\t_\t_\t_\t_\n"
        "Paris\tB-loc\t_\t_\t_\t_\t_\tQ90\t_\tEndOfLine\n"
        "Ana\tB-pers\t_\t_\t_\t_\t_\t_\t_\tNoSpaceAfter\n"
        ".\tO\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
    )
    # MISC has no flag for an empty line; a ref of two words cannot be a NEL id.
    assert notes.counts == {
        "metadata dropped": 1,
        "refs dropped": 1,
        "texts with changed white space": 1,
    }


@pytest.mark.parametrize("id_", ["a\nb", " a", "a\u2028b"])
def test_ids_that_do_not_fit_in_a_line_are_refused(tmp_path: Path, id_: str) -> None:
    with pytest.raises(DataError, match="id contains a line break"):
        hipe.write([Document(id_, "x", ())], tmp_path / "f.tsv", hipe.WriteOptions(), Notes())
    assert list(tmp_path.iterdir()) == []


def test_labels_with_white_space_are_refused(tmp_path: Path) -> None:
    document = Document("d", "Ana", (Entity(id="e1", start=0, end=3, label="a b"),))
    with pytest.raises(DataError, match="--labels"):
        hipe.write([document], tmp_path / "f.tsv", hipe.WriteOptions(), Notes())


def test_detection_by_first_line(tmp_path: Path) -> None:
    (tmp_path / "f.tsv").write_text("\ufeff" + HEAD)
    assert detect_format(tmp_path / "f.tsv") == detect_format(tmp_path) == "hipe"
    (tmp_path / "f.tsv").write_text("a\tb\n")
    assert detect_format(tmp_path / "f.tsv") == "conll"


# Other gaps are not restored and are counted. Words without a gap are cut at mentions.
@given(tokenised(gaps=(" ", "\n", "")))
def test_round_trip(document: Document) -> None:
    assume(notes_of(document) == {})
    assert there_and_back([document], "hipe") == [held(document, "hipe")]


@given(documents(labels=st.sampled_from(("PER", "é.x"))))
def test_documents_without_notes_are_restored(document: Document) -> None:
    document = held(document, "hipe")
    with contextlib.suppress(DataError):  # ids that do not fit in a line
        if notes_of(document) == {}:
            assert there_and_back([document], "hipe") == [document]


def notes_of(document: Document) -> dict[str, int]:
    notes = Notes()
    format_document(document, hipe.WriteOptions(), notes)
    return dict(notes.counts)


PIECES = st.lists(
    st.sampled_from(TABLE.splitlines(keepends=True))
    | st.sampled_from([HEAD, "\n", "# document_id =\n", "#\n", "TOKEN\tNE-\n"])
    | st.builds(
        row, st.sampled_from("ab"), st.sampled_from(["I-x", "x", ""]), st.text("Partial-019:|_")
    )
)
FILES = st.binary(max_size=80) | PIECES.map("".join).map(str.encode)


@given(FILES, st.sampled_from(list(LAYERS)), st.sampled_from(["error", "conlleval", "discard"]))
def test_any_bytes_give_documents_or_problems(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, layer: str, repair: bio.TagRepair
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.tsv"
    file.write_bytes(content)
    with contextlib.suppress(DataError):
        list(hipe.read(file, hipe.ReadOptions(layer=layer, repair=repair), Notes()))
