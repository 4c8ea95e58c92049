"""Drawings are whole SVG files, the same bytes for the same data, and say what is missing."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from aloi.corpus.collection import Corpus
from aloi.corpus.problems import DataError
from aloi.corpus.statistics.plots import plot_lengths, plot_types, plot_unseen, write_plots

NAMES = ["types.svg", "themes.svg", "lengths.svg", "unseen.svg", "distances.svg"]


def test_the_same_corpus_gives_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    one = write_plots(Corpus.open(corpus), tmp_path / "one")
    other = write_plots(Corpus.open(corpus), tmp_path / "other")
    assert [path.name for path in one] == NAMES
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in other]
    for path in one:
        assert ElementTree.parse(path).getroot().tag.endswith("svg")
        assert b"<dc:date>" not in path.read_bytes()


def test_bars_are_as_long_as_the_counts(corpus: Path) -> None:
    # Each of the three splits has one PER and one LOC, and one LIVES_IN, no MEETS.
    mentions, relations = plot_types(Corpus.open(corpus)).axes
    assert [bar.get_width() for bar in mentions.patches] == [1] * 6
    assert sorted(bar.get_width() for bar in relations.patches) == [0, 0, 0, 1, 1, 1]
    assert [text.get_text() for text in mentions.texts] == ["3", "3"]


def test_shares_stand_where_the_table_has_them(corpus: Path) -> None:
    # b says Eva, whom train lacks: of its PER all are unseen, of its LOC none, of both half.
    file = corpus / "gold" / "b.json"
    file.write_text(file.read_text(encoding="utf-8").replace("Ana", "Eva"), encoding="utf-8")
    (axes,) = plot_unseen(Corpus.open(corpus)).axes
    dev = axes.collections[0].get_offsets()
    assert [float(x) for x, _ in dev] == [0.5, 0, 1]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["all", "LOC", "PER"]


def test_an_empty_corpus_can_be_drawn(corpus: Path, tmp_path: Path) -> None:
    for file in (corpus / "gold").iterdir():
        file.unlink()
    assert len(write_plots(Corpus.open(corpus), tmp_path / "plots")) == len(NAMES)
    assert plot_lengths(Corpus.open(corpus)).axes[0].patches[:] == []


def test_without_matplotlib_it_is_said_what_to_install(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aloi.corpus.extras.find_spec", lambda _: None)
    with pytest.raises(DataError, match=r"pip install 'aloi\[plots\]'"):
        write_plots(Corpus.open(corpus), tmp_path / "plots")
    assert not (tmp_path / "plots").exists()
