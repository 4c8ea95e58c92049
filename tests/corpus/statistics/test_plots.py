"""Plots are valid SVG files with the same bytes for the same data."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from aloi.corpus.corpus_folder import Corpus
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


def test_the_length_of_bars_is_the_count(corpus: Path) -> None:
    # Each of the three splits has one PER, one LOC, one LIVES_IN and no MEETS.
    mentions, relations = plot_types(Corpus.open(corpus)).axes
    assert [bar.get_width() for bar in mentions.patches] == [1] * 6
    assert sorted(bar.get_width() for bar in relations.patches) == [0, 0, 0, 1, 1, 1]
    assert [text.get_text() for text in mentions.texts] == ["3", "3"]


def test_unseen_shares_are_plotted_by_label(corpus: Path) -> None:
    # b mentions Eva, who is not in train: all PER are unseen, no LOC, and half of all mentions.
    file = corpus / "gold" / "b.json"
    file.write_text(file.read_text(encoding="utf-8").replace("Ana", "Eva"), encoding="utf-8")
    (axes,) = plot_unseen(Corpus.open(corpus)).axes
    dev = axes.collections[0].get_offsets()
    assert [float(x) for x, _ in dev] == [0.5, 0, 1]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["all", "LOC", "PER"]


def test_plots_of_an_empty_corpus(corpus: Path, tmp_path: Path) -> None:
    for file in (corpus / "gold").iterdir():
        file.unlink()
    assert len(write_plots(Corpus.open(corpus), tmp_path / "plots")) == len(NAMES)
    assert plot_lengths(Corpus.open(corpus)).axes[0].patches[:] == []


def test_without_matplotlib_the_error_has_the_install_command(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aloi.corpus.optional_dependencies.find_spec", lambda _: None)
    with pytest.raises(DataError, match=r"pip install 'aloi\[plots\]'"):
        write_plots(Corpus.open(corpus), tmp_path / "plots")
    assert not (tmp_path / "plots").exists()
