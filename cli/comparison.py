"""`aloi compare`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.evaluation import columns
from aloi.cli.inputs import must_exist


def compare(
    gold: Annotated[str, typer.Argument(metavar="GOLD", help="Documents, or a corpus folder.")],
    systems: Annotated[
        list[str], typer.Argument(metavar="PRED_A PRED_B...", help="The baseline, then others.")
    ],
    *,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the comparison there too.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="Which relations are symmetric.", exists=True)
    ] = None,
    scheme: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="May be repeated; outermost and strict unless said."),
    ] = None,
    replicates: Annotated[int, typer.Option(min=1, max=100_000, help="Of both tests.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of both tests.")] = 0,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="A gold document not predicted is all missed.")
    ] = False,
) -> None:
    """Test whether systems differ from the first one on the same documents."""
    from rich.console import Console

    from aloi.corpus.collection import Corpus, is_corpus
    from aloi.corpus.files import atomic_text_file
    from aloi.corpus.schema import load_schema
    from aloi.eval.reports import comparison as significance
    from aloi.eval.reports.sheets import terminal

    _check(gold, systems, set(scheme or ()) - {*significance.SCHEMES}, significance.SCHEMES)
    corpus = Corpus.open(Path(gold)) if is_corpus(Path(gold)) else None
    comparison = significance.compare(
        columns(gold),
        {path: columns(path) for path in systems},
        schemes=scheme or significance.DEFAULT,
        schema=load_schema(schema) if schema else corpus.schema if corpus else None,
        corpus=str(corpus) if corpus else None,
        allow_missing=allow_missing,
        replicates=replicates,
        seed=seed,
    )
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for sheet in comparison.sheets():
        console.print(terminal(sheet))
    console.print(f"few: under {significance.FEW} in gold; a difference there says little")
    console.print(comparison.signature, soft_wrap=True)
    if json_ is not None:
        with atomic_text_file(json_) as stream:
            json.dump(comparison.to_json(), stream, ensure_ascii=False, indent=1)


def _check(gold: str, systems: list[str], unknown: set[str], known: tuple[str, ...]) -> None:
    if len(set(systems)) < len(systems) or len(systems) < 2:
        raise typer.BadParameter("give two predictions or more, each once")
    must_exist(gold, *systems)
    if unknown:
        raise typer.BadParameter(
            f"no scheme {', '.join(sorted(unknown))}; known: {', '.join(known)}"
        )
