"""`aloi corpus check` and `aloi corpus review`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.shared.console import fail, write_json
from aloi.cli.shared.inputs import must_exist, open_corpus
from aloi.corpus.problems import printable

if TYPE_CHECKING:
    from aloi.corpus.quality.review import Review


def check(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="Corpus folder, or documents: a file, a folder or `-` for standard input.",
        ),
    ],
    *,
    schema: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also check documents against this schema (TOML; not for a corpus folder).",
            exists=True,
        ),
    ] = None,
) -> None:
    """List all errors in a corpus or in documents.

    The exit status is 1 if there are errors.
    """
    from aloi.corpus.corpus_folder import is_corpus
    from aloi.corpus.quality.checks import check_path

    must_exist(str(path))
    if schema is not None and is_corpus(path):
        raise typer.BadParameter("omit --schema: the corpus has its own schema")
    problems = list(check_path(path, schema=schema))
    if problems:
        fail(problems)
    print("0 problems")


def review(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
    *,
    json_: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Also write the findings to this JSON file.",
        ),
    ] = None,
) -> None:
    """List likely annotation errors found by rules.

    Findings that are accepted in review.toml are omitted. The exit status is 1 if any finding is
    listed.
    """
    from dataclasses import asdict

    import msgspec

    from aloi.corpus.quality.review import review as review_corpus

    result = review_corpus(open_corpus(folder))
    _print_review(result)
    findings = [asdict(finding) for finding in result.open]
    write_json(json_, {"open": findings, "stale": msgspec.to_builtins(result.stale)})
    if result.open:
        raise typer.Exit(1)


def _print_review(result: Review) -> None:
    """Print the open findings, the stale entries of review.toml, and the number of each."""
    from collections import Counter

    for finding in result.open:
        print(printable(str(finding)))
    for entry in result.stale:
        print(printable(f"stale in review.toml: {entry}"))
    for rule, count in sorted(Counter(finding.rule for finding in result.open).items()):
        print(f"{count:6} {rule}")
    print(f"{len(result.open):6} open, {len(result.stale)} stale")
