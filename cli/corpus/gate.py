"""`aloi corpus gate`: one verdict on a corpus, for continuous integration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.shared.console import fail, steps
from aloi.cli.shared.inputs import open_corpus
from aloi.corpus.problems import printable

SinceOption = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION",
        help="Earlier version to compare with: a git tag or commit, or the path of a release, "
        "a corpus or documents (default: the last tag that contains the corpus).",
    ),
]


def gate(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
    *,
    since: SinceOption = None,
    comparison: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Comparison of models with a baseline, written by `aloi compare --json`; "
            "repeatable (default: none).",
            exists=True,
        ),
    ] = None,
    scores: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="OLD NEW",
            help="Old and new scores of a model, written by `aloi eval --bootstrap N --json` or "
            "`aloi experiment` (default: none).",
            exists=True,
        ),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the result to this JUnit XML file."),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the result to this Markdown file."),
    ] = None,
) -> None:
    """Decide whether a corpus may be merged or published.

    Four parts: the errors of `aloi corpus check`, the findings of `aloi corpus review`, the version
    number (`aloi release diff` with the earlier version), and the scores of models, which must not
    be significantly worse. The exit status is 1 if a part fails.
    """
    from aloi.corpus.atomic_files import atomic_text_file
    from aloi.corpus.gate.gate import GateInputs, run_gate
    from aloi.corpus.gate.results import Verdict
    from aloi.corpus.gate.summaries import gate_junit, gate_lines, gate_markdown

    corpus = open_corpus(folder)
    with steps() as on_step:
        inputs = GateInputs(since, tuple(comparison or ()), scores)
        result = run_gate(corpus, inputs, on_step=on_step)
    for render, file in ((gate_junit, junit), (gate_markdown, markdown)):
        if file is not None:
            with atomic_text_file(file) as stream:
                stream.write(render(result))
    for line in gate_lines(result):
        print(printable(line))
    if result.verdict is Verdict.FAILED:
        fail(result.problems)
