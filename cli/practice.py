"""`aloi annotate practice`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.annotation import HOME, Home
from aloi.cli.console import fail, steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aloi.annotation.practice.exercises import Exercise
    from aloi.corpus.document import Document


def practice(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Who practises; else you.")
    ] = None,
    *,
    home: Home = HOME,
) -> None:
    """Practise on short texts with known answers; call it again to have the work corrected.

    What is told of the work is in French, as the guide is.
    """
    import getpass

    from aloi.annotation.labelstudio.access import find
    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.annotation.practice.exercises import exercises, practise
    from aloi.corpus.formats.shared.notes import Notes

    given, notes = exercises(), Notes()
    with LabelStudioServer(find(home)) as studio, steps() as tell:
        project, done, problems = practise(
            studio, name or getpass.getuser(), given, notes=notes, tell=tell
        )
    for note in notes:
        print(note, file=sys.stderr)
    print(f"{project.title} : {project.url}")
    print(f"{len(done)} exercices faits sur {len(given)}")
    finished = [exercise for exercise in given if exercise.answers.id in done]
    for exercise in finished:
        _correct(exercise, done[exercise.answers.id])
    if finished:
        _score(finished, done)
    if problems:
        fail(problems)


def _correct(exercise: Exercise, work: Document) -> None:
    from aloi.annotation.practice.exercises import correction, practice_schema

    found = exercise.corrections(work, practice_schema())
    print(f"\n{exercise.answers.id}, {exercise.answers.meta['title']} : {len(found)} différences")
    for each, rules in found:
        print(correction(each, rules))


def _score(finished: list[Exercise], done: Mapping[str, Document]) -> None:
    from aloi.annotation.practice.exercises import practice_schema
    from aloi.eval.reports.report import evaluate
    from aloi.eval.reports.sheets import format_ratio

    answers = [exercise.answers for exercise in finished]
    work = [done[document.id] for document in answers]
    report = evaluate(answers, work, schemes=["exact", "strict"], schema=practice_schema())
    scores = {"mentions": report.entities["exact"], "relations": report.relations["strict"]}
    for what, result in scores.items():
        print(f"\n{what} : F1 {format_ratio(result.scores.micro.ratios['f1'])}", end="")
    print()
