"""The command `aloi` and its subcommands. Large modules are imported only when needed."""

from __future__ import annotations

import signal
import sys
import traceback
from itertools import takewhile
from typing import Annotated

import typer

from aloi.cli import (
    annotate,
    convert,
    corpus,
    evaluate,
    facts,
    predict,
    refs,
    release,
    studies,
    train,
)
from aloi.cli.shared.console import fail

app = typer.Typer(
    name="aloi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich would slow down the start of every command
)
app.add_typer(corpus.app, name="corpus")
app.command("convert")(convert.convert)
app.add_typer(annotate.app, name="annotate")
app.command("train")(train.train)
app.command("predict")(predict.predict)
app.command("refs")(refs.refs)
app.command("facts")(facts.facts)
app.command("eval")(evaluate.evaluate)
app.command("compare")(evaluate.compare)
app.command("experiment")(studies.experiment)
app.command("curve")(studies.curve)
app.command("suspects")(studies.suspects)
app.add_typer(release.app, name="release")


@app.callback()
def options(
    *,
    debug: Annotated[
        bool, typer.Option("--debug", help="Print the Python traceback of an error.")
    ] = False,
) -> None:
    """Annotate entities and relations in news corpora, train and evaluate models, publish them."""
    if "" in sys.argv:
        raise typer.BadParameter("an argument is empty: check the variables in the command")


def main() -> None:
    """Run the command; print every error as one line and exit with status 1.

    SIGTERM ends the command like Ctrl+C: temporary files are removed.
    """
    from aloi.corpus.problems import DataError

    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except DataError as error:
        if _is_debug() and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        fail(error.problems)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:
        if _is_debug():
            raise
        from aloi.cli.shared.errors import error_problem

        fail([error_problem(error)])


def _is_debug() -> bool:
    """Return whether the option `--debug` precedes the command."""
    return "--debug" in takewhile(lambda argument: argument.startswith("-"), sys.argv[1:])
