"""`aloi annotate status`: the progress of a corpus's annotators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.annotation.labelstudio.access import DEFAULT_HOME
from aloi.cli.annotate.connection import AccountOption, HomeOption, connect, parse_accounts
from aloi.cli.shared.console import fail, print_sheets, write_json
from aloi.cli.shared.inputs import corpus_at
from aloi.corpus.problems import printable

if TYPE_CHECKING:
    from aloi.annotation.exchange.status import CorpusStatus


def status(
    source: Annotated[
        str, typer.Argument(metavar="CORPUS", help="Corpus folder or project name prefix.")
    ],
    *,
    account: AccountOption = None,
    json_: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Also write the status to this JSON file (default: none).",
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Show the progress of annotators.

    For each annotator, the command prints the documents in each state, the annotation time, the
    annotator's questions, and whether live predictions are available. It also prints the
    disagreements so far. If projects have a prediction backend, their descriptions report to
    annotators whether it answers.
    """
    from aloi.annotation.exchange.pull import NoProjectError
    from aloi.annotation.exchange.sources import corpus_name
    from aloi.annotation.exchange.status import corpus_status
    from aloi.annotation.labelstudio.backend_notice import show_notice
    from aloi.corpus.languages.language import find_language

    corpus, accounts = corpus_at(source), parse_accounts(account)
    schema = None if corpus is None else corpus.schema
    with connect(home) as (studio, progress):
        try:
            result = corpus_status(
                studio, corpus_name(source), schema=schema, accounts=accounts, progress=progress
            )
        except NoProjectError as error:
            raise typer.BadParameter(str(error)) from error
        for annotator in result.annotators.values():
            if annotator.backends:
                answers = all(each.answers for each in annotator.backends)
                language = find_language(schema.language if schema else None)
                show_notice(studio, [annotator.project], language, answers=answers)
    print_sheets(result.sheets())
    _print_details(result)
    write_json(json_, result.to_json())
    if result.problems:
        fail(result.problems)


def _print_details(status: CorpusStatus) -> None:
    """Print the questions, and the prediction backends that do not answer."""
    for name, annotator in status.annotators.items():
        for question in annotator.questions:
            asked = f"question of {name}, {question.document}: {question.text} ({question.url})"
            print(printable(asked))
        for backend in annotator.backends:
            if not backend.answers:
                print(
                    f"{name}: {backend.title} at {backend.url} does not answer; new texts have no "
                    "predictions until `aloi annotate serve` runs again"
                )
