"""`aloi release`: build, check, rehydrate, push and diff."""

from __future__ import annotations

import sys
from collections.abc import Sized
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.console import steps
from aloi.cli.inputs import must_exist, open_corpus

if TYPE_CHECKING:
    from aloi.corpus.collection import Corpus
    from aloi.corpus.release.clearance import ClearedFiles
    from aloi.corpus.release.publish.plan import PushPlan, Target
    from aloi.corpus.release.read.rehydration import Rehydrated
    from aloi.corpus.release.versions.comparison import Differences

app = typer.Typer(help="Publish a corpus.", no_args_is_help=True)


@app.command()
def build(
    folder: Annotated[Path, typer.Argument(metavar="[CORPUS]", help="A corpus folder.")] = Path(
        "corpus"
    ),
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to make or replace.")],
    figures: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Scores (experiment) or agreement (annotate agree --json); may be repeated.",
            exists=True,
        ),
    ] = None,
    refs: Annotated[
        bool, typer.Option("--refs/--no-refs", help="With what restricted mentions refer to.")
    ] = True,
) -> None:
    """Make a folder that `datasets` loads, with no text that may not be given on."""
    from aloi.corpus.locks import locked
    from aloi.corpus.release.build.assembly import build as write
    from aloi.corpus.release.build.figures import read_figures

    corpus = open_corpus(folder)
    given = read_figures(figures or [])
    with locked(out), steps() as tell:
        notes = write(corpus, out, figures=given, refs=refs, tell=tell)
    for note in notes:
        print(f"tokens: {note}", file=sys.stderr)
    print(f"written: {out}", file=sys.stderr)


@app.command()
def check(
    folder: Annotated[Path, typer.Argument(metavar="RELEASE", help="A release.", exists=True)],
    corpus: Annotated[
        Path | None, typer.Argument(metavar="[CORPUS]", help="What it was made from.")
    ] = None,
) -> None:
    """Open a release as its users will, and list everything wrong with it.

    With CORPUS every document is compared, and every file is searched for text of the restricted
    documents, even with changed capitals, punctuation, spaces or markup (docs/rights.md).
    """
    import logging

    from aloi.cli.console import fail
    from aloi.corpus.release.publish.check import check as examine
    from aloi.corpus.release.read.layout import Release

    logging.getLogger("absl").setLevel(logging.ERROR)  # what mlcroissant would only recommend
    with steps() as tell:
        checked = examine(Release.open(folder), open_corpus(corpus) if corpus else None, tell=tell)
    for name, result in checked.done.items():
        print(f"{name}: {result}")
    if checked.problems:
        fail(checked.problems)


@app.command()
def rehydrate(
    folder: Annotated[Path, typer.Argument(metavar="RELEASE", help="A release.", exists=True)],
    texts: Annotated[
        Path,
        typer.Argument(
            metavar="TEXTS", help=".txt, .html or .jsonl file, or folder of texts.", exists=True
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the documents go.")],
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the report there too.")
    ] = None,
) -> None:
    """Put the documents that lack their text together again, from texts that you have.

    Files are named by the document's id, or found by their content. Status 1 if anything is lost.
    """
    import json

    from aloi.corpus import document_files
    from aloi.corpus.files import atomic_text_file
    from aloi.corpus.locks import locked
    from aloi.corpus.release.read import rehydration
    from aloi.corpus.release.read.layout import Release
    from aloi.corpus.streams import on_disk

    release = Release.open(folder)
    with on_disk(texts) as given:
        fetch = rehydration.texts_of(release, rehydration.read_texts(given.path))
    result = rehydration.rehydrate(release, fetch)
    if result.found:
        with locked(out):
            document_files.write(result.found, out)
    if json_ is not None:
        with atomic_text_file(json_) as stream:
            json.dump(result.to_json(), stream, ensure_ascii=False, indent=1)
    _show(result)
    if not result.whole:
        raise typer.Exit(1)


def _show(result: Rehydrated) -> None:
    """What came through, by type."""
    import pandas as pd
    from rich.console import Console

    from aloi.cli.console import table
    from aloi.corpus.release.read.rehydration import OUTCOMES

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    report = result.to_json()
    for kind in ("entities", "relations"):
        frame = pd.DataFrame.from_dict(report[kind], orient="index", columns=list(OUTCOMES))
        frame.loc["all"] = frame.sum()
        console.print(table(kind, frame))
    for outcome, ids in report["documents"].items():
        console.print(f"{len(ids)} documents {outcome}: {', '.join(ids)}".rstrip(": "))


Repo = Annotated[str, typer.Option(metavar="ORG/NAME", help="The repository on the hub.")]
Tag = Annotated[str, typer.Option(metavar="vX.Y.Z", help="The tag that this version gets.")]
Public = Annotated[
    bool, typer.Option("--public", help="Everyone may read it; else it is made private.")
]
PushCorpus = Annotated[
    Path | None,
    typer.Option(
        metavar="CORPUS",
        help="Search all files for restricted text of this corpus (default: the folder `corpus`).",
        exists=True,
    ),
]
Execute = Annotated[
    bool, typer.Option("--execute", help="Send it; else only show what would be sent.")
]


@app.command()
def push(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A built release.", exists=True)],
    *,
    repo: Repo,
    tag: Tag,
    corpus: PushCorpus = None,
    public: Public = False,
    execute: Execute = False,
) -> None:
    """Publish a release as one commit and one tag of a dataset repository.

    Every file is searched for restricted text first. Without --execute nothing is sent. The token
    is HF_TOKEN, or the login of `hf auth login`.
    """
    from aloi.corpus.release.publish.integrity import intact_files
    from aloi.corpus.release.publish.plan import Target

    target = Target(repo, tag, "dataset", public)
    files = intact_files(folder, tag=tag, corpus=_corpus_at_hand(corpus))
    _push(files, target, execute=execute)


@app.command("push-model")
def push_model(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A trained pipeline.", exists=True)
    ],
    *,
    repo: Repo,
    tag: Tag,
    evaluation: Annotated[
        Path | None, typer.Option(help="Its scores: eval.json of `make eval`.", exists=True)
    ] = None,
    corpus: PushCorpus = None,
    public: Public = False,
    execute: Execute = False,
) -> None:
    """Publish a trained pipeline, its card, its scores and its licence; otherwise like push."""
    from aloi.corpus.release.publish.plan import Target
    from aloi.models.publication.publishing import publishable

    target = Target(repo, tag, "model", public)
    files = publishable(model, evaluation=evaluation, corpus=_corpus_at_hand(corpus))
    _push(files, target, execute=execute)


@app.command()
def scan(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Any folder.", exists=True, file_okay=False)
    ],
    corpus: Annotated[
        Path, typer.Argument(metavar="[CORPUS]", help="A corpus folder.", exists=True)
    ] = Path("corpus"),
) -> None:
    """Search every file of a folder, such as an earlier push, for restricted text of a corpus.

    Status 1 if there is any. In a pipeline's vocabulary, and in binary files, only long runs count.
    """
    from aloi.corpus.release.clearance import clear, folder_files, vocabularies

    files = folder_files(folder)
    cleared = clear(files, open_corpus(corpus), vocabularies=vocabularies(files))
    for name in files:
        print(f"checked {name}")
    _show_cleared(cleared)


def _corpus_at_hand(folder: Path | None) -> Corpus | None:
    """Open the corpus of --corpus, else the folder `corpus` if it is one."""
    from aloi.corpus.collection import is_corpus

    default = Path("corpus")
    if folder is None and not is_corpus(default):
        return None
    return open_corpus(folder or default)


def _push(files: ClearedFiles, target: Target, *, execute: bool) -> None:
    from aloi.corpus.extras import need

    need("huggingface_hub", extra="hub")
    from aloi.corpus.release.publish import hub

    planned = hub.plan(files, target)
    _show_plan(planned)
    _show_cleared(files)
    if not execute:
        print("nothing was sent; --execute sends it")
        return
    if not sys.stderr.isatty():
        from huggingface_hub.utils.tqdm import disable_progress_bars

        disable_progress_bars()
    pushed = hub.push(planned)
    made = "made" if pushed.committed else "there already"
    print(f"commit {pushed.commit} ({made})")
    print(f"tag {target.tag} ({'made' if pushed.tagged else 'there already'})")


def _show_plan(planned: PushPlan) -> None:
    """Print what a plan would send, one line per file, each with whether it was checked."""
    from aloi.corpus.release.publish.plan import size

    found = "new, if not hidden from this token" if planned.remote is None else "there already"
    known = "not known, the hub could not be read" if planned.unread else found
    print(f"{planned.target}, {planned.target.visibility} ({known}), tag {planned.target.tag}")
    for problem in planned.unread:
        print(problem)
    checked = ", checked" if planned.cleared.documents else ""
    for sign, paths in (("+", planned.added), ("~", planned.changed)):
        for path in paths:
            print(f"{sign} {path} ({size(planned.files[path]):,} bytes{checked})")
    for path in planned.removed:
        print(f"- {path}")
    same = len(planned.files) - len(planned.added) - len(planned.changed)
    total = sum(map(size, planned.files.values()))
    print(f"{len(planned.files)} files, {total:,} bytes; {same} unchanged")


def _show_cleared(cleared: ClearedFiles) -> None:
    """Print what the files were searched for."""
    if cleared.corpus is None:
        print("restricted text: not checked, no corpus (--corpus); no restricted document is named")
        return
    if cleared.documents:
        print(
            f"restricted text: none found in {_count(cleared.files, 'file')}; searched for "
            f"{_count(cleared.documents, 'restricted document')} of {cleared.corpus}: "
            f"{', '.join(cleared.documents)}"
        )
    else:
        print(f"restricted text: {cleared.corpus} has no restricted document to search for")
    if cleared.missing:
        print(f"not searched for, as the corpus folder lacks them: {', '.join(cleared.missing)}")


def _count(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(metavar="V1", help="Release, corpus or documents.")],
    new: Annotated[Path, typer.Argument(metavar="V2", help="The same, later.")],
    *,
    json_: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the differences there.")
    ] = None,
    changelog: Annotated[
        bool, typer.Option("--changelog", help="Print a drafted CHANGELOG entry instead.")
    ] = False,
) -> None:
    """What differs between two versions, and the step that it asks for (docs/versioning.md).

    Status 1 if the version of V2 is lower than that.
    """
    import json
    from datetime import UTC, datetime

    from aloi.cli.console import fail
    from aloi.corpus.files import atomic_text_file
    from aloi.corpus.release.versions import bump_rules as versions
    from aloi.corpus.release.versions.changelog_entry import entry
    from aloi.corpus.release.versions.comparison import compare
    from aloi.corpus.release.versions.comparison_tables import to_json
    from aloi.corpus.release.versions.editions import open_edition

    must_exist(str(old), str(new))
    found = compare(open_edition(old), open_edition(new))
    if json_ is not None:
        with atomic_text_file(json_) as stream:
            json.dump(to_json(found), stream, ensure_ascii=False, indent=1)
    if changelog:
        print(entry(found, day=datetime.now(UTC).date().isoformat()))
    else:
        _show_differences(found)
    problems = list(versions.version_problems(found))
    if problems:
        fail(problems)


def _show_differences(found: Differences) -> None:
    from rich.console import Console

    from aloi.cli.console import table
    from aloi.corpus.release.versions import bump_rules as versions
    from aloi.corpus.release.versions.comparison_tables import tables

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    for title, frame in tables(found).items():
        if len(frame):
            console.print(table(title, frame))
    why = versions.reasons(found)
    for reason in why:
        print(f"{reason.step}: {reason.what}")
    print(f"{found.old} → {found.new}: step {versions.step(why)}")
