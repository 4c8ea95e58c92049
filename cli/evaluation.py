"""`aloi eval`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aloi.cli.inputs import must_exist
from aloi.cli.options import Engine
from aloi.cli.sharded import evaluate_shards

if TYPE_CHECKING:
    from aloi.corpus.collection import Corpus
    from aloi.corpus.schema import Schema
    from aloi.eval.columns import Annotations
    from aloi.eval.reports.report import Report


RestrictedText = Annotated[
    bool,
    typer.Option(
        "--with-restricted-text",
        help="Keep text of restricted documents in reports; such files cannot be published.",
    ),
]


def evaluate(
    gold: Annotated[str, typer.Argument(metavar="GOLD", help="Documents, or a corpus folder.")],
    pred: Annotated[str, typer.Argument(metavar="PRED", help="The same documents, predicted.")],
    *,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the report there too.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page of scores and documents.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", help="Write tables.")] = None,
    latex: Annotated[Path | None, typer.Option("--latex", help="Write a table.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Write a row a type.")] = None,
    schema: Annotated[
        Path | None, typer.Option(help="Which relations are symmetric.", exists=True)
    ] = None,
    scheme: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this one; may be repeated. All unless said."),
    ] = None,
    train: Annotated[
        str | None, typer.Option(metavar="PATH", help="Documents that the system learned from.")
    ] = None,
    bootstrap: Annotated[
        int, typer.Option(min=0, max=100_000, help="Replicates for 95 % intervals.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="A gold document not predicted is all missed.")
    ] = False,
    restricted_text: RestrictedText = False,
    engine: Annotated[
        Engine, typer.Option(help="ray: count shards where they lie; scores, no analysis.")
    ] = Engine.LOCAL,
    address: Annotated[
        str | None, typer.Option(help="The Ray cluster; without it, Ray runs here.")
    ] = None,
) -> None:
    """Score predictions against gold: entities and relations, per type, micro and macro."""
    from aloi.eval.reports.report import evaluate as compare

    _check_engine(engine, address, page=html is not None, restricted_text=restricted_text)
    _check_call(gold, pred, *filter(None, [train]), schemes=scheme or [], page=html is not None)
    corpus = _corpus(gold)
    asked: dict[str, Any] = {
        "schemes": scheme,
        "schema": _schema(schema, corpus),
        "train": columns(train) if train else None,
        "corpus": str(corpus) if corpus else None,
        "bootstrap": bootstrap,
        "seed": seed,
        "allow_missing": allow_missing,
    }
    if engine is Engine.RAY:
        report = evaluate_shards(gold, pred, address=address, **asked)
    else:
        restricted = corpus.restricted_ids if corpus else frozenset[str]()
        asked |= {"restricted": restricted, "restricted_text": restricted_text}
        report = compare(columns(gold), columns(pred), **asked)
    _show(report)
    _write(report, json_=json_, html=html, markdown=markdown, latex=latex, csv=csv)


def _corpus(path: str) -> Corpus | None:
    from aloi.corpus.collection import Corpus, is_corpus

    return Corpus.open(Path(path)) if is_corpus(Path(path)) else None


def _schema(file: Path | None, corpus: Corpus | None) -> Schema | None:
    """The schema of a file, else the corpus's."""
    from aloi.corpus.schema import load_schema

    return load_schema(file) if file else corpus.schema if corpus else None


def _write(report: Report, **files: Path | None) -> None:
    """Write the report into the files asked for, each as its option names."""
    from aloi.corpus.files import whole_file

    ways = {"json_": _json, "html": _html, "markdown": _markdown, "latex": _latex, "csv": _csv}
    for way, file in files.items():
        if file is not None:
            with whole_file(file) as stream:
                stream.write(ways[way](report))


def _check_engine(
    engine: Engine, address: str | None, *, page: bool, restricted_text: bool
) -> None:
    """End with status 2 for what an engine does not do."""
    if restricted_text and engine is Engine.RAY:
        fix = "its report has no text: leave it out, or use --engine local"
        raise typer.BadParameter(f"--with-restricted-text does not go with --engine ray: {fix}")
    if page and engine is Engine.RAY:
        raise typer.BadParameter("--html shows every document: it goes with --engine local")
    if address and engine is Engine.LOCAL:
        raise typer.BadParameter("--address goes with --engine ray")


def _check_call(*inputs: str, schemes: list[str], page: bool) -> None:
    """End with status 2 for what cannot be asked."""
    from aloi.eval.reports.report import ENTITIES, RELATIONS

    must_exist(*inputs)
    if unknown := {*schemes} - {*ENTITIES, *RELATIONS}:
        known = ", ".join((*ENTITIES, *RELATIONS))
        raise typer.BadParameter(f"no scheme {', '.join(sorted(unknown))}; known: {known}")
    if page and schemes:
        raise typer.BadParameter("--html shows the whole report: leave --scheme out")


def _show(report: Report) -> None:
    from rich.console import Console

    from aloi.eval.reports.sheets import terminal
    from aloi.eval.reports.tables import sheets

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for sheet in sheets(report):
        if not sheet.aside:
            console.print(terminal(sheet))
    if report.unknown:
        console.print(f"not in the schema, counted as false positives: {', '.join(report.unknown)}")
    console.print(report.signature, soft_wrap=True)


def _json(report: Report) -> str:
    return json.dumps(report.to_json(), ensure_ascii=False, indent=1)


def _html(report: Report) -> str:
    from aloi.eval.reports.page import page

    return page(report)


def _markdown(report: Report) -> str:
    from aloi.eval.reports.sheets import markdown
    from aloi.eval.reports.tables import restriction_note, sheets

    return "\n".join(
        [*restriction_note([report]), *map(markdown, sheets(report)), f"`{report.signature}`\n"]
    )


def _latex(report: Report) -> str:
    from aloi.eval.reports.frames import latex

    return latex(report)


def _csv(report: Report) -> str:
    from aloi.eval.reports.frames import frame

    return frame(report).to_csv()


def columns(path: str) -> Annotations:
    """Return the annotations of a file, folder or stream; `.jsonl` files skip `Document`."""
    from aloi.corpus.formats import registry
    from aloi.eval.columns import Annotations

    if Path(path).suffix == ".jsonl" and Path(path).is_file():
        return Annotations.read(Path(path))
    return Annotations.of(registry.read(path))
