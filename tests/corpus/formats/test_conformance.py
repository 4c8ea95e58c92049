"""What every registered format must do: protocol, round trip, detection, a row in the docs."""

import re
from pathlib import Path

import pytest
from conversions import held, same, without_tokens

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import registry
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import TOKENS_KEY

ROOT = Path(__file__).parents[3]
SUFFIXES = {
    "brat": "",
    "casjson": "",
    "conll": ".conll",
    "conllu": ".conllu",
    "corefud": ".conllu",
    "hf-tokens": ".parquet",
    "hipe": ".tsv",
    "inline": ".inline",
    "native": ".jsonl",
    "parquet": ".parquet",
    "spacy": ".spacy",
    "webanno": ".tsv",
    "xmi": "",
}
"""The suffix of the files that a format writes, empty for a folder (default: `.json`)."""

TEXT = "Ana Roy quitte Lyon Presse puis Ana rejoint Paris"
DOCUMENT = Document(
    "d1",
    TEXT,
    (
        Entity(id="a", start=0, end=7, label="PER", ref="Q1"),
        Entity(id="b", start=15, end=26, label="ORG", attributes={"kind": "press"}),
        Entity(id="c", start=15, end=19, label="LOC", ref="Q456", score=0.5),
        Entity(id="d", start=32, end=35, label="PER", ref="Q1"),
        Entity(id="e", start=44, end=49, label="LOC"),
    ),
    (
        Relation(head="a", tail="b", label="LEAVES", attributes={"status": "ended"}),
        Relation(head="d", tail="e", label="MOVES_TO", score=0.25),
    ),
    {"title": "Un départ", "year": 2026},
)
"""A document whose mentions are whole words, in nested spans, with every kind of data."""


@pytest.fixture(params=registry.format_names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_protocol(name: str) -> None:
    module = registry.load_format(name)
    assert isinstance(module.CAPABILITIES, Capabilities)
    assert issubclass(module.ReadOptions, Options)
    assert issubclass(module.WriteOptions, Options)
    assert module.__doc__


def test_round_trip_and_detection(name: str, tmp_path: Path) -> None:
    """What the format can represent is read back; the file is detected; nothing else is lost."""
    path = str(tmp_path / f"out{SUFFIXES.get(name, '.json')}")
    written, read = Notes(), Notes()
    assert registry.write([DOCUMENT], path, format_=name, notes=written) == 1
    assert detect_format(Path(path)) == name
    (document,) = registry.read(path, notes=read)
    assert same(without_tokens(document), held(DOCUMENT, name))
    lost = held(DOCUMENT, name) != DOCUMENT
    assert bool(written.counts) == lost
    assert dict(read.counts) == {}


def test_documentation(name: str) -> None:
    """The table of formats in the documentation names the format."""
    table = re.findall(
        r"^\|(.+?)\|", (ROOT / "docs" / "formats.md").read_text(encoding="utf-8"), re.M
    )
    assert f"`{name}`" in " ".join(table)


def test_tokens_of_the_source_are_kept(name: str, tmp_path: Path) -> None:
    """A document that is read and written again has the same tokens, also in another format."""
    if not registry.load_format(name).CAPABILITIES.tokens:
        return
    document = Document("d1", "l'été", (), (), {TOKENS_KEY: "0 5"})  # two tokens by our own rules
    path = str(tmp_path / f"out{SUFFIXES.get(name, '.json')}")
    registry.write([document], path, format_=name)
    (read,) = registry.read(path, format_=name)
    assert (read.text, read.meta[TOKENS_KEY]) == ("l'été", "0 5")
