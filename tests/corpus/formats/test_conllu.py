r"""conllu: CoNLL-U with mentions in MISC, compared with the conllu library."""

import contextlib
from pathlib import Path

import conllu as library
import pytest
from conversions import held, there_and_back
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import documents
from tokenised import tokenised

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import conllu, registry
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

SPACES = (" ", "", "\n", "\u00a0", "  ", "\t\u2028", "\r\n")


def row(number: str, form: str, misc: str = "_") -> str:
    return "\t".join([number, form, *"_______", misc]) + "\n"


def read(
    tmp_path: Path, content: str, notes: Notes | None = None, **options: str
) -> list[Document]:
    file = tmp_path / "f.conllu"
    file.write_bytes(content.encode())
    return list(conllu.read(file, conllu.ReadOptions(**options), notes or Notes()))


def surfaces_and_labels(document: Document) -> list[tuple[str, str]]:
    return [(document.surface(e), e.label) for e in document.entities]


def test_a_written_file(tmp_path: Path) -> None:
    entities = (
        Entity(id="e1", start=2, end=9, label="PER"),
        Entity(id="e2", start=11, end=15, label="LOC"),
    )
    document = Document("d", "« Ana Roy\n\nLyon.", entities, (), {"lang": "fr"})
    registry.write([document], str(tmp_path / "f.conllu"), format_="conllu")
    empty = "\t_" * 7
    assert (tmp_path / "f.conllu").read_text() == (
        "# newdoc id = d\n# lang = fr\n"
        "# sent_id = d-1\n# text = « Ana Roy\n"
        f"1\t«{empty}\t_\n"
        f"2\tAna{empty}\tNER=B-PER\n"
        f"3\tRoy{empty}\tNER=I-PER|SpacesAfter=\\n\\n\n\n"
        "# sent_id = d-2\n# text = Lyon.\n"
        f"1\tLyon{empty}\tNER=B-LOC|SpaceAfter=No\n"
        f"2\t.{empty}\t_\n\n"
    )


def test_escaped_white_space(tmp_path: Path) -> None:
    # \u202f is a narrow no-break space; \ud800 is a lone surrogate, so it is not unescaped.
    content = (
        row("1", "a", r"SpacesBefore=\s|SpacesAfter=\s\t\p\\")
        + row("2", "b", r"SpacesAfter=\u202f\ud800")
        + row("3", "c", r"SpacesAfter=\r\n")
    )
    (document,) = read(tmp_path, content)
    assert document.text == " a \t|\\b\u202f\\ud800c\r\n"


def test_text_comment_gives_white_space_missing_in_misc(tmp_path: Path) -> None:
    notes = Notes()
    rows = row("1", "Oui") + row("2", "!") + row("3", "Ana", "NER=B-PER")
    (document,) = read(tmp_path, "# text = Oui\u00a0!  Ana\n" + rows, notes)
    assert document.text == "Oui\u00a0!  Ana"
    assert surfaces_and_labels(document) == [("Ana", "PER")]
    assert notes.counts == {}
    (document,) = read(tmp_path, "# text = Non\n" + rows, notes)
    assert document.text == "Oui ! Ana"
    assert notes.counts == {"# text ignored because it differs from the words": 1}


def test_sentences_and_paragraphs(tmp_path: Path) -> None:
    rows = row("1", "Ana", "NER=B-PER") + "\n" + row("1", "Roy", "NER=B-PER") + "\n"
    (document,) = read(tmp_path, rows + "# newpar id = p\n" + rows)
    assert document.text == "Ana Roy\nAna Roy"
    assert surfaces_and_labels(document) == [("Ana", "PER"), ("Roy", "PER")] * 2


def test_multiword_tokens(tmp_path: Path) -> None:
    rows = row("1-2", "du") + row("1", "de") + row("2", "le", "NER=B-ORG")
    (document,) = read(tmp_path, rows + row("3", "FMI", "NER=I-ORG"))
    assert (document.text, surfaces_and_labels(document)) == ("du FMI", [("du FMI", "ORG")])
    tagged = row("1-2", "du", "NER=B-ORG") + row("1", "de") + row("2", "le", "NER=B-LOC")
    (document,) = read(tmp_path, tagged + row("3", "FMI", "NER=I-ORG"))
    assert surfaces_and_labels(document) == [("du FMI", "ORG")]


def test_omissions_are_counted(tmp_path: Path) -> None:
    notes = Notes()
    content = (
        "# global.columns = ID\n# newdoc id = d\n# date = 1974\n# sent_id = 1\n# x = y\n"
        "1\tvit\tvivre\tVERB\t_\t_\t0\troot\t_\tEntity=(e1-person)\n" + row("1.1", "elle")
    )
    (document,) = read(tmp_path, content, notes)
    assert document == Document("d", "vit", (), (), {"date": "1974", "tokens": "0 3"})
    assert notes.counts == {
        "comments left out": 2,
        "analyses of words left out": 1,
        "mentions in Entity= left out": 1,
        "empty nodes left out": 1,
    }


def test_tags_of_stanza_are_read(tmp_path: Path) -> None:
    # Stanza writes a lower-case key and IOBES tags.
    misc = ("start_char=0|end_char=3|ner=S-PER", "start_char=4|end_char=8|ner=O")
    content = "".join(
        "\t".join([str(number), word, *"_______", pairs]) + "\n"
        for number, word, pairs in zip((1, 2), ("Ana", "dort"), misc, strict=True)
    )
    (document,) = read(tmp_path, content)
    assert [(document.surface(e), e.label) for e in document.entities] == [("Ana", "PER")]


def test_document_boundaries_and_ids(tmp_path: Path) -> None:
    word = row("1", "Ana") + "\n"
    content = (
        word + "# newdoc\n" + word + "# newdoc id = b\n# lang = fr\n\n# newdoc id = c\n" + word
    )
    assert [(d.id, d.text) for d in read(tmp_path, content)] == [
        ("f", "Ana"),
        ("f-1", "Ana"),
        ("b", ""),
        ("c", "Ana"),
    ]
    assert read(tmp_path, "") == []


def test_key_and_scheme_options(tmp_path: Path) -> None:
    content = row("1", "Ana", "ne=B-PER|NER=B-LOC") + row("2", "Roy", "ne=L-PER")
    (document,) = read(tmp_path, content, key="ne", scheme="bilou")
    assert surfaces_and_labels(document) == [("Ana Roy", "PER")]


def test_all_problems_are_reported_and_other_documents_are_read(tmp_path: Path) -> None:
    (tmp_path / "f.conllu").write_bytes(
        b"# newdoc id = a\n1\tAna\n\n"
        b"# newdoc id = b\n\xe9\n"
        + row("x", "Ana").encode()
        + row("1", "Ana", "NER=I-PER").encode()
        + row("2", "Roy", "NER=B-LOC").encode()
        + b"\n# newdoc id = c\n"
        + row("1", "Ana").encode()
        + b"\n# newdoc id = c\n"
    )
    ids = []
    reading = conllu.read(tmp_path / "f.conllu", conllu.ReadOptions(), Notes())
    with pytest.raises(DataError) as error:
        ids.extend(document.id for document in reading)
    assert ids == ["c"]
    assert [(p.kind, p.line) for p in error.value.problems] == [
        ("bad-conllu", 2),
        ("not-utf8", 5),
        ("bad-conllu", 6),
        ("bad-tag", 7),
        ("document-id-twice", 13),
    ]


def test_a_problem_before_the_first_document_does_not_hide_it(tmp_path: Path) -> None:
    (tmp_path / "f.conllu").write_text("x\n\n# newdoc id = a\n" + row("1", "Ana"))
    reading = conllu.read(tmp_path / "f.conllu", conllu.ReadOptions(), Notes())
    assert next(reading).id == "a"
    with pytest.raises(DataError, match="expected 10 columns, found 1"):
        next(reading)


@pytest.mark.parametrize("label", ["a b", "a|b", "a=b", ""])
def test_labels_with_reserved_characters_are_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(DataError, match="--labels"):
        conllu.write(
            [Document("d", "Ana", (Entity(id="e1", start=0, end=3, label=label),))],
            tmp_path / "f.conllu",
            conllu.WriteOptions(),
            Notes(),
        )
    assert list(tmp_path.iterdir()) == []


def test_ids_that_do_not_fit_in_a_line_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="id contains a line break"):
        conllu.write([Document("a\nb", "x", ())], tmp_path / "f", conllu.WriteOptions(), Notes())


def test_a_text_without_words_is_counted(tmp_path: Path) -> None:
    notes = Notes()
    registry.write([Document("d", " \n", ())], str(tmp_path / "f"), format_="conllu", notes=notes)
    assert notes.counts == {"white space dropped": 1}


def test_detection_by_suffix(tmp_path: Path) -> None:
    (tmp_path / "f.conllu").touch()
    assert detect_format(tmp_path / "f.conllu") == detect_format(tmp_path) == "conllu"


# Words without a gap, such as « AnaRoy », are cut at the edges of mentions.
@given(tokenised(gaps=SPACES))
def test_round_trip(document: Document) -> None:
    assume(notes_of(document) == {})
    assert there_and_back([document], "conllu") == [held(document, "conllu")]


@given(documents(labels=st.sampled_from(("PER", "é.x"))))
def test_any_text_with_a_word_is_restored(document: Document) -> None:
    document = held(document, "conllu")
    with contextlib.suppress(DataError):  # ids that do not fit in a line
        notes = notes_of(document)
        (back,) = there_and_back([document], "conllu")
        assert back.text == document.text or "white space dropped" in notes
        assert back == document or notes


def notes_of(document: Document) -> dict[str, int]:
    notes = Notes()
    conllu._render(document, conllu.WriteOptions(), notes)
    return dict(notes.counts)


@given(tokenised(gaps=SPACES))
def test_the_conllu_library_reads_the_same(document: Document) -> None:
    content = conllu._render(document, conllu.WriteOptions(), Notes())
    sentences = [s for s in library.parse(content) if s]
    if sentences:
        assert sentences[0].metadata["newdoc id"] == document.id
    tags, mentions = [], []
    for sentence in sentences:
        text = ""
        for word in sentence:
            misc = word["misc"] or {}
            text += word["form"] + ("" if misc.get("SpaceAfter") == "No" else " ")
            tags.append(misc.get("NER", "O"))
            if tags[-1][0] == "B":
                mentions.append((tags[-1][2:], word["form"]))
            elif tags[-1][0] == "I":
                mentions[-1] = (mentions[-1][0], mentions[-1][1] + word["form"])
        assert sentence.metadata["text"] == text.strip()
    (back,) = there_and_back([document], "conllu")
    assert mentions == [(e.label, "".join(back.surface(e).split())) for e in back.entities]


MISC = st.text("NER=BI-a|_SpacesAfter\\u12", max_size=12) | st.sampled_from(
    ["NER=B-a", "NER=I-a", "NER=E-a", "SpacesAfter=\\ud834", "SpacesBefore=\\s", "NER="]
)
LINES = st.builds(
    row, st.sampled_from(["1", "2", "1-2", "2-1", "1.1", "x"]), st.text("ab ", max_size=2), MISC
)
COMMENTS = st.sampled_from(
    ["# newdoc\n", "# newdoc id = a\n", "# newpar\n", "# text = ab a\n", "#\n", "# k = v\n", "\n"]
)
FILES = st.binary(max_size=80) | st.lists(LINES | COMMENTS).map("".join).map(str.encode)


@given(FILES, st.sampled_from(["error", "conlleval", "discard"]))
def test_any_bytes_give_documents_or_problems(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, repair: bio.TagRepair
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.conllu"
    file.write_bytes(content)
    with contextlib.suppress(DataError):
        list(conllu.read(file, conllu.ReadOptions(repair=repair), Notes()))
