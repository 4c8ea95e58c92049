"""`aloi annotate next`: train on finished work, and predict what is not labelled yet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.annotation.labelstudio.access import DEFAULT_HOME
from aloi.cli.annotate.connection import AccountOption, HomeOption, connect, parse_accounts
from aloi.cli.annotate.push_pull import GuideOption
from aloi.cli.shared.console import fail, print_notes, print_problems, print_sheets
from aloi.cli.shared.inputs import open_corpus
from aloi.cli.shared.options import OverrideOptions, parse_overrides
from aloi.corpus.problems import count_noun

if TYPE_CHECKING:
    from collections.abc import Callable

    from aloi.annotation.learning.round import LearningSettings, RoundResult

LearningFolderOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder with the pulled work, the models and the history of scores "
        "(default: .learning/NAME, with the corpus's name).",
    ),
]


def next_round(
    source: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
    *,
    out: LearningFolderOption = None,
    every: Annotated[
        str | None,
        typer.Option(
            metavar="INTERVAL",
            help="Repeat after this time, for example 30m, until Ctrl+C (default: run once).",
        ),
    ] = None,
    settings: OverrideOptions = None,
    account: AccountOption = None,
    guide: GuideOption = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Train on finished work, and predict what is not labelled yet.

    The command pulls finished work. It trains a pipeline if at least 5 gold documents, and at least
    10 % of them, are new or changed. Before that, it scores the previous pipeline on the new
    documents. Then it sends texts of the corpus that have no task, and predictions for all tasks
    that nobody has begun; the most uncertain tasks come first. The command can be repeated after
    any interruption.
    """
    from aloi.annotation.guidelines import guide_for
    from aloi.annotation.learning.model import TrainingSettings
    from aloi.annotation.learning.round import LearningSettings, learning_folder
    from aloi.corpus.guides import read_guide

    corpus = open_corpus(source)
    learning = LearningSettings(
        folder=out or learning_folder(corpus),
        training=TrainingSettings(overrides=parse_overrides(settings)),
        accounts=parse_accounts(account),
        guide=read_guide(guide) if guide else guide_for(corpus.schema),
    )
    if every is not None:
        _repeat(every, lambda: _run(source, learning, home))
    elif problems := _run(source, learning, home).problems:
        fail(problems)


def _repeat(every: str, run: Callable[[], RoundResult]) -> None:
    """Run rounds on a timer; exit with status 2 if the interval is invalid."""
    from aloi.annotation.learning.schedule import lower_priority, parse_interval, repeat

    try:
        interval = parse_interval(every)
    except ValueError as error:
        raise typer.BadParameter(f"--every: {error}") from error
    lower_priority()
    repeat(lambda: print_problems(run().problems), interval, print_problems)


def _run(source: Path, settings: LearningSettings, home: Path) -> RoundResult:
    """Run a round and print its result; exit with status 2 if the corpus has no project."""
    from aloi.annotation.exchange.pull import NoProjectError
    from aloi.annotation.learning.history import rounds_sheet, stop_suggestion
    from aloi.annotation.learning.round import run_round
    from aloi.corpus.formats.shared.notes import Notes

    notes = Notes()
    with connect(home) as (studio, progress):
        try:
            result = run_round(studio, open_corpus(source), settings, notes, progress=progress)
        except NoProjectError as error:
            raise typer.BadParameter(str(error)) from error
    print_notes(notes)
    print(f"{count_noun(result.finished, 'document')} finished by annotators")
    if result.reason:
        print(f"no training: {result.reason}")
    if result.rounds:
        print_sheets([rounds_sheet(result.rounds)])
        print(f"pipeline: {settings.pipeline(result.rounds[-1].number)}")
    sent = count_noun(result.sent, "document")
    print(f"{sent} sent, {count_noun(result.predictions, 'task')} with new predictions")
    if suggestion := stop_suggestion(result.rounds):
        print(suggestion)
    return result
