"""Round trips through docs and DocBin files; DocBin files of other tools."""

import subprocess
import sys
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import spacy
import srsly
from conversions import held, same, there_and_back
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin, Span
from strategies import documents as any_documents
from toy import sentence

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import doc_bin, registry
from aloi.corpus.formats.shared import files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import parse_options
from aloi.corpus.formats.shared.spacy_docs import annotate, get_relations, to_document
from aloi.corpus.problems import DataError

NLP = spacy.blank("fr")
TEXT = "Le président russe est à Moscou."
DOCUMENT = Document(
    "d",
    TEXT,
    (
        Entity(id="r", start=3, end=18, label="ROLE", ref="Q1"),
        Entity(id="n", start=13, end=18, label="NORP"),
        Entity(id="m", start=25, end=31, label="LOC"),
    ),
    (Relation(head="r", tail="n", label="REPRESENTS"),),
)


def save_docs(folder: Path, *docs: Doc) -> Path:
    path = folder / "train.spacy"
    DocBin(store_user_data=True, docs=docs).to_disk(path)
    return path


def read(path: Path, *options: str) -> tuple[list[Document], dict[str, int]]:
    notes = Notes()
    found = list(doc_bin.read(path, parse_options(doc_bin.ReadOptions, options), notes))
    return found, dict(notes.counts)


def test_entities_relations_and_ids_round_trip_through_a_doc() -> None:
    doc = annotate(NLP.make_doc(TEXT), DOCUMENT)
    assert [span.text for span in doc.ents] == ["président russe", "Moscou"]  # the outermost
    assert to_document(doc, id_="d") == DOCUMENT


def test_relations_round_trip_through_a_doc_bin() -> None:
    binary = DocBin(store_user_data=True, docs=[annotate(NLP.make_doc(TEXT), DOCUMENT)])
    (doc,) = DocBin().from_bytes(binary.to_bytes()).get_docs(NLP.vocab)
    (relation,) = get_relations(doc)
    assert (relation.head.text, relation.tail.text, relation.label) == (
        "président russe",
        "russe",
        "REPRESENTS",
    )


def test_a_file_that_expands_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MIN_EXPANSION_LIMIT", 1 << 20)
    (tmp_path / "x.spacy").write_bytes(zlib.compress(bytes(2 << 20)))
    with pytest.raises(DataError, match="expands to more than 1 MiB"):
        read(tmp_path / "x.spacy")


def test_the_only_span_group_is_read(tmp_path: Path) -> None:
    doc = NLP.make_doc(TEXT)
    doc.spans["sc"] = [Span(doc, 1, 3, label="ROLE"), Span(doc, 2, 3, label="NORP")]
    (document,), notes = read(save_docs(tmp_path, doc))
    assert [(document.surface(e), e.label) for e in document.entities] == [
        ("président russe", "ROLE"),
        ("russe", "NORP"),
    ]
    assert notes == {"docs whose mentions are in the span group 'sc'": 1}


def test_span_groups_beside_ents(tmp_path: Path) -> None:
    doc = NLP.make_doc(TEXT)
    doc.spans["sc"] = [Span(doc, 1, 3, label="ROLE")]
    doc.spans["other"] = [Span(doc, 2, 3, label="NORP")]
    with pytest.raises(DataError, match=r"several span groups: other, sc.*Set spans="):
        read(save_docs(tmp_path, doc))
    doc.ents = [Span(doc, 5, 6, label="LOC")]
    (document,), notes = read(save_docs(tmp_path, doc))
    assert [document.surface(e) for e in document.entities] == ["Moscou"]
    assert notes == {"span group 'other' left out": 1, "span group 'sc' left out": 1}


def test_unaligned_mentions_are_expanded_to_tokens() -> None:
    document = Document("d", TEXT, (Entity(id="x", start=14, end=17, label="NORP"),))
    assert annotate(NLP.make_doc(TEXT), document).ents[0].text == "russe"


def test_a_mention_of_trailing_space_has_no_token() -> None:
    document = Document("d", "Ana ", (Entity(id="x", start=3, end=4, label="PER"),))
    assert to_document(annotate(NLP.make_doc("Ana "), document), id_="d").entities == ()


@given(any_documents())
def test_any_document_can_be_set_on_a_doc(document: Document) -> None:
    doc = annotate(NLP.make_doc(document.text), document)
    assert to_document(doc, id_="x").text == document.text


def on_tokens(document: Document) -> Document:
    """Return the document with each mention expanded to the tokens it shares a character with."""
    cuts = [(token.idx, token.idx + len(token)) for token in NLP.make_doc(document.text)]
    moved = []
    for entity in document.entities:
        touched = [(s, e) for s, e in cuts if s < entity.end and entity.start < e]
        if touched:
            start, end = touched[0][0], touched[-1][1]
            moved.append(msgspec.structs.replace(entity, start=start, end=end))
    ids = {entity.id for entity in moved}
    relations = tuple(r for r in document.relations if {r.head, r.tail} <= ids)
    return msgspec.structs.replace(document, entities=tuple(moved), relations=relations)


@given(any_documents())
def test_round_trip(document: Document) -> None:
    # Mentions in a DocBin are sequences of tokens, so they are read back expanded to tokens.
    (found,) = there_and_back([document], "spacy", writing=("tokens=expand",))
    assert same(found, held(on_tokens(document), "spacy"))


def test_tokens_are_cut_at_the_edges_of_mentions() -> None:
    entities = (
        Entity(id="a", start=0, end=6, label="NORP"),
        Entity(id="b", start=14, end=19, label="PER"),
        Entity(id="c", start=20, end=21, label="X"),  # one of two spaces
    )
    document = Document("d", "francophones, Trump  va", entities)
    assert there_and_back([document], "spacy") == [document]


UNALIGNED = Document(
    "d",
    "Il va à  Rome",
    (
        Entity(id="a", start=9, end=12, label="LOC"),
        Entity(id="b", start=7, end=8, label="X"),
        Entity(id="c", start=0, end=2, label="PER"),
    ),
    (Relation(head="c", tail="a", label="GOES_TO"), Relation(head="c", tail="b", label="Y")),
)


@pytest.mark.parametrize(
    ("policy", "spans", "counts"),
    [
        # "Rom" is expanded to "Rome". The first space after "à" belongs to no token, so its
        # mention is dropped with the relation to it.
        (
            "expand",
            [(0, 2), (9, 13)],
            {
                "unaligned mentions dropped": 1,
                "mentions expanded to token boundaries": 1,
                "relations dropped because their head or tail was dropped": 1,
            },
        ),
        (
            "drop",
            [(0, 2)],
            {
                "unaligned mentions dropped": 2,
                "relations dropped because their head or tail was dropped": 2,
            },
        ),
    ],
)
def test_unaligned_mentions_follow_the_tokens_option(
    policy: str, spans: list[tuple[int, int]], counts: dict[str, int], tmp_path: Path
) -> None:
    notes, path = Notes(), tmp_path / "x.spacy"
    options = parse_options(doc_bin.WriteOptions, [f"tokens={policy}"])
    doc_bin.write([UNALIGNED], path, options, notes)
    (document,), _ = read(path)
    assert [(entity.start, entity.end) for entity in document.entities] == spans
    assert dict(notes.counts) == counts


def test_every_unaligned_mention_is_reported(tmp_path: Path) -> None:
    options = parse_options(doc_bin.WriteOptions, ["tokens=error"])
    other = msgspec.structs.replace(UNALIGNED, id="e")
    with pytest.raises(DataError) as caught:
        doc_bin.write([UNALIGNED, other], tmp_path / "x.spacy", options, Notes())
    assert [(p.document, p.item) for p in caught.value.problems] == [
        ("d", "b"), ("d", "a"), ("e", "b"), ("e", "a"),
    ]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_docs_of_other_tools_are_numbered(tmp_path: Path) -> None:
    doc = NLP.make_doc(TEXT)
    doc.set_ents([Span(doc, 1, 3, "ROLE"), Span(doc, 5, 6, "LOC", kb_id="Q649")])
    found, notes = read(save_docs(tmp_path, doc, doc))
    assert [document.id for document in found] == ["train-1", "train-2"]
    assert found[0].entities == (
        Entity(id="e1", start=3, end=18, label="ROLE"),
        Entity(id="e2", start=25, end=31, label="LOC", ref="Q649"),
    )
    assert notes == {}


def test_new_mention_ids_skip_existing_ones() -> None:
    doc = NLP.make_doc(TEXT)
    doc.spans["entities"] = [Span(doc, 0, 1, "A"), Span(doc, 1, 2, "B", span_id="e1")]
    assert [entity.id for entity in to_document(doc, id_="d").entities] == ["e2", "e1"]


def test_spans_option_chooses_a_span_group(tmp_path: Path) -> None:
    doc = annotate(NLP.make_doc(TEXT), DOCUMENT)
    doc.spans["sc"] = [Span(doc, 5, 6, "GPE"), Span(doc, 5, 6, "GPE")]
    path = save_docs(tmp_path, doc, NLP.make_doc("Rien."))
    (first, second), notes = read(path, "spans=sc")
    assert first.entities == (Entity(id="e1", start=25, end=31, label="GPE"),)
    assert second.entities == ()
    assert notes == {
        "docs without a span group 'sc'": 1,
        "relations left out (head or tail is not a mention)": 1,
        "duplicate spans left out": 1,
    }
    (first, _), _ = read(path, "spans=ents")
    assert [entity.id for entity in first.entities] == ["r", "m"]
    with pytest.raises(DataError, match="one of: ents, entities, sc"):
        read(path, "spans=SC")


def test_docs_without_known_spaces_are_counted(tmp_path: Path) -> None:
    (document,), notes = read(save_docs(tmp_path, Doc(NLP.vocab, ["l'", "an"])))
    assert (document.text, notes) == ("l' an ", {"texts built by joining words with spaces": 1})


def test_folders_are_read_and_duplicate_ids_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for place in (tmp_path, tmp_path / "sub"):
        save_docs(place, NLP.make_doc(TEXT), annotate(NLP.make_doc(TEXT), DOCUMENT))
    found, _ = read(tmp_path)
    assert [d.id for d in found] == ["sub/train-1", "sub/train-2", "train-1", "train-2"]
    for place in ("a", "b"):
        registry.write([DOCUMENT], str(tmp_path / f"{place}.spacy"), format_="spacy")
    with pytest.raises(DataError, match="duplicate document id"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aloi.id", 7),
        ("aloi.id", ""),
        ("aloi.meta", "[]"),
        ("aloi.meta", "{"),
        ("aloi.relations", 7),
        ("aloi.relations", [[1, 2]]),
        ("aloi.relations", [[[0, 99, "A", "x"], [0, 1, "A", "x"], "R", None]]),
        ("aloi.relations", [[[0, 1, "A", "x"], [0, 1, "A", "x"], "R", "much"]]),
    ],
)
def test_invalid_user_data_is_reported(key: str, value: object, tmp_path: Path) -> None:
    bad, good = NLP.make_doc("Rien."), NLP.make_doc("Bien.")
    bad.user_data[key] = value
    path = save_docs(tmp_path, bad, good)
    found = []
    with pytest.raises(DataError) as caught:
        found += [d.text for d in doc_bin.read(path, doc_bin.ReadOptions(), Notes())]
    assert [problem.file for problem in caught.value.problems] == [str(path)]
    with suppress(DataError):  # reading goes on with the other document
        for document in doc_bin.read(path, doc_bin.ReadOptions(), Notes()):
            found.append(document.text)
    assert found == ["Bien."]


@pytest.mark.parametrize(("text", "label"), [("Ana", "\ud800"), ("An\udfff", "PER")])
def test_lone_surrogates_are_an_error(text: str, label: str, tmp_path: Path) -> None:
    document = Document("d", text, (Entity(id="e", start=0, end=3, label=label),))
    with pytest.raises(DataError, match="lone surrogate"):
        doc_bin.write([document], tmp_path / "x.spacy", doc_bin.WriteOptions(), Notes())
    assert list(tmp_path.iterdir()) == []


def test_unknown_languages_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no tokenizer for 'qq'"):
        doc_bin.write([], tmp_path / "x.spacy", doc_bin.WriteOptions(lang="qq"), Notes())


GOOD = DocBin(store_user_data=True, docs=[annotate(NLP.make_doc(TEXT), DOCUMENT)]).to_bytes()
INNER = zlib.decompress(GOOD)


@given(st.binary(max_size=9), st.integers(0, len(INNER)), st.integers(0, 9), st.booleans())
def test_damaged_bytes_raise_only_data_errors(new: bytes, at: int, width: int, deep: bool) -> None:
    inner = INNER[:at] + new + INNER[at + width :]
    content = zlib.compress(inner) if deep else GOOD[:at] + new + GOOD[at + width :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.spacy"
        path.write_bytes(content)
        with suppress(DataError):
            read(path)


@pytest.mark.slow
def test_spacy_trains_on_a_written_file(tmp_path: Path) -> None:
    path = tmp_path / "train.spacy"
    documents = [sentence(n) for n in range(100)]  # `debug data` calls fewer an error
    registry.write(documents, str(path), format_="spacy")
    paths = ["--paths.train", str(path), "--paths.dev", str(path)]
    for call in (
        ["init", "config", str(tmp_path / "c.cfg"), "--lang", "fr", "--pipeline", "ner"],
        ["debug", "data", str(tmp_path / "c.cfg"), *paths, "--verbose"],
        ["train", str(tmp_path / "c.cfg"), *paths, "--training.max_steps", "3",
         "--output", str(tmp_path / "out")],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "spacy", *call], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        if call[0] == "debug":
            assert "100 training docs" in done.stdout
    meta = srsly.read_json(tmp_path / "out/model-last/meta.json")
    assert meta["labels"]["ner"] == ["LOC", "PER"]
