"""The commands `aloi release build`, `check`, `deposit`, `push`, `scan`, `diff` and others."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.shared.console import fail, output_lock, print_frames, steps, write_json
from aloi.cli.shared.inputs import must_exist, open_corpus
from aloi.corpus.problems import printable

if TYPE_CHECKING:
    from aloi.corpus.corpus_folder import Corpus
    from aloi.corpus.release.publish.push_plan import PushTarget
    from aloi.corpus.release.publish.restricted_text_check import ClearedFiles

app = typer.Typer(help="Build, check and publish releases of a corpus.", no_args_is_help=True)

DEFAULT_CORPUS = Path("corpus")
"""Default corpus folder."""


@app.command()
def build(
    folder: Annotated[
        Path, typer.Argument(metavar="[CORPUS]", help="Corpus folder.")
    ] = DEFAULT_CORPUS,
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Output folder; an existing release is replaced.")
    ],
    figures: Annotated[
        list[Path] | None,
        typer.Option(
            "--results",
            metavar="FILE",
            help="Scores or agreement to display in the dataset card: a JSON file written by "
            "`aloi experiment` or `aloi annotate agree --json`; repeatable (default: none).",
            exists=True,
        ),
    ] = None,
    refs: Annotated[
        bool,
        typer.Option(
            "--refs/--no-refs",
            help="Keep or remove the refs (entity ids) of mentions in restricted documents.",
        ),
    ] = True,
) -> None:
    """Build a release: a folder that the library `datasets` loads.

    Text that must not be redistributed is left out of the release (docs/rights.md).
    """
    from aloi.corpus.release.build.builder import build_release
    from aloi.corpus.release.build.figures import read_figures
    from aloi.eval.schemes import TYPE_SCHEMES

    corpus, card_figures = open_corpus(folder), read_figures(figures or [], schemes=TYPE_SCHEMES)
    with output_lock(str(out)), steps() as on_step:
        notes = build_release(corpus, out, figures=card_figures, refs=refs, on_step=on_step)
    for note in notes:
        print(printable(note), file=sys.stderr)
    print(f"written: {out}", file=sys.stderr)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="RELEASE", help="Release folder.", exists=True)],
    corpus: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CORPUS]",
            help="Corpus folder from which the release was built (default: none).",
        ),
    ] = None,
) -> None:
    """Check a release, and list all problems.

    The release is loaded with datasets, pandas and polars. If CORPUS is given, every document is
    compared with the corpus, and every file is searched for restricted text. The search also finds
    copies with different capitalisation, punctuation, spaces or markup (docs/rights.md). The exit
    status is 1 if there are problems.
    """
    import logging

    from aloi.corpus.release.publish.release_check import check_release
    from aloi.corpus.release.read.release_folder import Release

    logging.getLogger("absl").setLevel(logging.ERROR)  # hide mlcroissant's recommendations
    logging.getLogger("datasets").setLevel(logging.CRITICAL)  # problems are reported by aloi
    with steps() as on_step:
        expected = open_corpus(corpus) if corpus else None
        report = check_release(Release.open(folder), expected, on_step=on_step)
    _print_lines(f"{name}: {result}" for name, result in report.results.items())
    if report.problems:
        fail(report.problems)


@app.command()
def rehydrate(
    folder: Annotated[Path, typer.Argument(metavar="RELEASE", help="Release folder.", exists=True)],
    texts: Annotated[
        Path,
        typer.Argument(
            metavar="TEXTS",
            help="Copies of the texts: a .txt, .html or .jsonl file, or a folder of text files.",
            exists=True,
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the restored documents.")],
    json_: Annotated[
        Path | None,
        typer.Option("--json", metavar="FILE", help="Also write a report to this JSON file."),
    ] = None,
) -> None:
    """Restore full documents from your own copies of withheld texts.

    An exact copy is recognised by its content. Name a changed copy after the id of its document,
    for example ID.txt. The exit status is 1 if a document, mention or relation cannot be restored.
    """
    from aloi.corpus import document_files
    from aloi.corpus.release.read.rehydration import rehydrate as restore
    from aloi.corpus.release.read.release_folder import Release

    result = restore(Release.open(folder), texts)
    if result.documents:
        with output_lock(str(out)):
            document_files.write(result.documents, out)
    write_json(json_, result.to_json())
    print_frames(result.tables())
    _print_lines(result.summary())
    if not result.is_complete:
        raise typer.Exit(1)


Repo = Annotated[str, typer.Option(metavar="ORG/NAME", help="Repository on the Hugging Face Hub.")]
Tag = Annotated[
    str, typer.Option(metavar="vX.Y.Z", help="Version tag to create, for example v1.0.0.")
]
Public = Annotated[
    bool,
    typer.Option("--public", help="Push to a public repository (default: private repository)."),
]
PushCorpus = Annotated[
    Path | None,
    typer.Option(
        metavar="CORPUS",
        help="Corpus folder; the files are searched for its restricted text "
        "(default: the folder `corpus`, if it exists).",
        exists=True,
    ),
]
Evaluations = Annotated[
    list[Path] | None,
    typer.Option(
        "--evaluation",
        metavar="FILE",
        help="Scores to publish: eval.json, written by `aloi experiment` (default: none). "
        "Repeatable; the model card shows them in this order.",
        exists=True,
    ),
]
Execute = Annotated[
    bool, typer.Option("--execute", help="Send the files (default: only list the files to send).")
]


@app.command()
def push(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Release folder.", exists=True)],
    *,
    repo: Repo,
    tag: Tag,
    corpus: PushCorpus = None,
    public: Public = False,
    execute: Execute = False,
) -> None:
    """Publish a release on the Hugging Face Hub.

    The push creates one commit and one tag in a dataset repository. Every file is first
    searched for restricted text. Nothing is sent without --execute. The access token is read from
    HF_TOKEN, or from the login saved by `hf auth login`.
    """
    from aloi.corpus.release.publish.push_plan import PushTarget
    from aloi.corpus.release.publish.release_files import release_files

    target = PushTarget(repo, tag, "dataset", public)
    files = release_files(folder, tag=tag, corpus=_push_corpus(corpus))
    _push(files, target, execute=execute)


@app.command()
def deposit(
    folder: Annotated[Path, typer.Argument(metavar="RELEASE", help="Release folder.", exists=True)],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Output folder; an earlier deposit is replaced.")
    ],
    previous_doi: Annotated[
        str | None,
        typer.Option(
            metavar="DOI",
            help="DOI of the previous version, such as 10.5281/zenodo.1 (default: none).",
        ),
    ] = None,
    figures: Annotated[
        list[Path] | None,
        typer.Option(
            "--results",
            metavar="FILE",
            help="Agreement for the data section: a JSON file written by "
            "`aloi annotate agree --json`; repeatable (default: none).",
            exists=True,
        ),
    ] = None,
    corpus: PushCorpus = None,
) -> None:
    """Write the files for a deposit of a release on Zenodo.

    Nothing is sent. The output contains the files to upload, the metadata of the deposit
    (zenodo.json), a BibTeX entry (citation.bib) and the data section of a paper (data-section.tex).
    Every file is first searched for restricted text.
    """
    from aloi.corpus.release.build.figures import read_figures
    from aloi.corpus.release.deposit.folder import write_deposit
    from aloi.eval.schemes import TYPE_SCHEMES

    agreement = read_figures(figures or [], schemes=TYPE_SCHEMES)
    with output_lock(str(out)):
        files = write_deposit(
            folder, out, corpus=_push_corpus(corpus), figures=agreement, previous=previous_doi
        )
    _print_lines(files.summary())
    print(f"written: {out}", file=sys.stderr)


@app.command("push-model")
def push_model(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="Folder of a trained pipeline.", exists=True)
    ],
    *,
    repo: Repo,
    tag: Tag,
    evaluations: Evaluations = None,
    corpus: PushCorpus = None,
    public: Public = False,
    execute: Execute = False,
) -> None:
    """Publish a trained pipeline on the Hugging Face Hub.

    The push sends the pipeline with its model card, scores and licence. Every file is first
    searched for restricted text. Nothing is sent without --execute.
    """
    from aloi.corpus.release.publish.push_plan import PushTarget
    from aloi.models.publication.pipeline_files import pipeline_files

    target = PushTarget(repo, tag, "model", public)
    files = pipeline_files(model, evaluations=evaluations or [], corpus=_push_corpus(corpus))
    _push(files, target, execute=execute)


@app.command()
def wheel(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="Folder of a trained pipeline.", exists=True, file_okay=False
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the wheel.")],
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the package, without the language (default: the name of the pipeline)."
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(
            metavar="X.Y.Z", help="Version of the package (default: the version of aloi)."
        ),
    ] = None,
    evaluations: Evaluations = None,
    corpus: PushCorpus = None,
) -> None:
    """Pack a trained pipeline as a Python package.

    `pip install FILE.whl` installs the pipeline with its model card, scores and licence. Every file
    is first searched for restricted text.
    """
    from aloi.models.publication.wheel import build_wheel

    built = build_wheel(
        model,
        out,
        name=name,
        version=version,
        evaluations=evaluations or [],
        corpus=_push_corpus(corpus),
    )
    _print_lines(built.cleared.summary())
    print(built.file)


@app.command()
def scan(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder to search.", exists=True, file_okay=False)
    ],
    corpus: Annotated[
        Path,
        typer.Argument(
            metavar="[CORPUS]", help="Corpus folder with the restricted text.", exists=True
        ),
    ] = DEFAULT_CORPUS,
) -> None:
    """Search a folder for restricted text of a corpus.

    The folder may contain any files, for example files downloaded from the Hub. In the vocabulary
    of a pipeline and in binary files, a match is reported only if at least 40 consecutive letters
    and digits agree with restricted text. The exit status is 1 if any file contains restricted
    text.
    """
    from aloi.corpus.release.publish.restricted_text_check import (
        clear_files,
        find_vocabularies,
        list_files,
    )

    files = list_files(folder)
    cleared = clear_files(files, open_corpus(corpus), vocabularies=find_vocabularies(files))
    _print_lines(f"checked {name}" for name in files)
    _print_lines(cleared.summary())


@app.command()
def diff(
    old: Annotated[
        Path, typer.Argument(metavar="V1", help="Old version: a release, corpus or documents.")
    ],
    new: Annotated[
        Path, typer.Argument(metavar="V2", help="New version: a release, corpus or documents.")
    ],
    *,
    json_: Annotated[
        Path | None,
        typer.Option(
            "--json", metavar="FILE", help="Also write the differences to this JSON file."
        ),
    ] = None,
    changelog: Annotated[
        bool,
        typer.Option("--changelog", help="Print a draft of a CHANGELOG entry instead of tables."),
    ] = False,
) -> None:
    """Compare two versions of a corpus.

    The output includes the version bump that the differences require (docs/versioning.md). The exit
    status is 1 if the version number of V2 is too low.
    """
    from datetime import UTC, datetime

    from aloi.corpus.release.versions import comparison_tables
    from aloi.corpus.release.versions.bump_rules import version_problems
    from aloi.corpus.release.versions.changelog_entry import draft_entry
    from aloi.corpus.release.versions.snapshots import open_snapshot
    from aloi.corpus.release.versions.version_comparison import compare_snapshots

    must_exist(str(old), str(new))
    differences = compare_snapshots(open_snapshot(old), open_snapshot(new))
    write_json(json_, comparison_tables.differences_to_json(differences))
    if changelog:
        print(draft_entry(differences, day=datetime.now(UTC).date().isoformat()))
    else:
        print_frames(comparison_tables.difference_tables(differences))
        _print_lines(comparison_tables.reason_lines(differences))
    if problems := list(version_problems(differences)):
        fail(problems)


def _push_corpus(folder: Path | None) -> Corpus | None:
    """Return the corpus in a folder; without a folder, return the default corpus, if it exists."""
    from aloi.corpus.corpus_folder import is_corpus

    if folder is None and not is_corpus(DEFAULT_CORPUS):
        return None
    return open_corpus(folder or DEFAULT_CORPUS)


def _push(files: ClearedFiles, target: PushTarget, *, execute: bool) -> None:
    from aloi.corpus.optional_dependencies import need

    need("huggingface_hub", extra="hub")
    from aloi.corpus.release.publish import hub

    plan = hub.plan_push(files, target)
    _print_lines(plan.summary())
    _print_lines(files.summary())
    if not execute:
        print("nothing was sent; add --execute to send these files")
        return
    _print_lines(hub.execute_push(plan, progress=sys.stderr.isatty()).summary())


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(printable(line))
