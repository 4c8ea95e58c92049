"""The command `aloi` and its subcommands. Large modules are imported only when needed."""

from __future__ import annotations

import sys

import typer

from aloi.cli import (
    annotate,
    convert,
    corpus,
    evaluate,
    predict,
    release,
    studies,
    train,
)
from aloi.cli.shared.console import fail

app = typer.Typer(
    name="aloi",
    help="Annotate entities and relations in news corpora, train and evaluate models, and publish "
    "corpora.",
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
app.command("eval")(evaluate.evaluate)
app.command("compare")(evaluate.compare)
app.command("experiment")(studies.experiment)
app.command("curve")(studies.curve)
app.command("suspects")(studies.suspects)
app.add_typer(release.app, name="release")


def main() -> None:
    """Run the command; if the data contain errors, print all errors and exit with status 1."""
    from aloi.corpus.problems import DataError, Problem

    try:
        app()
    except DataError as error:
        fail(error.problems)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        fix = "Check the path, its type (file or folder) and its permissions"
        fail([Problem("bad-path", f"{error.strerror or error}", fix, file=str(error.filename))])
