"""`aloi annotate agree`, `adjudicate` and `effort`: comparison of annotations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from aloi.annotation.labelstudio.access import DEFAULT_HOME
from aloi.cli.annotate.connection import HomeOption, connect
from aloi.cli.shared.console import fail, output_lock, print_notes, print_sheets, write_json
from aloi.cli.shared.inputs import must_exist, open_corpus, schema_for
from aloi.corpus.problems import count_noun, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aloi.annotation.compare.adjudication import Adjudication, AdjudicationCase, Decisions
    from aloi.annotation.labelstudio.adjudication_project import ProjectDecisions
    from aloi.corpus.corpus_folder import Corpus

Singles = Literal["take", "review", "leave"]

PassesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="PASSES",
        help="Annotations to compare: one folder or file per annotator (`-` for standard input), "
        "or the single folder that `aloi annotate pull` wrote.",
    ),
]

SchemaOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Schema (TOML) that defines which relations are symmetric "
        "(default: all relations are directed).",
        exists=True,
    ),
]


def agree(
    passes: PassesArgument,
    *,
    schema: SchemaOption = None,
    json_: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Also write the results and all disagreements to this JSON file.",
        ),
    ] = None,
    bootstrap: Annotated[
        int,
        typer.Option(
            min=0,
            max=100_000,
            help="Number of bootstrap replicates for 95 % intervals (0: no intervals).",
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Random seed of the bootstrap.")] = 0,
    predictions: Annotated[
        str | None,
        typer.Option(
            metavar="DOCUMENTS",
            help="Predictions that `push --without-predictions` displayed in some tasks: also "
            "report how much they influenced the annotators (default: not measured).",
        ),
    ] = None,
) -> None:
    """Measure the agreement of two or more annotators.

    A pass is the set of documents annotated by one annotator. The command prints F1, agreement on
    refs, agreement coefficients, the most frequent disagreements, and the size and annotation time
    of each pass.
    """
    from aloi.annotation.compare.pass_agreement import compare_passes
    from aloi.annotation.compare.passes import read_passes
    from aloi.annotation.exchange.sources import read_predictions

    _check_passes(passes)
    if predictions is not None:
        must_exist(predictions)
    agreement = compare_passes(
        read_passes(passes),
        schema_for(schema),
        predictions=None if predictions is None else read_predictions(predictions),
        bootstrap=bootstrap,
        seed=seed,
    )
    print_sheets(agreement.sheets())
    print_notes(f"warning: {each}" for each in agreement.coefficients.warnings)
    write_json(json_, agreement.to_json())


def _check_passes(paths: list[str]) -> None:
    """Exit with status 2 if a path is missing or repeated, or if the only path is a file."""
    must_exist(*paths)
    if len(set(paths)) < len(paths) or (len(paths) == 1 and not Path(paths[0]).is_dir()):
        raise typer.BadParameter(
            "enter two or more different paths, one per annotator, or only the folder that "
            "`aloi annotate pull` wrote"
        )


PolicyOption = Annotated[
    str | None,
    typer.Option(
        metavar="POLICY",
        help="Rule for decisions without Label Studio. `majority` keeps each annotation made "
        "by more than half of the annotators; `annotator=NAME` keeps all annotations of this "
        "annotator (default: decide in Label Studio).",
    ),
]
SinglesOption = Annotated[
    Singles,
    typer.Option(
        help="Documents with one annotator: `take` writes them to gold, marked as such; "
        "`review` sends them to the adjudicator; `leave` omits them."
    ),
]


def adjudicate(
    passes: PassesArgument,
    *,
    corpus_folder: Annotated[
        Path,
        typer.Option(
            "--corpus",
            metavar="CORPUS",
            help="Corpus folder that contains the documents.",
            exists=True,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Output folder for gold (default: `gold/` and `restricted/` in CORPUS).",
        ),
    ] = None,
    policy: PolicyOption = None,
    singles: SinglesOption = "take",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Settle annotators' disagreements and write gold.

    Documents on which all annotators agree become gold unchanged. All other documents are sent to a
    Label Studio project, in which an adjudicator decides. Run the command again to write the
    decided documents and list the undecided documents. If gold lacks an annotation that all
    annotators made, the command lists it and exits with status 1.
    """
    from aloi.annotation.compare.adjudication import prepare_adjudication, write_gold
    from aloi.annotation.compare.passes import read_passes
    from aloi.annotation.compare.policy import is_policy

    _check_passes(passes)
    if policy is not None and not is_policy(policy):
        raise typer.BadParameter(f"--policy must be `majority` or `annotator=NAME`, not {policy!r}")
    if policy is not None and singles == "review":
        raise typer.BadParameter("--singles review needs Label Studio; remove --policy")
    corpus = open_corpus(corpus_folder)
    adjudication = prepare_adjudication(read_passes(passes), corpus.schema, singles=singles)
    with output_lock(str(out or corpus_folder)):
        decisions = _decide(adjudication.contested, corpus, policy, home)
        gold = adjudication.gold | decisions.gold
        written = write_gold(gold.values(), corpus, out)
    total = len(adjudication.gold) + len(adjudication.contested)
    print(f"gold: {len(gold)} of {count_noun(total, 'document')}, {written} written")
    _print_groups(adjudication, singles)
    if decisions.problems:
        fail(decisions.problems)


def _print_groups(adjudication: Adjudication, singles: Singles) -> None:
    """Print how many documents have no disagreement, and how many have only one annotator."""
    single, taken = len(adjudication.single), adjudication.gold.keys() & set(adjudication.single)
    print(f"without disagreement: {count_noun(len(adjudication.gold) - len(taken), 'document')}")
    if single:
        actions = {"take": "taken unchanged", "review": "sent to the adjudicator"}
        action = actions.get(singles, "omitted")
        print(f"annotated by one annotator: {count_noun(single, 'document')}, {action}")


def _decide(
    contested: list[AdjudicationCase], corpus: Corpus, policy: str | None, home: Path
) -> Decisions:
    """Decide cases by the policy (default: in Label Studio); print the undecided documents."""
    from aloi.annotation.compare.adjudication import Decisions
    from aloi.annotation.compare.policy import decide_by_policy

    if not contested:
        return Decisions()
    if policy is None:
        return _decide_in_project(contested, corpus, home)
    decisions = decide_by_policy(contested, policy)
    _print_losses(decisions)
    _print_open(decisions)
    return decisions


def _print_losses(decisions: Decisions) -> None:
    """Print the ties, and the number of relations omitted because a mention was omitted."""
    for id_, ties in decisions.ties.items():
        for tie in ties:
            print(printable(f"tie, omitted: {id_}: {tie}"))
        if number := decisions.lost_relations.get(id_):
            relations = count_noun(number, "relation")
            print(f"{id_}: {relations} omitted because a mention was omitted", file=sys.stderr)


def _print_open(decisions: Decisions) -> None:
    for id_, reason in decisions.open.items():
        print(printable(f"undecided: {id_}: {reason}"))


def _decide_in_project(
    contested: Iterable[AdjudicationCase], corpus: Corpus, home: Path
) -> ProjectDecisions:
    """Send cases to the adjudication project, print the project address, return the decisions."""
    from aloi.annotation.guidelines import guide_for
    from aloi.annotation.labelstudio.adjudication_project import decide_in_project
    from aloi.corpus.formats.shared.notes import Notes

    notes, schema = Notes(), corpus.schema
    with connect(home) as (studio, progress):
        decisions = decide_in_project(
            studio,
            corpus.manifest.name,
            contested,
            schema,
            guide=guide_for(schema),
            notes=notes,
            progress=progress,
        )
    print_notes(notes)
    print(f"{decisions.project.title}: {decisions.project.url}")
    _print_open(decisions)
    return decisions


def effort(
    predictions: Annotated[
        str,
        typer.Argument(
            metavar="PREDICTIONS",
            help="Documents with a model's predictions (`-` for standard input).",
        ),
    ],
    gold: Annotated[
        str,
        typer.Argument(
            metavar="GOLD",
            help="The same documents with gold annotations (`-` for standard input).",
        ),
    ],
    *,
    schema: SchemaOption = None,
    json_: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Also write the counts to this JSON file.",
        ),
    ] = None,
) -> None:
    """Count the annotation actions that predictions save.

    The command counts the Label Studio actions needed to correct PREDICTIONS so that they equal
    GOLD. It also counts the actions needed to create GOLD in unannotated texts.
    """
    from aloi.annotation.compare.effort import measure_effort
    from aloi.corpus.formats import registry

    must_exist(predictions, gold)
    result = measure_effort(registry.read(gold), registry.read(predictions), schema_for(schema))
    print_sheets([result.sheet()])
    write_json(json_, result.to_json())
