"""Exercises for annotators: short invented texts with answers and the rules that explain them.

The exercises do not cover refs. Corrections are in the language of the schema.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aloi.corpus
from aloi.annotation.compare.content import REF_NAME, MentionKey, mention_key
from aloi.annotation.compare.disagreements import (
    MENTION,
    RELATION,
    PassDisagreement,
    find_disagreements,
    format_values,
)
from aloi.annotation.exchange.pull import finished_documents
from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.guidelines import guide_for
from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import PRACTICE_PREFIX, AnnotationServer, Project
from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.languages.language import Language
from aloi.corpus.problems import Problem
from aloi.corpus.schema import Schema, load_schema
from aloi.eval.reports.report import evaluate
from aloi.eval.schemes import HEADLINE_SCHEMES, EntityScheme, RelationScheme

EXERCISES_FOLDER = Path(__file__).parent

ANSWERS, WORK = "answers", "work"
"""The names of the answers and of the annotator's work in disagreements."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A disagreement between an annotator and the answers, with the rules that explain it."""

    disagreement: PassDisagreement
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Exercise:
    """A text with the correct annotations (answers), and the rules that explain the answers.

    The keys of `rules` are the ids of mentions, relations such as `a MEETS b` (head id, label, tail
    id), and passages of the text that must not be marked.
    """

    answers: Document
    rules: Mapping[str, str]

    def text(self) -> Document:
        """Return the exercise as a document without annotations."""
        return Document(self.answers.id, self.answers.text, (), (), self.answers.meta)

    def corrections(self, work: Document, schema: Schema) -> list[Correction]:
        """Return the corrections of an annotator's work, in text order."""
        disagreements = find_disagreements({ANSWERS: self.answers, WORK: work}, schema)
        marked = {mention_key(entity) for entity in work.entities}
        return [
            Correction(each, tuple(dict.fromkeys(self._rules(each, marked))))
            for each in sorted(disagreements, key=lambda each: each.spans)
            if each.aspect != REF_NAME
        ]

    def _rules(self, disagreement: PassDisagreement, marked: set[MentionKey]) -> Iterator[str]:
        """Yield the rules that explain a disagreement.

        For a disagreement on mentions, yield the rules for the correct mentions that the annotator
        missed. If no mention was missed, yield the rules for passages that must not be marked,
        followed by the rules for the correct mentions that overlap the disagreement.
        """
        if disagreement.aspect == RELATION:
            names = self._relations_between(*disagreement.spans)
        else:
            ((start, end),) = disagreement.spans
            answers = [x for x in self.answers.entities if x.start < end and start < x.end]
            missed = [x.id for x in answers if mention_key(x) not in marked]
            names = missed or [*self._unmarked_words(start, end), *(x.id for x in answers)]
        yield from (self.rules[name] for name in names if name in self.rules)

    def _relations_between(self, first: tuple[int, int], second: tuple[int, int]) -> list[str]:
        """Return the correct relations between two spans, in either direction."""
        spans = {entity.id: (entity.start, entity.end) for entity in self.answers.entities}
        return [
            f"{each.head} {each.label} {each.tail}"
            for each in self.answers.relations
            if {spans[each.head], spans[each.tail]} == {first, second}
        ]

    def _unmarked_words(self, start: int, end: int) -> list[str]:
        """Return the passages that overlap a span and must not be marked."""
        starts = {words: self.answers.text.find(words) for words in self.rules}
        return [
            words
            for words, first in starts.items()
            if first >= 0 and first < end and start < first + len(words)
        ]


@dataclass(frozen=True)
class Course:
    """Exercises with their schema and guide; `name` is the prefix of project names."""

    name: str
    schema: Schema
    guide: Guide | None
    exercises: Sequence[Exercise]


@dataclass(frozen=True)
class PracticeSession:
    """An annotator's practice project, the course, and the finished work by exercise id.

    `problems` describes the work that could not be read.
    """

    project: Project
    course: Course
    finished: Mapping[str, Document]
    problems: Sequence[Problem]

    def corrections(self) -> dict[str, list[Correction]]:
        """Return the corrections of each finished exercise, by exercise id."""
        schema = self.course.schema
        return {
            each.answers.id: each.corrections(self.finished[each.answers.id], schema)
            for each in self.course.exercises
            if each.answers.id in self.finished
        }

    def scores(self) -> dict[str, float | None]:
        """Return the F1 of all finished exercises, by what it is about in the schema's language.

        The dict is empty if no exercise is finished.
        """
        answers = [x.answers for x in self.course.exercises if x.answers.id in self.finished]
        if not answers:
            return {}
        work = [self.finished[document.id] for document in answers]
        report = evaluate(answers, work, schemes=HEADLINE_SCHEMES, schema=self.course.schema)
        texts = self.course.schema.interface.texts.practice
        results = {
            texts.mentions: report.entities[EntityScheme.EXACT],
            texts.relations: report.relations[RelationScheme.STRICT],
        }
        return {name: result.scores.micro.ratios["f1"] for name, result in results.items()}


def load_exercises() -> list[Exercise]:
    """Return the exercises that ship with aloi, sorted by id."""
    rules = tomllib.loads((EXERCISES_FOLDER / "rules.toml").read_text(encoding="utf-8"))
    documents = document_files.read(EXERCISES_FOLDER)
    return [Exercise(answers, rules[answers.id]) for answers in documents]


def shipped_course() -> Course:
    """Return the course that ships with aloi."""
    schema = practice_schema()
    return Course(schema.name, schema, guide_for(schema), load_exercises())


def practice_schema() -> Schema:
    """Return the schema of the exercises, which ships with aloi."""
    return load_schema(Path(aloi.corpus.__file__).with_name("schema.toml"))


def update_practice(
    server: AnnotationServer,
    annotator: str,
    course: Course,
    *,
    notes: Notes,
    progress: Progress = ignore_progress,
) -> PracticeSession:
    """Send exercises to an annotator's practice project, and read the finished exercises.

    The call can be repeated: each exercise is sent only once.
    """
    name = f"{PRACTICE_PREFIX}{annotator}"
    request = PushRequest(
        corpus=course.name,
        schema=course.schema,
        documents=[exercise.text() for exercise in course.exercises],
        annotators=[name],
        guide=course.guide,
    )
    project = push(server, request, notes, progress=progress)[name].project
    finished, problems = finished_documents(server, project, notes)
    return PracticeSession(project, course, finished, problems)


def format_correction(correction: Correction, language: Language) -> str:
    """Return a correction in a language, on several lines."""
    disagreement, texts = correction.disagreement, language.texts.practice
    words = " … ".join(f"«{surface}»" for surface in disagreement.surfaces)
    value = "" if disagreement.aspect in (MENTION, RELATION) else f" ({disagreement.aspect})"
    versions = disagreement.versions
    sides = [
        f"{title}{language.typography.colon}"
        f"{format_values(versions[name]) if name in versions else texts.missing_mention}"
        for title, name in ((texts.work, WORK), (texts.answers, ANSWERS))
    ]
    lines = (*sides, *correction.rules)
    return "\n".join([f"{words}{value}", *(f"    {line}" for line in lines)])
