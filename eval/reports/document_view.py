"""Documents with their mentions and relations, as text for a terminal and as an HTML page."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

from jinja2 import Environment
from markupsafe import Markup
from rich.text import Text

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.rights import RESTRICTED_TEXT, is_restricted
from aloi.eval.reports.sheets import Sheet

COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red")
"""The colours of labels in a terminal, in the sorted order of the labels."""

_CONTROL_CHARACTERS = dict.fromkeys((*range(32), 127), "�")
del _CONTROL_CHARACTERS[ord("\n")], _CONTROL_CHARACTERS[ord("\t")]
"""Replacements of characters that could control a terminal."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a text in which no mention starts or ends.

    covering: the mentions that contain the segment, the outermost first. starting: the mentions
    that start with the segment, the outermost first. ending: the mentions that end with the
    segment, the innermost first.
    """

    text: str
    covering: tuple[Entity, ...]
    starting: tuple[Entity, ...]
    ending: tuple[Entity, ...]


def segments(document: Document) -> Iterator[Segment]:
    """Yield the segments of a document's text, in order."""
    ends = {offset for each in document.entities for offset in (each.start, each.end)}
    covering: list[Entity] = []
    later = deque(document.entities)
    for start, end in pairwise(sorted({0, len(document.text), *ends})):
        covering = [each for each in covering if each.end > start]
        starting = []
        while later and later[0].start == start:
            starting.append(later.popleft())
        covering += starting
        ending = tuple(each for each in reversed(covering) if each.end == end)
        yield Segment(document.text[start:end], tuple(covering), tuple(starting), ending)


def marked_text(document: Document) -> Text:
    """Return the text with each mention in brackets, followed by its label.

    For example, `[président [français NORP] ROLE]`.
    """
    colours = _by_label(document, COLOURS)
    text = Text()
    for segment in segments(document):
        for each in segment.starting:
            text.append("[", style=colours[each.label])
        inner = segment.covering[-1:]
        words = segment.text.translate(_CONTROL_CHARACTERS)
        text.append(words, style=f"bold {colours[inner[0].label]}" if inner else "")
        for each in segment.ending:
            text.append(f" {each.label}]", style=colours[each.label])
    return text


def document_sheets(document: Document) -> Iterator[Sheet]:
    """Yield a table of the mentions and a table of the relations, if there are any."""
    if document.entities:
        rows = ((_words(document, each), each.label, _score(each)) for each in document.entities)
        yield Sheet("entities", tuple(rows), ("", "label", "score"))
    if document.relations:
        entities = document.by_id()
        relations = (
            (
                _words(document, entities[each.head]),
                each.label,
                _words(document, entities[each.tail]),
                _score(each),
            )
            for each in document.relations
        )
        yield Sheet("relations", tuple(relations), ("", "relation", "tail", "score"))


def render_documents(documents: Sequence[Document], *, model: str) -> str:
    """Return an HTML page with the documents; the page needs no other file.

    model: the name of the model in the heading. The page is marked as restricted if the metadata
    of a document forbid its redistribution.
    """
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    folder = files("aloi.eval.reports").joinpath("templates")
    template = folder.joinpath("documents.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        model=model,
        style=Markup(folder.joinpath("documents.css").read_text(encoding="utf-8")),
        pages=[_page(document) for document in documents],
        mark=RESTRICTED_TEXT if any(is_restricted(each.meta) for each in documents) else None,
    )


def _page(document: Document) -> dict[str, object]:
    """Return what the template shows of a document."""
    labels = sorted({each.label for each in document.entities})
    hues = [round(360 * number / max(len(labels), 1)) for number in range(len(labels))]
    return {
        "id": document.id,
        "segments": list(segments(document)),
        "hues": dict(zip(labels, hues, strict=True)),
        "relations": [sheet for sheet in document_sheets(document) if sheet.title == "relations"],
    }


def _by_label(document: Document, values: Sequence[str]) -> dict[str, str]:
    """Return one of the values for each label; they repeat if there are more labels."""
    labels: Iterable[str] = sorted({each.label for each in document.entities})
    return {label: values[number % len(values)] for number, label in enumerate(labels)}


def _words(document: Document, mention: Entity) -> str:
    """Return the surface form of a mention on one line."""
    return " ".join(document.surface(mention).translate(_CONTROL_CHARACTERS).split())


def _score(item: Entity | Relation) -> str:
    return "–" if item.score is None else f"{item.score:.2f}"
