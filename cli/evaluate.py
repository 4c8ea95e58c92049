"""The commands `aloi eval` and `aloi compare`."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.shared.console import print_notes, print_sheets, progress, stdout_console, write_json
from aloi.cli.shared.inputs import corpus_at, must_exist, run_paths, schema_for
from aloi.cli.shared.options import Engine, refuse_streams
from aloi.corpus.problems import printable
from aloi.eval.scoring_choices import EvaluationOptions, IntervalMethod, RefComparison

if TYPE_CHECKING:
    from aloi.eval.reports.report import Report
    from aloi.eval.reports.run_comparison import RunComparison
    from aloi.eval.reports.system_comparison import Comparison

MAX_BYTES_IN_MEMORY = 400 << 20
"""Size of GOLD and PRED together from which they are scored in parts."""

IN_PARTS = (
    "GOLD and PRED are large: they are scored in parts, without the analysis of errors and the "
    "averages over documents"
)

GoldArgument = Annotated[
    str,
    typer.Argument(
        metavar="GOLD",
        help="Gold documents: a corpus, a file, a folder or `-` for standard input.",
    ),
]
SchemaOption = Annotated[
    Path | None,
    typer.Option(
        help="Schema (TOML) that defines which relations are symmetric "
        "(default: the schema of GOLD if GOLD is a corpus folder, otherwise none).",
        exists=True,
    ),
]
AllowMissing = Annotated[
    bool,
    typer.Option(
        "--allow-missing",
        help="Count the annotations of gold documents without predictions as missed "
        "(default: fail if a gold document has no predictions).",
    ),
]
RestrictedText = Annotated[
    bool,
    typer.Option(
        "--with-restricted-text",
        help="Include restricted text, which must not be redistributed, in the reports. "
        "Do not publish such reports.",
    ),
]

RefsOption = Annotated[
    RefComparison,
    typer.Option(
        help="How the schemes facts and facts-ign match predicted refs to gold refs. `mapped`: by "
        "the spans of their mentions; `shared`: by name (gold and predictions use the same refs)."
    ),
]
IntervalOption = Annotated[
    IntervalMethod,
    typer.Option(
        help="Method of the bootstrap intervals: expanded percentile, or percentile (too narrow "
        "for few documents)."
    ),
]

MinOverlap = Annotated[
    float,
    typer.Option(
        min=0,
        max=1,
        help="Minimum overlap of two mentions for a match under semeval-partial and semeval-type: "
        "characters in both mentions divided by characters in either mention.",
    ),
]

PredArgument = Annotated[
    str,
    typer.Argument(metavar="PRED", help="Predictions: a file, a folder or `-` for standard input."),
]
JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Also write the full report to this JSON file.")
]
HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", help="Also write scores, errors and documents to this HTML file."),
]
MarkdownOption = Annotated[
    Path | None, typer.Option("--markdown", help="Also write all tables to this Markdown file.")
]
LatexOption = Annotated[
    Path | None,
    typer.Option(
        "--latex",
        help="Also write a table for a paper to this LaTeX file: types and averages under one "
        "scheme, chosen with --scheme (default: exact, or strict if there are only relations).",
    ),
]
CsvOption = Annotated[
    Path | None,
    typer.Option("--csv", help="Also write the scores to this CSV file, one row per type."),
]
SchemeOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Scoring scheme, for example exact or strict; repeatable (default: all schemes).",
    ),
]
FullOption = Annotated[
    bool,
    typer.Option(
        "--full",
        help="Print all tables: counts, further schemes, error kinds, causes of missed relations "
        "and slices (default: scores by type only).",
    ),
]
TrainOption = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="Documents on which the system was trained; required for the scheme facts-ign and for "
        "separate scores of surface forms seen or unseen in training.",
    ),
]
BootstrapOption = Annotated[
    int,
    typer.Option(
        min=0,
        max=100_000,
        help="Number of bootstrap replicates for 95 % confidence intervals (0: no intervals).",
    ),
]
SeedOption = Annotated[int, typer.Option(min=0, help="Random seed of the bootstrap.")]
EngineOption = Annotated[
    Engine,
    typer.Option(
        help="`local`: score on this machine; `ray`: score shards on a Ray cluster, without an "
        "analysis of errors."
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        help="Address HOST:PORT of the cluster for --engine ray "
        "(default: start Ray on this machine)."
    ),
]

SystemsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="PRED_A PRED_B...",
        help="Predictions of the baseline (PRED_A) and of one or more systems (PRED_B...). "
        "For several runs (seeds) of a system, give comma-separated files or a quoted pattern, "
        "for example a1.jsonl,a2.jsonl,a3.jsonl or 'seed-*/a.jsonl'.",
    ),
]
ComparisonJsonOption = Annotated[
    Path | None, typer.Option("--json", help="Also write the comparison to this JSON file.")
]
ComparisonSchemeOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="Scoring scheme of the comparison; repeatable (default: outermost and strict).",
    ),
]
ReplicatesOption = Annotated[
    int,
    typer.Option(
        min=1,
        max=100_000,
        help="Number of replicates of the bootstrap and of the randomisation test.",
    ),
]
ComparisonSeedOption = Annotated[
    int, typer.Option(min=0, help="Random seed of the bootstrap and of the randomisation test.")
]


def evaluate(
    gold: GoldArgument,
    pred: PredArgument,
    *,
    json_: JsonOption = None,
    html: HtmlOption = None,
    markdown: MarkdownOption = None,
    latex: LatexOption = None,
    csv: CsvOption = None,
    schema: SchemaOption = None,
    scheme: SchemeOption = None,
    full: FullOption = False,
    train: TrainOption = None,
    bootstrap: BootstrapOption = 0,
    seed: SeedOption = 0,
    allow_missing: AllowMissing = False,
    refs: RefsOption = RefComparison.MAPPED,
    interval: IntervalOption = IntervalMethod.EXPANDED,
    min_overlap: MinOverlap = 0.0,
    restricted_text: RestrictedText = False,
    engine: EngineOption = Engine.LOCAL,
    address: AddressOption = None,
) -> None:
    """Score predictions against gold annotations.

    Entities and relations are scored per type, with micro and macro averages.
    """
    _use_one_thread()
    from aloi.eval.reading import read_annotations
    from aloi.eval.schemes import ALL_SCHEMES, TRAIN_SCHEMES

    must_exist(gold, pred, *filter(None, [train]))
    _check_schemes(scheme or (), ALL_SCHEMES)
    if train is None and (needed := {*(scheme or ())} & {*TRAIN_SCHEMES}):
        raise typer.BadParameter(f"--scheme {', '.join(sorted(needed))} requires --train")
    _check_page(html, scheme)
    _check_engine(engine, address, (gold, pred), html=html, restricted_text=restricted_text)
    corpus = corpus_at(gold)
    options = EvaluationOptions(
        schemes=scheme,
        schema=schema_for(schema, corpus),
        train=read_annotations(train) if train else None,
        corpus=str(corpus) if corpus else None,
        allow_missing=allow_missing,
        bootstrap=bootstrap,
        seed=seed,
        restricted=corpus.restricted_ids if corpus else (),
        restricted_text=restricted_text,
        refs=refs,
        interval=interval,
        min_overlap=min_overlap,
    )
    report = _score(gold, pred, options, engine, address, whole=html is not None)
    report = replace(report, gold_name=gold, pred_name=pred)
    _write_files(report, json=json_, html=html, markdown=markdown, latex=latex, csv=csv)
    _print_report(report, scheme, full=full)  # last: a closed pipe ends the command here


def _score(
    gold: str,
    pred: str,
    options: EvaluationOptions,
    engine: Engine,
    address: str | None,
    *,
    whole: bool,
) -> Report:
    """Return the report; large inputs are scored in parts, unless the whole report is needed."""
    if engine is Engine.RAY:
        from aloi.eval.reports.distributed import evaluate_shards

        return evaluate_shards(gold, pred, options, address=address, progress=progress)
    if not whole and _is_large(gold, pred):
        from aloi.eval.reports.distributed import evaluate_in_parts

        print_notes([IN_PARTS])
        return evaluate_in_parts(gold, pred, options, progress=progress)
    from aloi.eval.reading import read_annotations, read_predictions
    from aloi.eval.reports.report import evaluate_annotations

    documents = read_annotations(gold)
    texts = dict(zip(documents.ids, documents.texts, strict=True))
    predictions = read_predictions(pred, gold=gold, known_texts=texts)
    return evaluate_annotations(documents, predictions, options)


def compare(
    gold: GoldArgument,
    systems: SystemsArgument,
    *,
    json_: ComparisonJsonOption = None,
    schema: SchemaOption = None,
    scheme: ComparisonSchemeOption = None,
    replicates: ReplicatesOption = 10_000,
    seed: ComparisonSeedOption = 0,
    allow_missing: AllowMissing = False,
    refs: RefsOption = RefComparison.MAPPED,
    interval: IntervalOption = IntervalMethod.EXPANDED,
) -> None:
    """Test whether systems differ significantly from a baseline.

    The baseline and every system must have predictions for all documents in GOLD (but see
    --allow-missing). Macro averages are over the types in gold. If a system has several runs, the
    means over runs are compared, and the test includes the variation over documents and runs.
    """
    from aloi.eval.reading import read_annotations, read_predictions
    from aloi.eval.reports import run_comparison, system_comparison

    if len(set(systems)) < len(systems) or len(systems) < 2:
        raise typer.BadParameter("give at least two different paths, with the baseline first")
    runs = {text: run_paths(text) for text in systems}
    must_exist(gold, *(path for paths in runs.values() for path in paths))
    _check_schemes(scheme or (), system_comparison.COMPARABLE_SCHEMES)
    corpus = corpus_at(gold)
    read = {
        text: [read_predictions(path, gold=gold) for path in paths] for text, paths in runs.items()
    }
    options = EvaluationOptions(
        schemes=scheme,
        schema=schema_for(schema, corpus),
        corpus=str(corpus) if corpus else None,
        allow_missing=allow_missing,
        seed=seed,
        refs=refs,
        interval=interval,
    )
    documents = read_annotations(gold)
    result: Comparison | RunComparison
    if all(len(each) == 1 for each in read.values()):
        single = {text: run for text, [run] in read.items()}
        result = system_comparison.compare_systems(
            documents, single, options, replicates=replicates
        )
    else:
        result = run_comparison.compare_system_runs(documents, read, options, replicates=replicates)
    write_json(json_, result.to_json())
    print_sheets(result.sheets())
    console = stdout_console()
    minimum = system_comparison.MIN_SUPPORT
    console.print(f"few: fewer than {minimum} gold items, so the differences are unreliable")
    console.print(str(result.signature), soft_wrap=True)
    print_notes(f"warning: {each}" for each in result.warnings)


def _use_one_thread() -> None:
    """Let numpy multiply matrices on one thread; call this before numpy is imported.

    The matrices of a bootstrap are small: further threads mostly wait for each other.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _is_large(*paths: str) -> bool:
    """Return whether JSON Lines files are so large that they are scored in parts."""
    files = [Path(path) for path in paths]
    if not all(file.suffix == ".jsonl" and file.is_file() for file in files):
        return False
    return sum(file.stat().st_size for file in files) > MAX_BYTES_IN_MEMORY


def _check_schemes(schemes: Collection[str], known: Sequence[str]) -> None:
    """Exit with status 2 if a scheme is not one of `known`."""
    if unknown := {*schemes} - {*known}:
        names, choices = ", ".join(sorted(unknown)), ", ".join(known)
        raise typer.BadParameter(f"unknown scheme {names}; use one of: {choices}")


def _check_page(html: Path | None, schemes: Collection[str] | None) -> None:
    """Exit with status 2 if --html and --scheme are both given."""
    if html is not None and schemes:
        raise typer.BadParameter("--html needs the scores of all schemes: omit --scheme")


def _check_engine(
    engine: Engine,
    address: str | None,
    inputs: Sequence[str],
    *,
    html: Path | None,
    restricted_text: bool,
) -> None:
    """Exit with status 2 if the engine does not support an option or input."""
    if engine is Engine.LOCAL:
        if address:
            raise typer.BadParameter("--address requires --engine ray")
        return
    if restricted_text:
        fix = "omit this option, or use --engine local"
        raise typer.BadParameter(f"--with-restricted-text does not work with --engine ray: {fix}")
    if html is not None:
        raise typer.BadParameter("--html does not work with --engine ray: use --engine local")
    refuse_streams(*inputs)


def _print_report(report: Report, schemes: list[str] | None, *, full: bool) -> None:
    from aloi.eval.reports.report_tables import report_sheets, summary_sheets

    print_sheets(report_sheets(report) if full else summary_sheets(report, schemes))
    console = stdout_console()
    if report.unknown:
        labels = ", ".join(report.unknown)
        note = f"predicted labels not in the schema, counted as false positives: {labels}"
        console.print(printable(note))
    console.print(str(report.signature), soft_wrap=True)
    print_notes(f"warning: {each}" for each in report.warnings)


def _write_files(report: Report, **files: Path | None) -> None:
    """Write the report to each file that is not None; the keyword is the format of the file."""
    from aloi.eval.reports.output import ReportFormat, write_report

    for format_, path in files.items():
        if path is not None:
            write_report(report, path, ReportFormat(format_))
