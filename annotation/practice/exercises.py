"""Practice for annotators: short texts with known answers, and the rule that decides each.

The texts are invented. Refs are not practised: they are a matter of names more than of rules.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aloi.corpus
from aloi.annotation.compare.disagreements import (
    MENTION,
    RELATION,
    Difference,
    Mention,
    differences,
    mention,
    told,
)
from aloi.annotation.guidelines import guide_for
from aloi.annotation.labelstudio.client import LabelStudioServer, Project
from aloi.annotation.labelstudio.pull import PRACTICE, Reader
from aloi.annotation.labelstudio.push import Delivery, push
from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.label_studio_results import REF_TAG
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import Problem
from aloi.corpus.schema import Schema, load_schema

FOLDER = Path(__file__).parent

KEY, YOURS = "corrigé", "vous"
"""Whose version is whose, in French."""

Span = tuple[int, int]
Tell = Callable[[str], object]


@dataclass(frozen=True)
class Exercise:
    """A text with its answers, and rules by what they decide.

    A key of `rules` is the id of a mention, a relation by its ends' ids (`a MEETS b`), or words of
    the text that are not to be marked.
    """

    answers: Document
    rules: Mapping[str, str]

    def text(self) -> Document:
        """What the annotator is given."""
        return Document(self.answers.id, self.answers.text, (), (), self.answers.meta)

    def corrections(self, work: Document, schema: Schema) -> list[tuple[Difference, list[str]]]:
        """Where work differs from the answers, in text order, each with the rules on it."""
        found = differences({KEY: self.answers, YOURS: work}, schema)
        had = {mention(entity) for entity in work.entities}
        return [
            (each, list(dict.fromkeys(self._deciding(each, had))))
            for each in sorted(found, key=lambda each: each.spans)
            if each.what != REF_TAG
        ]

    def _deciding(self, each: Difference, had: set[Mention]) -> Iterator[str]:
        """The rules on a difference: of what was missed there, else of what stands or is none."""
        if each.what == RELATION:
            names = self._arcs_between(*each.spans)
        else:
            ((start, end),) = each.spans
            there = [x for x in self.answers.entities if x.start < end and start < x.end]
            missed = [x.id for x in there if mention(x) not in had]
            names = missed or [*self._unmarked(start, end), *(x.id for x in there)]
        yield from (self.rules[name] for name in names if name in self.rules)

    def _arcs_between(self, one: Span, other: Span) -> list[str]:
        """The relations of the answers between two stretches, whichever way they go."""
        spans = {entity.id: (entity.start, entity.end) for entity in self.answers.entities}
        return [
            f"{each.head} {each.label} {each.tail}"
            for each in self.answers.relations
            if {spans[each.head], spans[each.tail]} == {one, other}
        ]

    def _unmarked(self, start: int, end: int) -> list[str]:
        """The words that are not to be marked and share characters with a stretch."""
        places = {name: self.answers.text.find(name) for name in self.rules}
        return [
            name
            for name, place in places.items()
            if place >= 0 and place < end and start < place + len(name)
        ]


def exercises() -> list[Exercise]:
    """The exercises that come with aloi, in order."""
    rules = tomllib.loads((FOLDER / "rules.toml").read_text(encoding="utf-8"))
    return [Exercise(answers, rules[answers.id]) for answers in document_files.read(FOLDER)]


def practice_schema() -> Schema:
    """The schema that the exercises are annotated with, which comes with aloi."""
    return load_schema(Path(aloi.corpus.__file__).with_name("schema.toml"))


def practise(
    studio: LabelStudioServer,
    name: str,
    given: Sequence[Exercise],
    *,
    notes: Notes,
    tell: Tell = lambda step: None,
) -> tuple[Project, dict[str, Document], list[Problem]]:
    """Bring exercises to an annotator's practice project; returns what they finished, by id.

    However often it is called; what of the work cannot be read is among the problems.
    """
    schema, annotator = practice_schema(), f"{PRACTICE}{name}"
    delivery = Delivery(
        corpus=schema.name,
        schema=schema,
        documents=[exercise.text() for exercise in given],
        annotators=[annotator],
        guide=guide_for(schema),
    )
    project = push(studio, delivery, notes, tell=tell)[annotator].project
    done, problems = dict[str, Document](), list[Problem]()
    for task in studio.works(project, [task["id"] for task in studio.tasks(project)]):
        documents, wrong = Reader(notes).documents(json.dumps(task).encode(), project.title)
        done |= {document.id: document for document in documents}
        problems += wrong
    return project, done, problems


def correction(each: Difference, rules: Sequence[str]) -> str:
    """A correction in French, on lines of its own."""
    words = " … ".join(f"«{surface}»" for surface in each.surfaces)
    value = "" if each.what in (MENTION, RELATION) else f" ({each.what})"
    sides = [
        f"{who} : {told(each.held[who]) if who in each.held else 'mention absente'}"
        for who in (YOURS, KEY)
    ]
    return "\n".join([f"{words}{value}", *(f"    {line}" for line in (*sides, *rules))])
