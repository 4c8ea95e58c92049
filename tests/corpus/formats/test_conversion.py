"""Conversion: labels are mapped, losses are reported, and nothing is written after an error."""

from pathlib import Path

import msgspec
import pytest

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import registry
from aloi.corpus.formats.conversion import ConversionSettings, FormatOptionError, convert
from aloi.corpus.label_maps import LabelMap
from aloi.corpus.problems import DataError
from aloi.corpus.schema import EntityType, Schema

ANA = Document(
    "d",
    "Ana vit à Rome",
    (
        Entity(id="a", start=0, end=3, label="PER", ref="Q1"),
        Entity(id="r", start=10, end=14, label="LOC"),
    ),
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    document_files.write([ANA], tmp_path / "in.jsonl")
    return tmp_path / "in.jsonl"


def test_losses_and_dropped_labels_are_in_the_result(source: Path, tmp_path: Path) -> None:
    label_map = LabelMap(rename={"PER": "Person"}, drop={"LOC": "not needed"})
    target = tmp_path / "out.conll"
    settings = ConversionSettings("conll", label_map=label_map)
    result = convert(str(source), str(target), settings)
    assert (result.documents, result.source_format) == (1, "native")
    assert result.read_notes == ()
    assert any(note.startswith("refs ") for note in result.write_notes)
    assert result.dropped == {"LOC": 1}
    assert "B-Person" in target.read_text(encoding="utf-8")


def test_a_language_is_added_where_none_is_stated(source: Path, tmp_path: Path) -> None:
    spanish = msgspec.structs.replace(ANA, id="s", meta={"lang": "es"})
    document_files.write([ANA, spanish], source)
    convert(str(source), str(tmp_path / "out.jsonl"), ConversionSettings("native", lang="en"))
    langs = [each.meta["lang"] for each in document_files.read(tmp_path / "out.jsonl")]
    assert langs == ["en", "es"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (ConversionSettings("conll", strict=True), "lossy"),
        (ConversionSettings("native", schema=Schema("s", "1", {"PER": EntityType()})), "LOC"),
    ],
)
def test_nothing_is_written_after_an_error(
    source: Path, tmp_path: Path, settings: ConversionSettings, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        convert(str(source), str(tmp_path / "out.jsonl"), settings)
    assert [file.name for file in tmp_path.iterdir()] == ["in.jsonl"]


def test_labels_in_the_map_that_match_nothing_are_in_the_result(
    source: Path, tmp_path: Path
) -> None:
    label_map = LabelMap(rename={"PERSON": "PER", "LOC": "PLACE"}, drop={"MISC": "not needed"})
    settings = ConversionSettings("native", label_map=label_map)
    result = convert(str(source), str(tmp_path / "out.jsonl"), settings)
    assert result.unused_labels == ("MISC", "PERSON")


def test_relation_ids_that_are_dropped_are_counted(tmp_path: Path) -> None:
    relation = Relation(head="a", tail="r", label="IN", id="r1")
    source = tmp_path / "in.jsonl"
    document_files.write([msgspec.structs.replace(ANA, relations=(relation,))], source)
    result = convert(str(source), str(tmp_path / "out.json"), ConversionSettings("spert"))
    assert "relation ids dropped: 1 (first in document d)" in result.write_notes


def test_reading_losses_are_errors_with_strict(tmp_path: Path) -> None:
    source = tmp_path / "in.conllu"
    source.write_text("# x = y\n1\tAna\tAna\t_\t_\t_\t_\t_\t_\tNER=B-PER\n")
    with pytest.raises(DataError, match=r"analyses of words left out: 1 .*--reading"):
        convert(str(source), str(tmp_path / "o.jsonl"), ConversionSettings("native", strict=True))
    assert [file.name for file in tmp_path.iterdir()] == ["in.conllu"]


def test_files_that_were_in_the_output_folder_are_counted(source: Path, tmp_path: Path) -> None:
    """They may be other documents of the same corpus, so the message must not ask to delete all."""
    target = tmp_path / "out"
    target.mkdir()
    for name in ("old.json", "d.json", "notes.md"):
        (target / name).write_text("{}")
    (note,) = convert(str(source), str(target), ConversionSettings("native")).write_notes
    assert note.startswith("files that were in OUT before are kept (delete only those")
    assert note.endswith(f": 1 (first in {target / 'old.json'})")


def test_files_of_other_formats_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.ann", "a.txt", "b.conll"):
        (folder / name).write_text("")
    settings = ConversionSettings("native", "brat")
    (note,) = convert(str(folder), str(tmp_path / "o.jsonl"), settings).read_notes
    assert note == f"files of other formats left out: 1 (first in {folder / 'b.conll'})"


@pytest.mark.parametrize("format_", [*registry.FORMAT_MODULES])
def test_an_empty_folder_is_an_error_in_every_format(format_: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    settings = ConversionSettings("native", format_)
    with pytest.raises(DataError, match="the folder contains no"):
        convert(str(tmp_path / "empty"), str(tmp_path / "out.jsonl"), settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (ConversionSettings("nonsense"), "unknown format nonsense"),
        (ConversionSettings("native", write_options=("x=1",)), "native: .*`x`"),
        (ConversionSettings("native", "conll", ("x=1",)), "conll: .*`x`"),
    ],
)
def test_a_wrong_format_or_option_is_an_error_before_reading(
    settings: ConversionSettings, message: str
) -> None:
    with pytest.raises(FormatOptionError, match=message):
        convert("/nowhere", "/nowhere/else", settings)


def test_documents_pass_through_the_progress_function(source: Path, tmp_path: Path) -> None:
    texts = []
    settings = ConversionSettings("native")
    convert(
        str(source),
        str(tmp_path / "out.jsonl"),
        settings,
        progress=lambda documents: (texts.append(each.text) or each for each in documents),
    )
    assert texts == [ANA.text]
