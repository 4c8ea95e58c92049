"""`aloi annotate agree`, `adjudicate` and `effort`: what is made of annotators' work."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.annotation import HOME, Home
from aloi.cli.console import fail, steps
from aloi.cli.inputs import must_exist

if TYPE_CHECKING:
    from aloi.annotation.compare.adjudication import AdjudicationCase, Decisions
    from aloi.annotation.labelstudio.adjudication_project import ProjectDecisions
    from aloi.corpus.collection import Corpus

PASSES = typer.Argument(
    metavar="PASSES...",
    help="A folder or file for each annotator, or the one folder that `pull` wrote.",
)


def agree(
    passes: Annotated[list[str], PASSES],
    *,
    schema: Annotated[
        Path | None, typer.Option(help="Which relations are symmetric.", exists=True)
    ] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write it there too, every disagreement with it.")
    ] = None,
) -> None:
    """Measure how far annotators agree, list where they do not, and what their work took."""
    from rich.console import Console

    from aloi.annotation.compare import pass_agreement as agreement
    from aloi.annotation.compare.passes import read_passes
    from aloi.corpus.files import atomic_text_file
    from aloi.corpus.schema import load_schema
    from aloi.eval.reports.sheets import rich_table

    must_be_passes(passes)
    found = agreement.compare_passes(read_passes(passes), load_schema(schema) if schema else None)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for sheet in found.sheets():
        console.print(rich_table(sheet), markup=False)
    if json_ is not None:
        with atomic_text_file(json_) as stream:
            json.dump(found.to_json(), stream, ensure_ascii=False, indent=1)


def must_be_passes(paths: list[str]) -> None:
    """End with status 2 if paths are not there, not each given once, or one alone and no folder."""
    must_exist(*paths)
    if len(set(paths)) < len(paths) or (len(paths) == 1 and not Path(paths[0]).is_dir()):
        raise typer.BadParameter("give two annotators or more, each once, or what pull wrote")


def adjudicate(
    passes: Annotated[list[str], PASSES],
    *,
    corpus: Annotated[
        Path, typer.Option(metavar="CORPUS", help="Whose schema and gold it is.", exists=True)
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where gold goes; else into the corpus.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Decide by `majority` or `annotator=NAME`, not in a project."),
    ] = None,
    home: Home = HOME,
) -> None:
    """Make gold of what annotators agree on, and of what somebody decides in Label Studio.

    The first call makes a project of the documents they differ on. Call it again to write what is
    decided since and list what is open.
    """
    from aloi.annotation.compare.adjudication import Decisions, prepare_adjudication, write_gold
    from aloi.annotation.compare.passes import read_passes
    from aloi.annotation.compare.policy import decide_by_policy, is_policy
    from aloi.cli.inputs import open_corpus
    from aloi.corpus.locks import locked

    must_be_passes(passes)
    if policy is not None and not is_policy(policy):
        raise typer.BadParameter("--policy is `majority` or `annotator=NAME`")
    whole = open_corpus(corpus)
    adjudication = prepare_adjudication(read_passes(passes), whole.schema)
    contested, unanimous = adjudication.contested, len(adjudication.gold)
    decisions = Decisions()
    with locked(out or corpus):
        if policy is not None:
            decisions = decide_by_policy(contested, policy)
            _print_policy(decisions)
        elif contested:
            decisions = _decisions(whole, contested, home)
        gold = adjudication.gold | decisions.gold
        changed = write_gold(gold.values(), whole, out)
    total = unanimous + len(contested)
    print(f"gold: {len(gold)} of {total} documents ({unanimous} agreed), {changed} written")
    if alone := adjudication.single:
        print(f"{len(alone)} documents that one annotator alone has are left out", file=sys.stderr)
    if decisions.problems:
        fail(decisions.problems)


def _print_policy(decisions: Decisions) -> None:
    """Print what a policy could not decide."""
    for id_, ties in decisions.ties.items():
        for tie in ties:
            print(f"tie, left out: {id_}: {tie}")
        if lost := decisions.lost_relations.get(id_):
            print(f"{id_}: {lost} relations lost with a mention", file=sys.stderr)
    for id_, reason in decisions.open.items():
        print(f"open: {id_}: {reason}")


def _decisions(corpus: Corpus, differing: list[AdjudicationCase], home: Path) -> ProjectDecisions:
    """Bring cases to the project, print what is open, and return what is decided."""
    from aloi.annotation.guidelines import guide_for
    from aloi.annotation.labelstudio.access import find_access
    from aloi.annotation.labelstudio.adjudication_project import decide_in_project as decide
    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.corpus.formats.shared.notes import Notes

    notes, schema = Notes(), corpus.schema
    with LabelStudioServer(find_access(home)) as studio, steps() as tell:
        decisions = decide(
            studio,
            corpus.manifest.name,
            differing,
            schema,
            guide=guide_for(schema),
            notes=notes,
            progress=tell,
        )
    for note in notes:
        print(note, file=sys.stderr)
    print(f"{decisions.project.title}: {decisions.project.url}")
    for id_, address in decisions.open.items():
        print(f"open: {id_}: {address}")
    return decisions


def effort(
    predictions: Annotated[str, typer.Argument(metavar="PREDICTIONS", help="What a model made.")],
    gold: Annotated[str, typer.Argument(metavar="GOLD", help="The same documents, annotated.")],
    *,
    schema: Annotated[
        Path | None, typer.Option(help="Which relations are symmetric.", exists=True)
    ] = None,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the counts there too.")
    ] = None,
) -> None:
    """Count the actions in Label Studio from PREDICTIONS to GOLD, and from nothing to GOLD."""
    from rich.console import Console

    from aloi.annotation.compare import effort as efforts
    from aloi.corpus.files import atomic_text_file
    from aloi.corpus.formats import registry
    from aloi.corpus.schema import load_schema
    from aloi.eval.reports.sheets import rich_table

    must_exist(predictions, gold)
    found = efforts.measure_effort(
        registry.read(gold), registry.read(predictions), load_schema(schema) if schema else None
    )
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(rich_table(found.sheet()), markup=False)
    if json_ is not None:
        with atomic_text_file(json_) as stream:
            json.dump(found.to_json(), stream, ensure_ascii=False, indent=1)
