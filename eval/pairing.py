"""Gold and predictions brought together: the same documents, with the same texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.eval.scores import Pair

SHOWN = 20


def pair(
    gold: Iterable[Document], pred: Iterable[Document], *, allow_missing: bool = False
) -> list[Pair]:
    """Each gold document with its prediction, in gold's order.

    Raises `DataError` naming every document that lacks its other half or whose texts differ.
    `allow_missing`: a gold document without prediction is paired with an empty one, so that all
    it holds counts as missed.
    """
    problems: list[Problem] = []
    wanted = _by_id(gold, "gold", problems)
    given = _by_id(pred, "the predictions", problems)
    problems += _text_problems(wanted, given)
    if not allow_missing:
        fix = "Predict it, or pass --allow-missing to count its gold as missed"
        what = "in gold but not in the predictions"
        problems += [Problem("missing-document", what, fix, id_) for id_ in wanted.keys() - given]
    fix = "Predict gold's documents only"
    what = "in the predictions but not in gold"
    problems += [Problem("extra-document", what, fix, id_) for id_ in given.keys() - wanted]
    if problems:
        raise DataError(sorted(problems, key=lambda problem: (problem.kind, problem.document)))
    return [(document, given.get(id_) or _empty(document)) for id_, document in wanted.items()]


def _by_id(
    documents: Iterable[Document], side: str, problems: list[Problem]
) -> dict[str, Document]:
    found: dict[str, Document] = {}
    for document in documents:
        if document.id in found:
            what, fix = f"document id twice in {side}", "Give each document its own id"
            problems.append(Problem("document-id-twice", what, fix, document.id))
        found[document.id] = document
    return found


def _empty(document: Document) -> Document:
    return Document(document.id, document.text, ())


def _text_problems(wanted: dict[str, Document], given: dict[str, Document]) -> Iterator[Problem]:
    for id_, document in wanted.items():
        other = given.get(id_)
        if other is not None and other.text != document.text:
            position = _first_difference(document.text, other.text)
            one, two = (text[position : position + SHOWN] for text in (document.text, other.text))
            what = f"texts differ from character {position}: gold has {one!r}, prediction {two!r}"
            fix = "Predict on gold's own text; offsets mean nothing on another"
            yield Problem("different-text", what, fix, id_)


def _first_difference(one: str, two: str) -> int:
    for position, (a, b) in enumerate(zip(one, two, strict=False)):
        if a != b:
            return position
    return min(len(one), len(two))
