"""Drawings of a corpus's statistics, as SVG whose bytes depend on the data alone.

Splits have the same colour everywhere; letters are drawn as paths, so that every viewer shows the
same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from aloi.corpus.collection import Corpus
from aloi.corpus.extras import need
from aloi.corpus.files import whole_folder
from aloi.corpus.statistics.counts import distance_table, document_table, mention_table, summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#4477aa", "#ddaa33", "#bb5566", "#228833", "#66ccee", "#aa3377")
"""For the splits in their order; they stay apart for the colour-blind (after Paul Tol)."""

GREY = "#666666"
BIN = 50
"""Words to a bar in the drawing of lengths."""


def draw(corpus: Corpus, folder: Path) -> list[Path]:
    """Write the drawings to a folder, all or none; returns their paths.

    Raises `DataError` if matplotlib is not installed.
    """
    need("matplotlib", extra="plots")
    drawings: dict[str, Callable[[Corpus], Figure]] = {
        "types": types,
        "themes": themes,
        "lengths": lengths,
        "unseen": unseen,
        "distances": distances,
    }
    with whole_folder(folder) as scratch, style():
        for name, drawing in drawings.items():
            save(drawing(corpus), scratch / f"{name}.svg")
    return [folder / f"{name}.svg" for name in drawings]


def save(drawn: Figure, path: Path) -> None:
    """Write a figure as SVG without the day and the program that drew it; within `style`."""
    drawn.savefig(path, metadata={"Date": None, "Creator": None})


@contextmanager
def style() -> Iterator[None]:
    """How drawings look; the salt makes the names inside the SVG the same every time."""
    from matplotlib import rc_context  # noqa: PLC0415 - an extra

    with rc_context(
        {
            "svg.hashsalt": "aloi",
            "svg.fonttype": "path",
            "font.size": 9,
            "axes.titlesize": 10,
            "axes.titlelocation": "left",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "legend.frameon": False,
        }
    ):
        yield


def types(corpus: Corpus) -> Figure:
    """How many mentions and relations of each type, by split."""
    rows = mention_table(corpus), distance_table(corpus)
    orders = list(corpus.schema.entities), list(corpus.schema.relations)
    figure = empty_figure(8, _height(max(map(len, orders))))
    for axes, table, order, title in zip(
        figure.subplots(1, 2), rows, orders, ("Mentions", "Relations"), strict=True
    ):
        counts = pd.crosstab(table["label"], table["split"])
        _stacked(axes, counts.reindex(index=order, fill_value=0), list(corpus.splits))
        axes.set_title(title)
    _legend(figure)
    return figure


def themes(corpus: Corpus) -> Figure:
    """How many documents of each theme, by split, the commonest first."""
    table = document_table(corpus)
    counts = pd.crosstab(table["theme"].replace("", "none"), table["split"])
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    figure = empty_figure(6, _height(len(order)))
    axes = figure.subplots()
    _stacked(axes, counts.loc[order], list(corpus.splits))
    axes.set_title("Documents by theme")
    _legend(figure)
    return figure


def lengths(corpus: Corpus) -> Figure:
    """How many documents of each length, by split."""
    table = document_table(corpus)
    splits = list(corpus.splits)
    figure = empty_figure(6, 3)
    axes = figure.subplots()
    axes.set(title="Documents by length", xlabel=f"words (bars of {BIN})", ylabel="documents")
    if len(table):
        axes.set_title(f"Documents by length (median {table['words'].median():g} words)")
        edges = list(range(0, int(table["words"].max()) + BIN + 1, BIN))
        words = [table.loc[table["split"] == split, "words"].tolist() for split in splits]
        axes.hist(words, edges, stacked=True, color=_colours(splits), label=splits, rwidth=0.9)
        _legend(figure)
    return figure


def unseen(corpus: Corpus) -> Figure:
    """The share of each type's mentions whose surface train does not have, by split."""
    entities = summary(corpus)["entities"].iloc[::-1]
    colours = dict(zip(corpus.splits, _colours(list(corpus.splits)), strict=True))
    shown = [split for split in corpus.splits if f"unseen in {split}" in entities]
    figure = empty_figure(6, _height(len(entities)))
    axes = figure.subplots()
    for number, split in enumerate(shown):
        aside = 0.2 * ((len(shown) - 1) / 2 - number)  # so that equal shares are both seen
        places = [place + aside for place in range(len(entities))]
        axes.scatter(entities[f"unseen in {split}"], places, color=colours[split], label=split)
    axes.set_yticks(range(len(entities)), entities.index)
    axes.set(title="Mentions whose surface train does not have", xlabel="share", xlim=(-0.02, 1.02))
    axes.grid(color="#dddddd")
    if shown:
        _legend(figure)
    return figure


def distances(corpus: Corpus) -> Figure:
    """Words between the mentions of each relation type: median, middle half, nine in ten.

    At the right the share of relations across sentences.
    """
    table = distance_table(corpus)
    labels = [label for label in corpus.schema.relations if label in set(table["label"])][::-1]
    figure = empty_figure(7, _height(len(labels)))
    axes = figure.subplots()
    for place, label in enumerate(labels):
        rows = table[table["label"] == label]
        low, lower, median, upper, high = rows["words"].quantile([0.1, 0.25, 0.5, 0.75, 0.9])
        axes.hlines(place, low, high, color=COLOURS[0], linewidth=1)
        axes.hlines(place, lower, upper, color=COLOURS[0], linewidth=6, alpha=0.5)
        axes.plot(median, place, "o", color=COLOURS[0])
        share = f"{rows['across'].mean():.0%}"
        axes.annotate(share, (1.02, place), xycoords=("axes fraction", "data"), va="center")
    axes.annotate(
        "across\nsentences", (1.02, len(labels) - 0.4), xycoords=("axes fraction", "data")
    )
    axes.set_yticks(range(len(labels)), labels)
    axes.set(title="Between the mentions of a relation", xlim=(-0.5, None))
    axes.set_ylim(-0.6, max(len(labels), 1) - 0.4)
    axes.set_xlabel("words (dot: median, thick: middle half, thin: first to ninth decile)")
    axes.grid(axis="x", color="#dddddd")
    return figure


def empty_figure(width: float, height: float) -> Figure:
    """A figure in inches, outside pyplot's list of open ones."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    return Figure((width, height), layout="constrained")


def _height(rows: int) -> float:
    return 1.2 + 0.25 * rows


def _colours(splits: list[str]) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(len(splits))]


def _stacked(axes: Axes, counts: pd.DataFrame, splits: list[str]) -> None:
    """Bars from left to right, a row a line from the top, a colour a split, the sum at the end."""
    counts = counts.reindex(columns=splits, fill_value=0).iloc[::-1]
    left = pd.Series(0, index=counts.index)
    for split, colour in zip(splits, _colours(splits), strict=True):
        bars = axes.barh(counts.index, counts[split], left=left, color=colour, label=split)
        left += counts[split]
    axes.bar_label(bars, labels=[str(total) for total in left], padding=3, color=GREY)
    axes.margins(x=0.12)


def _legend(figure: Figure) -> None:
    """The splits' colours, below what is drawn."""
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(COLOURS)
    )
