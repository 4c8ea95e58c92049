"""`aloi annotate open`, `push` and `pull`: exchange of tasks and finished work."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from aloi.annotation.labelstudio.access import DEFAULT_HOME
from aloi.cli.annotate.connection import AccountOption, HomeOption, connect, parse_accounts
from aloi.cli.annotate.guides import guide_or_default
from aloi.cli.shared.console import fail, output_lock, print_notes
from aloi.cli.shared.inputs import corpus_at, must_exist, open_corpus, schema_for
from aloi.corpus.problems import count_noun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aloi.annotation.exchange.pull import PullReport
    from aloi.annotation.exchange.push_plan import PushCounts, PushPlan
    from aloi.annotation.exchange.refs import RefTable
    from aloi.annotation.exchange.sources import PushSource
    from aloi.corpus.document import Document


def open_document(
    document_id: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a document in the corpus or its inbox.")
    ],
    *,
    corpus_folder: Annotated[
        Path, typer.Option("--corpus", metavar="CORPUS", help="Corpus folder.", exists=True)
    ] = Path("corpus"),
    to: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the annotator (default: your user name)."),
    ] = None,
    predictions: Annotated[
        str | None,
        typer.Option(
            metavar="DOCUMENTS",
            help="Predictions to display: a file, a folder, a corpus or `-` for standard input "
            "(default: the annotations in the corpus).",
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Open a pre-annotated document in Label Studio.

    The document is first sent to the annotator's project, unless the project already contains this
    document.
    """
    import getpass
    import webbrowser

    from aloi.annotation.exchange.push import PushRequest, push_document
    from aloi.annotation.exchange.refs import RefTable
    from aloi.annotation.exchange.sources import PushSource
    from aloi.annotation.guidelines import guide_for
    from aloi.corpus.formats.shared.notes import Notes

    corpus = open_corpus(corpus_folder)
    known = PushSource.from_corpus(corpus).documents
    selected = [document for document in known if document.id == document_id]
    if not selected:
        raise typer.BadParameter(f"{corpus_folder} contains no document with the id {document_id}")
    predicted = _predictions(predictions or str(corpus_folder))
    request = PushRequest(
        corpus=corpus.manifest.name,
        schema=corpus.schema,
        documents=selected,
        annotators=[to or getpass.getuser()],
        predictions={document_id: predicted[document_id]} if document_id in predicted else {},
        model_version=_model_name(predicted),
        guide=guide_for(corpus.schema),
        refs=RefTable.from_corpus(corpus),
    )
    with connect(home) as (studio, progress):
        url = push_document(studio, request, Notes(), progress=progress)
    print(url)
    webbrowser.open(url)


SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="DOCUMENTS",
        help="Corpus folder (its documents and those in its inbox), or documents: a file, a "
        "folder or `-` for standard input.",
    ),
]
ToOption = Annotated[
    list[str], typer.Option(metavar="NAME", help="Name of an annotator; repeatable.")
]
DoubleOption = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        min=0,
        max=1,
        help="Proportion of the documents that two annotators receive, from 0 to 1.",
    ),
]
OrderOption = Annotated[
    Literal["as-is", "uncertain-first", "diverse"],
    typer.Option(
        help="Order of the tasks. `as-is`: as in DOCUMENTS; `uncertain-first`: lowest prediction "
        "scores first; `diverse`: each text as different as possible from all previous texts."
    ),
]
PredictionsOption = Annotated[
    str | None,
    typer.Option(
        metavar="DOCUMENTS",
        help="Predictions to display: a file, a folder, a corpus or `-` for standard input "
        "(default: none).",
    ),
]
ModelVersionOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Model name to record with the predictions (default: the name in the predictions).",
    ),
]
FinishedOption = Annotated[
    bool,
    typer.Option(
        "--finished",
        help="Send the annotations in DOCUMENTS as finished work (default: send only the texts).",
    ),
]
ChangedOption = Annotated[
    Literal["refuse", "keep", "replace"],
    typer.Option(
        help="What to do if the text of a document differs from the text of its task. `refuse`: "
        "fail and send nothing; `keep`: keep the task; `replace`: replace the task if it contains "
        "no annotations, otherwise fail."
    ),
]
RebalanceOption = Annotated[
    bool,
    typer.Option(
        "--rebalance",
        help="Move tasks that nobody has started to annotators with fewer tasks, such as a new "
        "annotator; documents sent to two annotators do not move (default: tasks do not move).",
    ),
]
WithoutPredictionsOption = Annotated[
    float,
    typer.Option(
        metavar="SHARE",
        min=0,
        max=1,
        help="Proportion of the new tasks, chosen at random, that get no predictions, so that "
        "`agree --predictions` can measure how much predictions influence annotators.",
    ),
]
SeedOption = Annotated[int, typer.Option(min=0, help="Random seed of --without-predictions.")]
DryRunOption = Annotated[
    bool,
    typer.Option("--dry-run", help="Only print what the push would change; send nothing."),
]
ProjectOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Prefix of the project names (default: the name of the corpus); required unless "
        "DOCUMENTS is a corpus folder.",
    ),
]
SchemaOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Schema (TOML); required unless DOCUMENTS is a corpus folder with its own schema.",
        exists=True,
    ),
]
RefsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="CORPUS",
        help="Corpus folder whose refs are filled in for predicted mentions, with the dates, and "
        "offered as choices for all mentions (default: DOCUMENTS if it is a corpus folder, "
        "otherwise none).",
        exists=True,
    ),
]
GuideOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Annotation guide (Markdown) to display to annotators "
        "(default: aloi's guide if it was written for the schema and its language, otherwise "
        "none).",
        exists=True,
    ),
]


def push(
    source: SourceArgument,
    *,
    to: ToOption,
    double: DoubleOption = 0.0,
    order: OrderOption = "as-is",
    predictions: PredictionsOption = None,
    model_version: ModelVersionOption = None,
    finished: FinishedOption = False,
    changed: ChangedOption = "refuse",
    rebalance: RebalanceOption = False,
    without_predictions: WithoutPredictionsOption = 0.0,
    seed: SeedOption = 0,
    dry_run: DryRunOption = False,
    project: ProjectOption = None,
    schema: SchemaOption = None,
    guide: GuideOption = None,
    refs: RefsOption = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Send documents to annotators in Label Studio.

    Each annotator has a separate project. The command can be repeated: existing tasks are
    kept, and only missing documents are sent.
    """
    from aloi.annotation.exchange import push as pushing
    from aloi.corpus.formats.shared.notes import Notes

    if len(set(to)) < len(to):
        raise typer.BadParameter("--to repeats an annotator's name; enter each name only once")
    if without_predictions and predictions is None:
        raise typer.BadParameter("--without-predictions requires --predictions")
    documents = _push_source(source, project, schema)
    predicted = _predictions(predictions)
    request = pushing.PushRequest(
        corpus=documents.name,
        schema=documents.schema,
        documents=documents.documents,
        annotators=to,
        double=double,
        order=order,
        predictions=predicted,
        model_version=model_version or _model_name(predicted),
        guide=guide_or_default(guide, documents.schema),
        finished=finished,
        changed=changed,
        rebalance=rebalance,
        without_predictions=without_predictions,
        seed=seed,
        refs=_ref_table(refs or Path(source)),
    )
    notes = Notes()
    with connect(home) as (studio, progress):
        if dry_run:
            _print_plan(pushing.make_plan(studio, request, notes, progress=progress))
            return
        results = pushing.push(studio, request, notes, progress=progress)
    print_notes(notes)
    for annotator, result in results.items():
        print(f"{annotator}: {_format_counts(result)}; {result.project.url}")


def _print_plan(plan: PushPlan) -> None:
    """Print what a push would change; exit with status 1 if a problem forbids the push."""
    for annotator, each in plan.projects.items():
        place = each.project.url if each.project else f"new project «{each.title}»"
        settings = ", labelling interface or guide updated" if each.changed_settings else ""
        print(f"{annotator} (planned): {_format_counts(each.counts)}{settings}; {place}")
    if plan.problems:
        fail(plan.problems)


def _push_source(source: str, project: str | None, schema: Path | None) -> PushSource:
    """Return the documents of a corpus folder, or of files with a schema."""
    from aloi.annotation.exchange.sources import PushSource

    must_exist(source)
    corpus = corpus_at(source)
    if corpus is not None:
        if schema is not None:
            raise typer.BadParameter(f"{source} is a corpus and contains a schema; omit --schema")
        return PushSource.from_corpus(corpus, name=project)
    if schema is None or project is None:
        raise typer.BadParameter(f"{source} is not a corpus folder; add --schema and --project")
    return PushSource.from_files(source, schema, name=project)


def _ref_table(folder: Path) -> RefTable:
    """Return the refs in the documents of a corpus; the table of a different folder is empty."""
    from aloi.annotation.exchange.refs import RefTable

    corpus = corpus_at(str(folder))
    return RefTable() if corpus is None else RefTable.from_corpus(corpus)


def _predictions(source: str | None) -> dict[str, Document]:
    """Return predictions by document id, or an empty dict if `source` is None."""
    from aloi.annotation.exchange.sources import read_predictions

    if source is None:
        return {}
    must_exist(source)
    return read_predictions(source)


def _model_name(predictions: Mapping[str, Document]) -> str:
    """Return the model name in the predictions; exit with status 2 if there are several."""
    from aloi.annotation.exchange.sources import model_names

    models = model_names(predictions)
    if len(models) > 1:
        raise typer.BadParameter(
            f"the predictions are from several models ({', '.join(models)}); add --model-version"
        )
    return models[0] if models else "predictions"


def _format_counts(result: PushCounts) -> str:
    """Return the changes of a push to one project as text."""
    counts = [f"{count_noun(result.sent, 'document')} sent", f"{result.present} already present"]
    if result.replaced:
        counts.append(f"{count_noun(result.replaced, 'task')} replaced")
    if result.moved:
        counts.append(f"{count_noun(result.moved, 'task')} moved to other annotators")
    if result.upgraded:
        upgraded = count_noun(result.upgraded, "unstarted task")
        counts.append(f"{upgraded} upgraded to the current guide and schema")
    if result.kept_versions:
        started = count_noun(result.kept_versions, "started task")
        counts.append(f"{started} kept an older version of the guide or schema")
    if result.predictions:
        counts.append(f"{count_noun(result.predictions, 'prediction')} updated")
    if result.duplicates:
        counts.append(f"{count_noun(result.duplicates, 'duplicate task')} deleted")
    return ", ".join(counts)


ProjectsArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="Corpus folder, prefix of the project names, or JSON file exported from Label "
        "Studio (`-` for such a file on standard input).",
    ),
]
OutOption = Annotated[
    Path,
    typer.Option(metavar="DIR", help="Output folder; each annotator gets a subfolder."),
]
AnnotatorOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Pull only the work of this annotator; repeatable (default: all annotators). "
        "Ignored if SOURCE is an exported file.",
    ),
]
EdgesOption = Annotated[
    Literal["trim", "flag"],
    typer.Option(
        help="What to do with white space at the start or end of mentions. `trim`: remove the "
        "white space; `flag`: keep the white space. Both report the number of such mentions."
    ),
]
PullSchemaOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Schema (TOML) to check the annotations (default: the schema of the corpus "
        "folder, otherwise no check).",
        exists=True,
    ),
]
InheritRefsOption = Annotated[
    bool,
    typer.Option(
        "--inherit-refs/--no-inherit-refs",
        help="Copy the ref of a mention to mentions without ref that have the same words and "
        "label in the document, unless mentions with these words have different refs.",
    ),
]


def pull(
    source: ProjectsArgument,
    *,
    out: OutOption,
    annotator: AnnotatorOption = None,
    edges: EdgesOption = "trim",
    account: AccountOption = None,
    schema: PullSchemaOption = None,
    inherit_refs: InheritRefsOption = True,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write annotators' finished work to files.

    Only tasks that changed since the last pull are fetched. Unreadable annotations are reported;
    all other annotations are written. Work that someone else submitted in an annotator's project is
    never written as this annotator's work. DIR keeps the values of --account for later pulls.
    Labels and relations that the schema does not allow are reported.
    """
    from aloi.annotation.exchange.sources import corpus_name
    from aloi.annotation.labelstudio.export import pull_export
    from aloi.corpus.formats.shared.notes import Notes
    from aloi.corpus.streams import is_stream, on_disk

    notes, accounts = Notes(), parse_accounts(account)
    with output_lock(str(out)):
        if is_stream(source) or Path(source).is_file():
            checked = schema_for(schema)
            with on_disk(source) as file:
                report = pull_export(
                    file.path,
                    out,
                    notes,
                    accounts=accounts,
                    schema=checked,
                    edges=edges,
                    inherited_refs=inherit_refs,
                )
        else:
            report = _pull_projects(
                corpus_name(source),
                home,
                out=out,
                notes=notes,
                annotators=annotator or [],
                accounts=accounts,
                schema=schema_for(schema, corpus_at(source)),
                edges=edges,
                inherited_refs=inherit_refs,
            )
    print_notes(notes)
    names = sorted(report.written | report.unchanged)
    for name in names:
        print(f"{out / name}: {report.written[name]} written, {report.unchanged[name]} unchanged")
    if report.problems:
        fail(report.problems)
    if not names:
        print("no finished work", file=sys.stderr)


def _pull_projects(corpus: str, home: Path, **settings: Any) -> PullReport:  # noqa: ANN401
    """Pull from a server; exit with status 2 if a requested project does not exist."""
    from aloi.annotation.exchange.pull import NoProjectError, pull_corpus

    with connect(home) as (studio, progress):
        try:
            return pull_corpus(studio, corpus, progress=progress, **settings)
        except NoProjectError as error:
            raise typer.BadParameter(str(error)) from error
