"""`aloi annotate practice`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.annotation import HOME, Home
from aloi.cli.console import fail, steps

if TYPE_CHECKING:
    from aloi.annotation.practice.exercises import Correction
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

    from aloi.annotation.labelstudio.access import find_access
    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.annotation.practice.exercises import load_exercises, update_practice
    from aloi.corpus.formats.shared.notes import Notes
    from aloi.eval.reports.sheets import format_ratio

    exercises, notes = load_exercises(), Notes()
    with LabelStudioServer(find_access(home)) as studio, steps() as tell:
        session = update_practice(
            studio, name or getpass.getuser(), exercises, notes=notes, progress=tell
        )
    for note in notes:
        print(note, file=sys.stderr)
    print(f"{session.project.title} : {session.project.url}")
    print(f"{len(session.finished)} exercices faits sur {len(exercises)}")
    for id_, corrections in session.corrections().items():
        _print_corrections(session.finished[id_], corrections)
    for what, f1 in session.scores().items():
        print(f"\n{what} : F1 {format_ratio(f1)}", end="")
    if session.finished:
        print()
    if session.problems:
        fail(session.problems)


def _print_corrections(work: Document, corrections: list[Correction]) -> None:
    from aloi.annotation.practice.exercises import format_correction

    print(f"\n{work.id}, {work.meta['title']} : {len(corrections)} différences")
    for each in corrections:
        print(format_correction(each))
