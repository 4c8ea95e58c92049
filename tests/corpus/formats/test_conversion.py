"""Conversion: labels are mapped, losses are reported, and nothing is written after an error."""

from pathlib import Path

import pytest

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
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
