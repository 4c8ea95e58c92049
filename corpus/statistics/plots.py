"""Plots of corpus statistics as SVG files; equal data produce byte-identical files.

A split has the same colour in all plots. Text is drawn as paths, so that it looks the same in every
viewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from aloi.corpus.atomic_files import atomic_folder
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.optional_dependencies import need
from aloi.corpus.statistics.corpus_counts import (
    corpus_tables,
    document_table,
    mention_table,
    relation_table,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#4477aa", "#ddaa33", "#bb5566", "#228833", "#66ccee", "#aa3377")
"""Colours of the splits, in the order of the splits.

The palette is by Paul Tol and suitable for colour-blind readers.
"""

GREY = "#666666"

LENGTH_BIN_WORDS = 50
"""Width of a bar in the plot of document lengths, in words."""


def write_plots(corpus: Corpus, folder: Path) -> list[Path]:
    """Write all plots to a folder; return the paths of the files.

    No file is written if an error occurs. Raises `DataError` if matplotlib is not installed.
    """
    need("matplotlib", extra="plots")
    plots: dict[str, Callable[[Corpus], Figure]] = {
        "types": plot_types,
        "themes": plot_themes,
        "lengths": plot_lengths,
        "unseen": plot_unseen,
        "distances": plot_distances,
    }
    with atomic_folder(folder) as temporary, svg_style():
        for name, plot in plots.items():
            save_svg(plot(corpus), temporary / f"{name}.svg")
    return [folder / f"{name}.svg" for name in plots]


def save_svg(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, without date and program name; call this within `svg_style`."""
    figure.savefig(path, metadata={"Date": None, "Creator": None})


@contextmanager
def svg_style() -> Iterator[None]:
    """Apply the plot style within the block; a fixed salt makes the SVG ids reproducible."""
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


def plot_types(corpus: Corpus) -> Figure:
    """Plot the numbers of mentions and relations per label, stacked by split."""
    rows = mention_table(corpus), relation_table(corpus)
    orders = list(corpus.schema.entities), list(corpus.schema.relations)
    figure = new_figure(8, _height(max(map(len, orders))))
    for axes, table, order, title in zip(
        figure.subplots(1, 2), rows, orders, ("Mentions", "Relations"), strict=True
    ):
        counts = pd.crosstab(table["label"], table["split"])
        _draw_stacked_bars(axes, counts.reindex(index=order, fill_value=0), list(corpus.splits))
        axes.set_title(title)
    _add_legend(figure)
    return figure


def plot_themes(corpus: Corpus) -> Figure:
    """Plot the number of documents per theme, stacked by split, the most frequent theme first."""
    table = document_table(corpus)
    counts = pd.crosstab(table["theme"], table["split"])
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    figure = new_figure(6, _height(len(order)))
    axes = figure.subplots()
    _draw_stacked_bars(axes, counts.loc[order], list(corpus.splits))
    axes.set_title("Documents by theme")
    _add_legend(figure)
    return figure


def plot_lengths(corpus: Corpus) -> Figure:
    """Plot a histogram of document lengths in words, stacked by split."""
    table = document_table(corpus)
    splits = list(corpus.splits)
    figure = new_figure(6, 3)
    axes = figure.subplots()
    axes.set(title="Documents by length", ylabel="documents")
    axes.set_xlabel(f"words (bars of {LENGTH_BIN_WORDS})")
    if len(table):
        axes.set_title(f"Documents by length (median {table['words'].median():g} words)")
        longest = int(table["words"].max())
        edges = list(range(0, longest + LENGTH_BIN_WORDS + 1, LENGTH_BIN_WORDS))
        words = [table.loc[table["split"] == split, "words"].tolist() for split in splits]
        axes.hist(words, edges, stacked=True, color=_colours(splits), label=splits, rwidth=0.9)
        _add_legend(figure)
    return figure


def plot_unseen(corpus: Corpus) -> Figure:
    """Plot the proportion of unseen mentions per label and split.

    `aloi.corpus.statistics.corpus_counts` defines unseen mentions.
    """
    entities = corpus_tables(corpus)["entities"].iloc[::-1]
    colours = dict(zip(corpus.splits, _colours(list(corpus.splits)), strict=True))
    shown = [split for split in corpus.splits if f"unseen in {split}" in entities]
    figure = new_figure(6, _height(len(entities)))
    axes = figure.subplots()
    for number, split in enumerate(shown):
        shift = 0.2 * ((len(shown) - 1) / 2 - number)  # so that equal values do not hide each other
        places = [place + shift for place in range(len(entities))]
        axes.scatter(entities[f"unseen in {split}"], places, color=colours[split], label=split)
    axes.set_yticks(range(len(entities)), entities.index)
    axes.set_title("Mentions with a surface that is not in train")
    axes.set(xlabel="share", xlim=(-0.02, 1.02))
    axes.grid(color="#dddddd")
    if shown:
        _add_legend(figure)
    return figure


def plot_distances(corpus: Corpus) -> Figure:
    """Plot the number of words between the mentions of relations, per relation label.

    The plot shows the median, the quartiles, and the first and ninth deciles. The numbers on the
    right are the proportions of relations between mentions in different sentences.
    """
    table = relation_table(corpus)
    labels = [label for label in corpus.schema.relations if label in set(table["label"])][::-1]
    figure = new_figure(7, _height(len(labels)))
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


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, independent of pyplot; width and height are in inches."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    return Figure((width, height), layout="constrained")


def _height(rows: int) -> float:
    return 1.2 + 0.25 * rows


def _colours(splits: list[str]) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(len(splits))]


def _draw_stacked_bars(axes: Axes, counts: pd.DataFrame, splits: list[str]) -> None:
    """Draw a stacked bar for each row of `counts`, with one colour per split and the sum."""
    counts = counts.reindex(columns=splits, fill_value=0).iloc[::-1]
    left = pd.Series(0, index=counts.index)
    for split, colour in zip(splits, _colours(splits), strict=True):
        bars = axes.barh(counts.index, counts[split], left=left, color=colour, label=split)
        left += counts[split]
    axes.bar_label(bars, labels=[str(total) for total in left], padding=3, color=GREY)
    axes.margins(x=0.12)


def _add_legend(figure: Figure) -> None:
    """Add a legend of the splits below the plots of a figure."""
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(COLOURS)
    )
