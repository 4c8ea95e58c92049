"""WebAnno TSV 3: every part of a file, errors with their line, exact round trips."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from conversions import held, same, there_and_back
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import NAMES, documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import webanno
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import parse_options
from aloi.corpus.formats.webanno.reader import parse_tsv
from aloi.corpus.formats.webanno.writer import format_document
from aloi.corpus.problems import DataError

POS = "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS"
NER = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
GOOD = f"""#FORMAT=WebAnno TSV 3.2
#T_SP={POS}|PosValue
#T_SP={NER}|identifier|value
#T_RL=webanno.custom.Fact|kind|sure|BT_{NER}


#Text=😊 Ana Diaz\\tpart
#Text=demain.
1-1\t0-2\t😊\tSYM\t_\t_\t_\t_\t_\t
1-2\t3-6\tAna\tPROPN\t*[1]|*[2]\tPER[1]|GIVEN[2]\t_\t_\t_\t
1-3\t7-11\tDiaz\tPROPN\t*[1]\tPER[1]\t_\t_\t_\t
1-4\t12-16\tpart\tVERB\t_\t_\t_\t_\t_\t
1-5\t17-23\tdemain\tADV\t_\t_\t_\t_\t_\t
1-5.1\t19-23\tmain\t_\thttp://w/1\tBODY\\_PART\tHAS\tno\t1-2[1_0]\t
1-6\t23-24\t.\tPUNCT\t_\t_\t_\t_\t_\t

#Text=Fin
2-1\t26-29\tFin\tNOUN\t*\t*\t*|SEES\t*|*\t1-5.1|1-2[2_0]\t
"""
PARTS = st.from_regex(r"[a-zA-Z][a-zA-Z_]{0,3}", fullmatch=True).filter(
    lambda name: name not in ("value", "identifier")
)
LABELS = NAMES.filter(lambda label: "\r" not in label) | st.text("\\[]|_->;*\t\n1a", max_size=6)


def parse(content: str, *options: str) -> tuple[Document, dict[str, int]]:
    notes = Notes()
    read_options = parse_options(webanno.ReadOptions, options)
    document = parse_tsv("d", content, read_options, notes, file="d.tsv")
    return document, dict(notes.counts)


def render(document: Document, *options: str) -> str:
    return format_document(document, parse_options(webanno.WriteOptions, options))


def test_every_part_of_a_file() -> None:
    document, notes = parse(GOOD)
    # The emoji takes two UTF-16 units but is one character; sentence two begins two units after
    # the end of the first, at 24, so a line end and a space are read between them.
    assert document.text == "😊 Ana Diaz\tpart\ndemain.\n Fin"
    assert [(e.id, e.label, document.surface(e), e.ref) for e in document.entities] == [
        ("e1", "PER", "Ana Diaz", None),
        ("e2", "GIVEN", "Ana", None),
        ("e3", "BODY_PART", "main", "http://w/1"),
        ("e4", "NamedEntity", "Fin", None),
    ]
    # A relation is on the line of the dependent, which names the governor.
    assert document.relations == (
        Relation(head="e1", tail="e3", label="HAS", attributes={"sure": "no"}),
        Relation(head="e2", tail="e4", label="SEES"),
        Relation(head="e3", tail="e4", label="Fact"),
    )
    assert notes == {
        f"layer {POS} left out": 1,
        "gaps between sentences filled with white space": 1,
        "mentions without a label": 1,
        "relations without a label": 1,
    }


def test_tokens_are_kept_and_written_again() -> None:
    """Sub-tokens are no tokens; a white-space token of the writer is no token of the source."""
    document, _ = parse(GOOD)
    assert document.meta == {"tokens": "0 1;2 5;6 10;11 15;16 22;22 23;25 28"}
    assert parse(render(document))[0].meta == document.meta
    hyphen = "#FORMAT=WebAnno TSV 3.3\n\n\n#Text=Jean-Luc n'a\n"
    tokens = "1-1\t0-4\tJean\n1-2\t4-5\t-\n1-3\t5-8\tLuc\n1-4\t9-12\tn'a\n"
    assert render(parse(hyphen + tokens)[0]) == hyphen + tokens


def test_options_choose_the_layer_and_the_label_feature() -> None:
    document, notes = parse(GOOD, "layer=POS")
    assert [e.label for e in document.entities] == [
        "SYM",
        *["PROPN"] * 2,
        "VERB",
        "ADV",
        "PUNCT",
        "NOUN",
    ]
    assert notes["layer webanno.custom.Fact left out"] == 1
    document, _ = parse(GOOD, "feature=identifier", f"layer={NER}")
    assert document.entities[2] == Entity(
        id="e3", start=18, end=22, label="http://w/1", ref=None, attributes={"value": "BODY_PART"}
    )


@pytest.mark.parametrize("option", ["layer=Nothing", "feature=nothing"])
def test_unknown_layer_or_feature_option_is_reported(option: str) -> None:
    with pytest.raises(DataError, match=option.partition("=")[2]):
        parse(GOOD, option)


def test_chains_and_slot_features_are_left_out_and_counted() -> None:
    document, notes = parse(
        "#FORMAT=WebAnno TSV 3.3\n"
        "#T_SP=webanno.custom.Frame|ROLE_webanno.custom.Frame:Roles_webanno.custom.Link|x.Lu\n"
        "#T_CH=x.coref.type.CoreferenceLink|referenceType|referenceRelation\n"
        "\n\n#Sentence.id=s1\n#Text=Ana dort\n"
        "1-1\t0-3\tAna\t_\t_\tpr[1]\t*->1-1\n"
        "1-2\t4-8\tdort\tseller;goods\t1-1;1-2\t_\t_\n"
    )
    assert document.entities == (Entity(id="e1", start=4, end=8, label="Frame"),)
    assert notes == {
        "layer x.coref.type.CoreferenceLink left out": 1,
        "mentions without a label": 1,
        "sentence ids and comments left out": 1,
        "slot features left out": 1,
    }


def test_empty_mentions_are_left_out_with_their_relations() -> None:
    document, notes = parse(GOOD.replace("1-5.1\t19-23\tmain", "1-5.1\t19-19\t"))
    assert [entity.label for entity in document.entities] == ["PER", "GIVEN", "NamedEntity"]
    assert [relation.label for relation in document.relations] == ["SEES"]
    assert notes["empty mentions left out"] == 1


def test_versions_before_3_2_use_java_escapes() -> None:
    text = "\\u00e9\\ud83d\\ude0a\\t"
    for version, expected in (("3.1", "é😊\t"), ("3.2", "\\u00e9\\ud83d\\ude0a\t")):
        document, _ = parse(f"#FORMAT=WebAnno TSV {version}\n\n\n#Text={text}\n")
        assert document.text == expected


def test_windows_line_ends_and_tokens_that_differ_from_the_text() -> None:
    document, notes = parse(
        "#FORMAT=WebAnno TSV 3.3\r\n\r\n\r\n#Text=Ana\r\n1-1\t0-3\tAnna\r\n#Text=dort\r\n"
    )
    assert document.text == "Ana\ndort"
    assert notes == {
        "gaps between sentences filled with white space": 1,
        "tokens that differ from the text": 1,
    }


def test_a_column_without_values_beside_a_stack() -> None:
    # Values with numbers are matched by number: GIVEN has an identifier, PER has none.
    content = GOOD.replace("*[1]|*[2]\tPER[1]|GIVEN[2]", "Q9[2]\tPER[1]|GIVEN[2]")
    document, _ = parse(content.replace("*[1]\tPER[1]", "_\tPER[1]"))
    assert [(e.label, e.ref) for e in document.entities[:2]] == [("PER", None), ("GIVEN", "Q9")]
    # Values without numbers: `_` beside a stack means that no annotation has a value.
    document, _ = parse(GOOD.replace("*|SEES\t*|*", "*|SEES\t_"))
    assert [relation.label for relation in document.relations] == ["HAS", "SEES", "Fact"]


def test_unknown_lines_of_the_header() -> None:
    content = GOOD.replace("\n\n\n", "\n#Summary1=(human1) Ana\n\n\n")
    with pytest.raises(DataError, match="comments=skip"):
        parse(content)
    document, notes = parse(content, "comments=skip")
    assert document == parse(GOOD)[0]
    assert notes["unknown lines of the header left out"] == 1


@pytest.mark.parametrize(
    ("old", "new", "what", "line"),
    [
        ("TSV 3.2", "TSV 2.0", "the first line is not #FORMAT", 1),
        ("#T_RL", "#T_XX", "not a layer declaration", 4),
        ("1-2\t3-6", "1-2\t3:6", "not a token line with 9 columns", 10),
        ("\tVERB\t_\t", "\t", "not a token line with 9 columns", 12),
        ("\t3-6\t", "\t6-6\t", "offsets 6-6", 10),
        ("\t7-11\t", "\t7-99\t", "the text ends at 24", 11),
        ("\t0-2\t", "\t0-1\t", "split a character", 9),
        ("\t26-29\t", "\t23-26\t", "the previous sentence ends at 24", 18),
        ("\t26-29\t", "\t99999-100002\t", "the previous sentence ends at 24", 18),
        ("1-3\t", "1-2\t", "the token address 1-2 occurs twice", 11),
        ("*|SEES", "SEES|X|Y", "different numbers of values", 18),
        ("1-2[1_0]", "1-2[1]", "source of the relation is not a token address", 14),
        ("1-2[1_0]", "1-2[9_0]", r"expected one mention at 1-2\[9\], found 0", 14),
        ("1-2[1_0]", "1-4", r"expected one mention at 1-4\[0\], found 0", 14),
    ],
)
def test_errors_name_the_line(old: str, new: str, what: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(DataError, match=what) as caught:
        parse(GOOD.replace(old, new))
    assert caught.value.problems[0].line == line


def test_written_file() -> None:
    document = Document(
        "d",
        "Ana dort. Lima rêve",
        (
            Entity(id="e1", start=0, end=8, label="A_B", ref="Q1"),
            Entity(id="e2", start=4, end=8, label="X|Y", ref=None, attributes={"sure": "a->b"}),
            Entity(id="e3", start=17, end=19, label="PART"),
            Entity(id="e4", start=10, end=14, label="LOC"),
            Entity(id="e5", start=14, end=16, label="R"),
        ),
        (
            Relation(head="e1", tail="e3", label="LIKES", id=None, attributes={"mood": "*"}),
            Relation(head="e3", tail="e4", label="IN"),
        ),
    )
    # e1 has two tokens and e2 shares one of them: both are numbered. e5 begins with the space,
    # so the space is a token. e3 and e5 cover parts of the last word: they are on sub-tokens.
    assert render(document, "layer=my.Mention") == (
        "#FORMAT=WebAnno TSV 3.3\n"
        "#T_SP=my.Mention|identifier|value|sure\n"
        "#T_RL=webanno.custom.Relation|value|mood|BT_my.Mention\n"
        "\n"
        "\n"
        "#Text=Ana dort. \n"
        "1-1\t0-3\tAna\tQ1[1]\tA\\_B[1]\t*[1]\t_\t_\t_\n"
        "1-2\t4-8\tdort\tQ1[1]|*[2]\tA\\_B[1]|X\\|Y[2]\t*[1]|a\\->b[2]\t_\t_\t_\n"
        "1-3\t8-9\t.\t_\t_\t_\t_\t_\t_\n"
        "\n"
        "#Text=Lima rêve\n"
        "2-1\t10-14\tLima\t*\tLOC\t*\tIN\t*\t2-3.2\n"
        "2-2\t14-15\t \t*[3]\tR[3]\t*[3]\t_\t_\t_\n"
        "2-3\t15-19\trêve\t_\t_\t_\t_\t_\t_\n"
        "2-3.1\t15-16\tr\t*[3]\tR[3]\t*[3]\t_\t_\t_\n"
        "2-3.2\t17-19\tve\t*\tPART\t*\tLIKES\t\\*\t1-1[1_0]\n"
    )


def test_unused_layers_are_not_declared() -> None:
    assert render(Document("d", "Ana", ())) == (
        "#FORMAT=WebAnno TSV 3.3\n\n\n#Text=Ana\n1-1\t0-3\tAna\n"
    )
    assert "\n#T_SP=webanno.custom.Mention|value\n\n" in (
        render(Document("d", "Ana", (Entity(id="e1", start=0, end=3, label="PER"),)))
    )


def test_every_unwritable_name_and_value_is_reported(tmp_path: Path) -> None:
    document = Document(
        "d" * 201,
        "Ana",
        (
            Entity(id="e1", start=0, end=1, label="a\rb", ref="Q\r1"),
            Entity(
                id="e2",
                start=0,
                end=1,
                label="X",
                ref=None,
                attributes={"two words": "", "x": "\r", "value": "", "BT_x": ""},
            ),
        ),
    )
    with pytest.raises(DataError) as caught:
        webanno.write([document], tmp_path / "out", webanno.WriteOptions(), Notes())
    kinds = [problem.kind for problem in caught.value.problems]
    assert sorted(kinds) == ["bad-attribute"] * 4 + ["bad-id", "bad-label", "bad-ref"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("layer", ["", "a b", "a|b", "1a", "a\n", "a..b"])
def test_layer_name_option_is_validated(layer: str) -> None:
    with pytest.raises(ValueError, match="layer"):
        parse_options(webanno.WriteOptions, [f"layer={layer}"])


def test_reading_a_folder_continues_after_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.tsv").write_bytes(b"\xff")
    (tmp_path / "b.tsv").write_text("x\ty\n")
    (tmp_path / "sub" / "c.admin.tsv").write_text("\ufeff" + GOOD)
    found = []
    with pytest.raises(DataError) as caught:
        found += (d.id for d in webanno.read(tmp_path, webanno.ReadOptions(), Notes()))
    assert [problem.kind for problem in caught.value.problems] == ["not-utf8", "bad-webanno"]
    assert found == ["sub/c.admin"]
    assert detect_format(tmp_path / "sub") == "webanno"
    assert detect_format(tmp_path / "sub" / "c.admin.tsv") == "webanno"
    assert detect_format(tmp_path / "b.tsv") == "conll"


@pytest.mark.parametrize(
    "text", ["", " ", "\n\tAna", "Ana \n\n ", "A.\r\nB.  C", "\u2028x\x0b\x85\f"]
)
def test_white_space_is_preserved(text: str) -> None:
    (read,) = there_and_back([Document("d", text, ())], "webanno")
    assert read.text == text


def test_ten_or_more_mentions_of_one_span_keep_their_order() -> None:
    entities = tuple(
        Entity(id=f"e{n}", start=0, end=3, label="PER", ref=f"Q{n}") for n in range(1, 13)
    )
    document = Document("d", "Ana", entities)
    (read,) = there_and_back([document], "webanno")
    assert same(read, held(document, "webanno"))


@settings(deadline=None)
@given(
    documents(
        labels=LABELS,
        ids=st.sampled_from(["d", "sub/é.1", "../a b: 50%"]),
        attributes=st.dictionaries(PARTS, LABELS, max_size=2),
        refs=st.none() | LABELS,
    )
)
def test_round_trip(document: Document) -> None:
    (read,) = there_and_back([document], "webanno")
    assert same(read, held(document, "webanno"))


@settings(deadline=None)
@given(st.binary(max_size=40), st.integers(0, len(GOOD.encode())), st.integers(0, 9))
def test_damaged_bytes_raise_only_data_errors(new: bytes, at: int, width: int) -> None:
    folder = Path(tempfile.mkdtemp())
    good = GOOD.encode()
    (folder / "d.tsv").write_bytes(good[:at] + new + good[at + width :])
    with suppress(DataError):
        list(webanno.read(folder, webanno.ReadOptions(), Notes()))
    shutil.rmtree(folder)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(GOOD.split("\n")), st.text("0123456789-.[]|_*;\\\t>#", max_size=4)
        ),
        max_size=12,
    )
)
def test_damaged_lines_raise_only_data_errors(lines: list[tuple[str, str]]) -> None:
    body = "".join(f"{line[: len(line) - len(more)]}{more}\n" for line, more in lines)
    with suppress(DataError):
        parse("\n".join(GOOD.split("\n")[:7]) + "\n" + body)
