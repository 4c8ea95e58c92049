"""The command `aloi facts`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.shared.inputs import must_exist, open_corpus
from aloi.corpus.problems import count_noun

if TYPE_CHECKING:
    from aloi.eval.reports.sheets import Sheet
    from aloi.models.facts.statements import StatedFact


Texts = Annotated[
    str,
    typer.Argument(
        metavar="TEXTS",
        help="A text, a folder of texts, or documents in any format (`-` for standard input).",
    ),
]
NamesFrom = Annotated[
    Path | None,
    typer.Option(
        metavar="CORPUS",
        help="Corpus folder; its list of refs and its train documents say which mentions are one "
        "thing (default: the pipeline's component `aloi_refs`; without it, names).",
        exists=True,
    ),
]
DocumentDate = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Date of the documents without one in their metadata, for dates such as *lundi*.",
    ),
]


def facts(
    pipeline: Annotated[
        str, typer.Argument(metavar="PIPELINE", help="Pipeline: a folder or an installed package.")
    ],
    texts: Texts,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[OUT]",
            help="Output folder for facts.jsonl, facts.csv and facts.html; `-` writes JSON Lines "
            "to standard output; omit OUT to print a table.",
        ),
    ] = None,
    *,
    corpus: NamesFrom = None,
    date: DocumentDate = None,
    workers: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
) -> None:
    """Write the facts of texts: who, relation, whom and when.

    Each fact comes with the sentences that state it. The page facts.html shows a graph and a table.
    Relations with the same ends, label, date and attributes are one fact.
    """
    from aloi.cli.shared.console import progress
    from aloi.models.facts.fact_files import write_fact_files, write_fact_lines
    from aloi.models.facts.fact_prediction import predict_facts
    from aloi.models.refs.corpus_lexicon import corpus_lexicon

    must_exist(texts)
    folder = _folder(target)
    with predict_facts(
        pipeline,
        texts,
        lexicon=corpus_lexicon(open_corpus(corpus)) if corpus is not None else None,
        date=f"{date:%Y-%m-%d}" if date is not None else None,
        workers=workers,
        progress=progress,
    ) as predicted:
        if not predicted.has_refs:
            _notify("No refs: things are compared by their names (--corpus CORPUS fills in refs)")
        if folder is not None:
            write_fact_files(
                predicted.facts, folder, model=predicted.model, language=predicted.language
            )
        elif target == "-":
            write_fact_lines(predicted.facts, sys.stdout)
        else:
            _print(predicted.facts)
    where = f" written to {target}" if target is not None else ""
    _notify(f"{count_noun(predicted.facts.fact_count, 'fact')}{where}")


def _folder(target: str | None) -> Path | None:
    """Return the output folder; exit with status 2 if its path is a file."""
    if target is None or target == "-":
        return None
    if Path(target).exists() and not Path(target).is_dir():
        raise typer.BadParameter(f"OUT must be a folder, but {target} is a file")
    return Path(target)


def _print(facts: Iterable[StatedFact]) -> None:
    """Print facts as a table to standard output."""
    from aloi.cli.shared.console import print_sheets

    print_sheets([_sheet(list(facts))])


def _sheet(facts: list[StatedFact]) -> Sheet:
    from aloi.eval.reports.sheets import Sheet

    rows = (
        (
            fact.who.name,
            fact.relation,
            fact.whom.name,
            fact.when or "–",
            " ".join(f"{name}={value}" for name, value in fact.attributes.items()) or "–",
            " ".join(fact.statements[0].text.split()),
        )
        for fact in facts
    )
    return Sheet(
        "facts", tuple(rows), ("who", "relation", "whom", "when", "attributes", "sentence")
    )


def _notify(message: str) -> None:
    print(message, file=sys.stderr)
