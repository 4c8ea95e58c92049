"""conll: reading and writing of token and tag columns, compared with seqscore and seqeval."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from conversions import held, there_and_back
from hypothesis import assume, given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqscore.conll import CoNLLIngester, LineSpec
from seqscore.encoding import get_encoding
from strategies import documents
from tokenised import tokenised

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import conll, registry
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

LYON = Document(
    "d",
    "Ana Roy vit à Lyon.",
    (Entity(id="e1", start=0, end=7, label="PER"), Entity(id="e2", start=14, end=18, label="LOC")),
)


def read(
    tmp_path: Path, content: str, notes: Notes | None = None, **options: Any
) -> list[Document]:
    file = tmp_path / "f.conll"
    file.write_text(content)
    return list(conll.read(file, conll.ReadOptions(**options), notes or Notes()))


def surfaces_and_labels(documents: list[Document]) -> list[tuple[str, str]]:
    return [(d.surface(e), e.label) for d in documents for e in d.entities]


def test_a_written_file(tmp_path: Path) -> None:
    path = tmp_path / "f.conll"
    conll.write([LYON], path, conll.WriteOptions(), Notes())
    assert path.read_text() == (
        "-DOCSTART-\tid=d\tO\n\n"
        "Ana\tB-PER\nRoy\tI-PER\nvit\tO\nà\tO\nLyon\tB-LOC\n.\tO\n\n"
    )  # fmt: skip


def test_only_inside_tags_are_iob1(tmp_path: Path) -> None:
    content = "Ana I-PER\nRoy I-PER\nà O\nLyon I-LOC\n"
    assert surfaces_and_labels(read(tmp_path, content)) == [("Ana Roy", "PER"), ("Lyon", "LOC")]


def test_column_options(tmp_path: Path) -> None:
    content = "1\tAna\tNP\tB-PER\tx\n2\tvit\tV\tO\tx\n"
    assert surfaces_and_labels(read(tmp_path, content, token=1, tag=-2)) == [("Ana", "PER")]


def test_an_invalid_tag_is_reported_with_its_line_or_repaired(tmp_path: Path) -> None:
    content = "Ana B-PER\nvit O\nà O\nLyon I-LOC\n"
    with pytest.raises(DataError) as error:
        read(tmp_path, content)
    assert [problem.line for problem in error.value.problems] == [4]
    notes = Notes()
    assert surfaces_and_labels(read(tmp_path, content, notes, repair="conlleval"))[1:] == [
        ("Lyon", "LOC")
    ]
    assert surfaces_and_labels(read(tmp_path, content, repair="discard")) == [("Ana", "PER")]
    assert list(notes) == [
        f"tags repaired (conlleval): 1 (first in {tmp_path / 'f.conll'}:4)"
    ]  # fmt: skip


def test_all_problems_are_reported_and_other_documents_are_read(tmp_path: Path) -> None:
    (tmp_path / "f.conll").write_bytes(
        b"# id = one\nAna O\n\n# id = two\nAna\n\xe9 O\nRoy X-PER\n\n# id = three\nRoy O\n"
        b"\n# id = one\nRoy O\n"
    )
    reading = conll.read(tmp_path / "f.conll", conll.ReadOptions(), Notes())
    ids = []
    with pytest.raises(DataError) as error:
        ids.extend(document.id for document in reading)
    assert ids == ["one", "three"]
    assert [(p.kind, p.line) for p in error.value.problems] == [
        ("bad-conll", 5),
        ("not-utf8", 6),
        ("bad-tag", 7),
        ("document-id-twice", 12),
    ]


def test_document_boundaries_and_ids(tmp_path: Path) -> None:
    content = (
        "-DOCSTART- O\n\nAna O\n\n"
        "-DOCSTART-\tid=a%2Fb\tO\n\nAna\tO\n\n"
        "-DOCSTART- O\n# id = c\n\nAna O\n"
        "# newdoc id = d\nAna O\n# split = dev\n# O\n"
    )
    notes = Notes()
    documents = read(tmp_path, content, notes)
    assert [(d.id, d.text) for d in documents] == [
        ("f-1", "Ana"),
        ("a/b", "Ana"),
        ("c", "Ana"),
        ("d", "Ana #"),  # a token may be `#`; only `# key = value` is a comment
    ]
    assert notes.counts == {"comments left out": 1}


def test_two_ids_without_tokens_are_two_documents(tmp_path: Path) -> None:
    documents = read(tmp_path, "\ufeff# id = a\n# id = b\n\nAna O\n")
    assert [(d.id, d.text) for d in documents] == [("a", ""), ("b", "Ana")]


def test_empty_files_and_empty_documents(tmp_path: Path) -> None:
    assert read(tmp_path, "") == []
    assert read(tmp_path, "\n\n") == []
    assert read(tmp_path, "-DOCSTART- O\n") == [Document("f-1", "", ())]


def test_a_folder_is_detected_and_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.bio").write_text("Ana B-PER\n")
    (tmp_path / "b.conll").write_text("Roy B-PER\n")
    assert detect_format(tmp_path) == "conll"
    assert [d.id for d in registry.read(str(tmp_path))] == ["b", "in/a"]


def test_texts_that_cannot_be_rebuilt_are_counted(tmp_path: Path) -> None:
    notes = Notes()
    for text in ("Ana  vit", "Ana\n\nvit", "Ana vit ", "vit ,"):
        conll.write([Document("d", text, ())], tmp_path / "o", conll.WriteOptions(), notes)
    assert notes.counts == {"texts with changed white space": 4}
    document = Document("d", "Ana  vit", ())
    with pytest.raises(DataError):
        registry.write([document], str(tmp_path / "p"), format_="conll", strict=True)
    assert not (tmp_path / "p").exists()


def test_labels_with_white_space_are_refused(tmp_path: Path) -> None:
    entities = (
        Entity(id="e1", start=0, end=3, label="a b"),
        Entity(id="e2", start=4, end=7, label="\u2028"),
        Entity(id="e3", start=8, end=9, label=""),
    )
    with pytest.raises(DataError) as error:
        conll.write(
            [Document("d", "Ana vit à", entities)], tmp_path / "o", conll.WriteOptions(), Notes()
        )
    assert [problem.kind for problem in error.value.problems] == ["bad-label"] * 3
    assert list(tmp_path.iterdir()) == []


def test_a_lone_surrogate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        conll.write([Document("d", "\ud800", ())], tmp_path / "o", conll.WriteOptions(), Notes())
    assert [problem.kind for problem in error.value.problems] == ["lone-surrogate"]


@pytest.mark.parametrize(
    ("policy", "surfaces"),
    [("cut", ["Franco"]), ("expand", ["Francophones"]), ("drop", [])],
)
def test_mentions_not_aligned_with_tokens(tmp_path: Path, policy: str, surfaces: list[str]) -> None:
    document = Document("d", "Francophones", (Entity(id="e1", start=0, end=6, label="NORP"),))
    conll.write([document], tmp_path / "f.conll", conll.WriteOptions(tokens=policy), Notes())
    assert [
        s for s, _ in surfaces_and_labels(list(registry.read(str(tmp_path / "f.conll"))))
    ] == surfaces


def test_the_first_of_two_mentions_on_one_token_is_kept(tmp_path: Path) -> None:
    entities = (
        Entity(id="e1", start=0, end=6, label="NORP"),
        Entity(id="e2", start=6, end=12, label="NOUN"),
    )
    notes = Notes()
    document = Document("d", "Francophones", entities)
    conll.write([document], tmp_path / "f.conll", conll.WriteOptions(tokens="expand"), notes)
    assert surfaces_and_labels(list(registry.read(str(tmp_path / "f.conll")))) == [
        ("Francophones", "NORP")
    ]
    assert notes.counts == {
        "mentions expanded to token boundaries": 2,
        "mentions dropped because they overlap an earlier mention": 1,
    }


@pytest.mark.parametrize(
    ("keep", "surfaces"), [("outermost", ["guerre en Ukraine"]), ("innermost", ["Ukraine"])]
)
def test_which_of_nested_mentions_to_keep(tmp_path: Path, keep: str, surfaces: list[str]) -> None:
    entities = (
        Entity(id="e1", start=0, end=17, label="EVENT"),
        Entity(id="e2", start=10, end=17, label="LOC"),
    )
    file, notes = str(tmp_path / "f.conll"), Notes()
    options = conll.WriteOptions(keep=keep)
    documents = [Document("d", "guerre en Ukraine", entities)]
    registry.write(documents, file, format_="conll", options=options, notes=notes)
    assert [s for s, _ in surfaces_and_labels(list(registry.read(file)))] == surfaces
    assert notes.counts == {"mentions dropped": 1}


def test_english_text_has_no_no_break_space(tmp_path: Path) -> None:
    content = "Who O\n? O\nApple B-ORG\n's O\n"
    assert read(tmp_path, content)[0].text == "Who? Apple 's"
    assert read(tmp_path, content, lang="fr")[0].text == "Who\u00a0? Apple 's"


def test_comments_and_tabs_by_option(tmp_path: Path) -> None:
    content = "# The first sentence\nAna\tB-PER\t\nvit\tO\t \n# id = d\n#Rome\tB-LOC\n"
    with pytest.raises(DataError, match=r"f.conll:2: .*comments=all or tabs=strip"):
        read(tmp_path, content)
    notes = Notes()
    first, second = read(tmp_path, content, notes, comments="all", tabs="strip")
    assert surfaces_and_labels([first]) == [("Ana", "PER")]
    assert (second.id, second.text) == ("d", "")
    assert notes.counts == {"comments left out": 2}


def test_policy_error_reports_each_document(tmp_path: Path) -> None:
    documents = [
        Document(id_, "Francophones", (Entity(id="e1", start=0, end=6, label="NORP"),))
        for id_ in "ab"
    ]
    with pytest.raises(DataError) as error:
        conll.write(documents, tmp_path / "f.conll", conll.WriteOptions(tokens="error"), Notes())
    assert [problem.document for problem in error.value.problems] == ["a", "b"]


# Only words are stored: a text is restored if `detokenize` rebuilds it, else a note is counted.
@pytest.mark.parametrize("scheme", ["iob1", "iob2", "bilou"])
@given(document=tokenised())
def test_round_trip(scheme: str, document: Document) -> None:
    assume(notes_of(document) == {})
    (back,) = there_and_back([document], "conll", writing=(f"scheme={scheme}",))
    # A document without a tag that decides the scheme reads the same in all three.
    assert back == held(document, "conll")


@given(documents(labels=st.sampled_from(("PER", "é.x"))))
def test_documents_without_notes_are_restored(document: Document) -> None:
    document = held(document, "conll")
    if notes_of(document) == {}:
        assert there_and_back([document], "conll") == [document]


def notes_of(document: Document) -> dict[str, int]:
    notes = Notes()
    conll._render(document, conll.WriteOptions(), notes)
    return dict(notes.counts)


SEQSCORE = {"iob1": "IOB", "iob2": "BIO", "bilou": "BILOU"}


@pytest.mark.parametrize("scheme", SEQSCORE)
@given(document=tokenised())
def test_seqscore_and_seqeval_read_the_same_mentions(
    tmp_path_factory: pytest.TempPathFactory, scheme: bio.TagScheme, document: Document
) -> None:
    file = tmp_path_factory.mktemp("peers") / "f.conll"
    notes = Notes()
    conll.write([document], file, conll.WriteOptions(scheme=scheme), notes)
    expected = [(e.label, document.surface(e)) for e in document.entities]
    assume(notes.counts == {})
    with file.open(encoding="utf-8") as stream:
        reader = CoNLLIngester(get_encoding(SEQSCORE[scheme]), LineSpec(0, -1))
        parts = [s for part in reader.ingest(stream, "f", None) for s in part]
    compact = [(label, "".join(surface.split())) for label, surface in expected]
    assert [
        (m.type, "".join(s.tokens[m.span.start : m.span.end])) for s in parts for m in s.mentions
    ] == compact
    letters = str.maketrans("LU", "ES")  # the letters of IOBES, which seqeval supports
    tagged = [(s.tokens, [t[0].translate(letters) + t[1:] for t in s.labels]) for s in parts]
    read_by_seqeval = [
        (x, "".join(w[i : j + 1])) for w, tags in tagged for x, i, j in get_entities(tags)
    ]
    assert read_by_seqeval == compact


LINES = st.lists(
    st.sampled_from(
        [
            "-DOCSTART-",
            "-DOCSTART- id=%ff O",
            "# id = a",
            "# x = y",
            "Ana\tB-PER",
            "Ana I-PER",
            "",
            "x",
        ]
    )
)
FILES = (
    st.binary(max_size=80)
    | st.text("ABILU-O# =\t\n\r\u2028", max_size=60).map(str.encode)
    | LINES.map("\n".join).map(str.encode)
)


@given(FILES, st.sampled_from(["error", "conlleval", "discard"]), st.integers(-2, 2))
def test_any_bytes_give_documents_or_problems(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, repair: bio.TagRepair, column: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.conll"
    file.write_bytes(content)
    with contextlib.suppress(DataError):
        list(conll.read(file, conll.ReadOptions(token=column, repair=repair), Notes()))
