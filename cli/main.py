"""The command line's root: groups follow the folders; heavy imports wait until a command runs."""

from __future__ import annotations

import sys

import typer

from aloi.cli import (
    annotation,
    comparison,
    corpus,
    evaluation,
    formats,
    passes,
    practice,
    predict,
    release,
    studies,
    train,
)
from aloi.cli.console import fail

app = typer.Typer(
    name="aloi",
    help="Gold-annotated news corpora: annotate, train, evaluate, publish.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich would cost every call a third of its start
)
app.add_typer(corpus.app, name="corpus")
app.command("convert")(formats.convert)
annotation.app.command("agree")(passes.agree)
annotation.app.command("adjudicate")(passes.adjudicate)
annotation.app.command("effort")(passes.effort)
annotation.app.command("practice")(practice.practice)
app.add_typer(annotation.app, name="annotate")
app.command("train")(train.train)
app.command("predict")(predict.predict)
app.command("eval")(evaluation.evaluate)
app.command("compare")(comparison.compare)
app.command("experiment")(studies.experiment)
app.command("curve")(studies.curve)
app.command("suspects")(studies.suspects)
app.add_typer(release.app, name="release")


def main() -> None:
    """Run the command; data errors end with status 1 and every problem listed, no traceback."""
    from aloi.corpus.problems import DataError, Problem

    try:
        app()
    except DataError as error:
        fail(error.problems)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        fix = "Check the path, what stands there, and its rights"
        fail([Problem("bad-path", f"{error.strerror or error}", fix, file=str(error.filename))])
