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
    from aloi.annotation.compare.adjudication import Case
    from aloi.annotation.labelstudio.adjudication_project import Decisions
    from aloi.corpus.collection import Corpus
    from aloi.corpus.document import Document
    from aloi.corpus.problems import Problem

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
    from aloi.eval.reports.sheets import terminal

    must_be_passes(passes)
    found = agreement.agree(read_passes(passes), load_schema(schema) if schema else None)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for sheet in found.sheets():
        console.print(terminal(sheet), markup=False)
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
        str | None, typer.Option(help="Decide by `majority` or `annotator=NAME`, not in a project.")
    ] = None,
    home: Home = HOME,
) -> None:
    """Make gold of what annotators agree on, and of what somebody decides in Label Studio.

    The first call makes a project of the documents they differ on. Call it again to write what is
    decided since and list what is open.
    """
    from aloi.annotation.compare.adjudication import UNANIMOUS, cases, settled, write_gold
    from aloi.annotation.compare.passes import read_passes
    from aloi.cli.inputs import open_corpus
    from aloi.corpus.locks import locked

    must_be_passes(passes)
    whole = open_corpus(corpus)
    found, alone = cases(read_passes(passes), whole.schema)
    agreed = [case for case in found if not case.differences]
    differing = [case for case in found if case.differences]
    gold = {each.first.id: settled(each.first, each.versions, by=UNANIMOUS) for each in agreed}
    problems: list[Problem] = []
    with locked(out or corpus):
        if policy is not None:
            gold |= _by_policy(differing, policy)
        elif differing:
            decisions = _decisions(whole, differing, home)
            gold |= decisions.gold
            problems = decisions.problems
        changed = sum(write_gold(document, whole, out) for document in gold.values())
    print(f"gold: {len(gold)} of {len(found)} documents ({len(agreed)} agreed), {changed} written")
    if alone:
        print(f"{len(alone)} documents that one annotator alone has are left out", file=sys.stderr)
    if problems:
        fail(problems)


def _decisions(corpus: Corpus, differing: list[Case], home: Path) -> Decisions:
    """Bring cases to the project, print what is open, and return what is decided."""
    from aloi.annotation.guidelines import guide_for
    from aloi.annotation.labelstudio.access import find
    from aloi.annotation.labelstudio.adjudication_project import adjudicate as decide
    from aloi.annotation.labelstudio.client import LabelStudioServer
    from aloi.corpus.formats.shared.notes import Notes

    notes, schema = Notes(), corpus.schema
    with LabelStudioServer(find(home)) as studio, steps() as tell:
        decisions = decide(
            studio,
            corpus.manifest.name,
            differing,
            schema,
            guide=guide_for(schema),
            notes=notes,
            tell=tell,
        )
    for note in notes:
        print(note, file=sys.stderr)
    print(f"{decisions.project.title}: {decisions.project.url}")
    for id_, address in decisions.open.items():
        print(f"open: {id_}: {address}")
    return decisions


def _by_policy(differing: list[Case], policy: str) -> dict[str, Document]:
    """What a policy makes of each document it can decide; the rest is printed."""
    from aloi.annotation.compare.adjudication import settled
    from aloi.annotation.compare.policy import majority

    rule, _, name = policy.partition("=")
    if policy != "majority" and (rule != "annotator" or not name):
        raise typer.BadParameter("--policy is `majority` or `annotator=NAME`")
    gold: dict[str, Document] = {}
    for case in differing:
        id_, document = case.first.id, case.versions.get(name)
        if policy == "majority":
            decided = majority(case.versions, case.schema)
            document = decided.document
            for tie in decided.ties:
                print(f"tie, left out: {id_}: {tie}")
            if decided.fallen:
                print(f"{id_}: {decided.fallen} relations lost with a mention", file=sys.stderr)
        if document is None:
            print(f"open: {id_}: {name} has not annotated it")
        else:
            gold[id_] = settled(document, case.versions, by=policy)
    return gold


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
    from aloi.annotation.compare.disagreements import BARE
    from aloi.corpus.files import atomic_text_file
    from aloi.corpus.formats import registry
    from aloi.corpus.schema import load_schema
    from aloi.eval.reports.sheets import terminal

    must_exist(predictions, gold)
    found = efforts.effort(
        registry.read(gold), registry.read(predictions), load_schema(schema) if schema else BARE
    )
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(terminal(found.sheet()), markup=False)
    if json_ is not None:
        with atomic_text_file(json_) as stream:
            json.dump(found.to_json(), stream, ensure_ascii=False, indent=1)
