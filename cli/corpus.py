"""The commands of `aloi corpus`: work on a corpus, stand-off corpora, removal of documents."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli import corpus_gate, corpus_migration, corpus_refs, corpus_site
from aloi.cli.shared.console import fail, print_frames, write_json
from aloi.cli.shared.inputs import must_exist, open_corpus
from aloi.corpus.problems import printable

if TYPE_CHECKING:
    from aloi.corpus.intake.texts import SourceText
    from aloi.corpus.quality.review import Review

DATE_FORMAT = "%Y-%m-%d"

app = typer.Typer(help="Check, review, extend and describe a corpus.", no_args_is_help=True)
app.command()(corpus_gate.gate)
app.command()(corpus_migration.migrate)
app.command()(corpus_refs.refs)
app.command()(corpus_site.site)


@app.command()
def check(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="Corpus folder, or documents: a file, a folder or `-` for standard input.",
        ),
    ],
    *,
    schema: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Also check documents against this schema (TOML; not for a corpus folder).",
            exists=True,
        ),
    ] = None,
) -> None:
    """List all errors in a corpus or in documents.

    The exit status is 1 if there are errors.
    """
    from aloi.corpus.corpus_folder import is_corpus
    from aloi.corpus.quality.checks import check_path

    must_exist(str(path))
    if schema is not None and is_corpus(path):
        raise typer.BadParameter("omit --schema: the corpus has its own schema")
    problems = list(check_path(path, schema=schema))
    if problems:
        fail(problems)
    print("0 problems")


@app.command()
def review(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
    *,
    json_: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Also write the findings to this JSON file.",
        ),
    ] = None,
) -> None:
    """List likely annotation errors found by rules.

    Findings that are accepted in review.toml are omitted. The exit status is 1 if any finding is
    listed.
    """
    from dataclasses import asdict

    import msgspec

    from aloi.corpus.quality.review import review as review_corpus

    result = review_corpus(open_corpus(folder))
    _print_review(result)
    findings = [asdict(finding) for finding in result.open]
    write_json(json_, {"open": findings, "stale": msgspec.to_builtins(result.stale)})
    if result.open:
        raise typer.Exit(1)


def _print_review(result: Review) -> None:
    """Print the open findings, the stale entries of review.toml, and the number of each."""
    from collections import Counter

    for finding in result.open:
        print(printable(str(finding)))
    for entry in result.stale:
        print(printable(f"stale in review.toml: {entry}"))
    for rule, count in sorted(Counter(finding.rule for finding in result.open).items()):
        print(f"{count:6} {rule}")
    print(f"{len(result.open):6} open, {len(result.stale)} stale")


SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="Text file (.txt), web page (.html) or folder of such files (`-` for plain text on "
        "standard input).",
    ),
]
FolderArgument = Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")]
IdOption = Annotated[
    str | None,
    typer.Option(
        "--id", metavar="ID", help="Document id; required for `-` (default: from the file name)."
    ),
]
TitleOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT", help="Title of the text (default: title of the web page, otherwise none)."
    ),
]
DateOption = Annotated[
    datetime | None,
    typer.Option(
        formats=[DATE_FORMAT],
        metavar="YYYY-MM-DD",
        help="Date of publication (default: date of the web page, otherwise none).",
    ),
]
OriginOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="TEXT",
        help="Publisher or web address of the text "
        "(default: address of the web page, otherwise unknown).",
    ),
]
RightsOption = Annotated[
    str | None,
    typer.Option(
        metavar="LICENCE", help="Licence of the text, for example CC BY 4.0 (default: unknown)."
    ),
]
HolderOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Holder of the rights in the text (default: unknown)."),
]
LangOption = Annotated[
    str | None,
    typer.Option(metavar="CODE", help="Language code, for example fr (default: none)."),
]
RetrievedOption = Annotated[
    datetime | None,
    typer.Option(
        formats=[DATE_FORMAT],
        metavar="YYYY-MM-DD",
        help="Date on which the text was retrieved (default: none).",
    ),
]
RedistributableOption = Annotated[
    bool,
    typer.Option(
        "--redistributable",
        help="Record that the text may be redistributed (default: redistribution not allowed).",
    ),
]


@app.command()
def add(
    source: SourceArgument,
    folder: FolderArgument,
    *,
    id_: IdOption = None,
    title: TitleOption = None,
    date: DateOption = None,
    origin: OriginOption = None,
    rights: RightsOption = None,
    holder: HolderOption = None,
    lang: LangOption = None,
    retrieved: RetrievedOption = None,
    redistributable: RedistributableOption = False,
) -> None:
    """Add new texts to a corpus for annotation.

    The texts are normalised and written to CORPUS/inbox. Duplicates and near-duplicates of texts
    in the corpus are refused. If SOURCE contains several texts, the metadata options apply to every
    text, and --id and --title are not allowed.
    """
    from aloi.corpus.corpus_folder import INBOX
    from aloi.corpus.intake import addition
    from aloi.corpus.locks import locked
    from aloi.corpus.streams import is_unnamed

    must_exist(source)
    corpus = open_corpus(folder)
    if is_unnamed(source) and id_ is None:
        raise typer.BadParameter("add --id: a text from standard input has no file name")
    texts = _read_texts(source)
    if len(texts) > 1 and (id_ or title):
        raise typer.BadParameter(f"omit --id and --title: {source} contains {len(texts)} texts")
    details = addition.TextDetails(
        id=id_,
        title=title,
        date=date.strftime(DATE_FORMAT) if date else None,
        source=origin,
        rights=rights,
        holder=holder,
        lang=lang,
        retrieved=retrieved.strftime(DATE_FORMAT) if retrieved else None,
        redistributable=redistributable,
    )
    with locked(folder):
        added = addition.add_texts(texts, corpus, details)
    for document in added:
        print(f"{folder / INBOX / document.id}.json")


def _read_texts(source: str) -> list[SourceText]:
    """Return the texts in a file, folder or stream; a stream without a name must be plain text."""
    import logging
    from dataclasses import replace

    from aloi.corpus.intake.texts import parse_plain, read_texts
    from aloi.corpus.streams import is_stream, is_unnamed, on_disk

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # problems are reported by aloi
    with on_disk(source) as copy:
        if is_stream(source) and is_unnamed(source):
            return [parse_plain(copy.path.read_bytes(), file=source)]
        texts = read_texts(copy.path)
    return [replace(text, file=copy.restore(text.file)) for text in texts]


@app.command()
def stats(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
    *,
    json_: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Also write the tables to this JSON file.",
        ),
    ] = None,
    plots: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write plots (SVG) to this folder."),
    ] = None,
) -> None:
    """Print counts of documents, words, mentions and relations.

    The tables show the counts by split, label, length and metadata.
    """
    import sys

    from aloi.corpus.statistics.corpus_counts import corpus_tables, to_json

    corpus = open_corpus(folder)
    tables = corpus_tables(corpus)
    print_frames(tables)
    print(corpus)
    write_json(json_, to_json(tables))
    if plots is not None:
        from aloi.corpus.statistics.plots import write_plots

        for path in write_plots(corpus, plots):
            print(f"written: {path}", file=sys.stderr)


@app.command()
def card(
    folder: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus folder.")],
) -> None:
    """Update the tables of counts in CORPUS/README.md."""
    from aloi.corpus.statistics.readme_tables import README_FILE, update_readme

    update_readme(open_corpus(folder))
    print(f"counts written to {folder / README_FILE}")


StandoffArgument = Annotated[
    Path,
    typer.Argument(
        metavar="STANDOFF", help="Stand-off corpus: the folder that contains standoff.toml."
    ),
]
TextsArgument = Annotated[
    Path,
    typer.Argument(
        metavar="TEXTS", help="Folder with the texts: YEAR/MONTH/ID.txt and YEAR/*-urls.txt."
    ),
]


@app.command()
def fetch(
    standoff: StandoffArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write.")],
    *,
    repository: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Git repository to fetch from (default: the one named in standoff.toml).",
        ),
    ] = None,
) -> None:
    """Download the texts of a stand-off corpus.

    They come from a git repository. Only the commit that standoff.toml names is fetched. An
    earlier download is used again.
    """
    import msgspec

    from aloi.cli.shared.console import output_lock
    from aloi.corpus.standoff.standoff_folder import load_manifest
    from aloi.corpus.standoff.text_repository import fetch_texts

    _must_be_standoff(standoff)
    source = load_manifest(standoff).texts
    if repository is not None:
        source = msgspec.structs.replace(source, repository=repository)
    with output_lock(str(out)):
        fetched = fetch_texts(source, out)
    print(f"{out}: commit {source.commit}{'' if fetched else ' was fetched earlier'}")


@app.command()
def attach(
    standoff: StandoffArgument,
    texts: TextsArgument,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Corpus folder to write.")],
) -> None:
    """Write a corpus folder from a stand-off corpus and its texts.

    Every text is verified by its salted hash. Documents that do not match are reported and left
    out; the exit status is then 1.
    """
    from aloi.cli.shared.console import output_lock
    from aloi.corpus.problems import count_noun
    from aloi.corpus.standoff.attachment import attach_texts
    from aloi.corpus.standoff.collection import TextCollection
    from aloi.corpus.standoff.standoff_folder import StandoffCorpus

    _must_be_standoff(standoff)
    must_exist(str(texts))
    with output_lock(str(out)):
        result = attach_texts(StandoffCorpus.open(standoff), TextCollection.open(texts), out)
    print(f"{count_noun(len(result.attached), 'document')} attached")
    if result.problems:
        fail(result.problems)


@app.command()
def detach(
    documents: Annotated[
        Path,
        typer.Argument(
            metavar="DOCUMENTS", help="Annotated documents with their texts, in any format."
        ),
    ],
    texts: TextsArgument,
    standoff: StandoffArgument,
    *,
    annotator: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Write the pass of this annotator instead of gold (default: write gold).",
        ),
    ] = None,
    guidelines: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION",
            help="Guideline version to record (default: the one in the documents' metadata).",
        ),
    ] = None,
) -> None:
    """Store annotations in a stand-off corpus without their texts.

    The texts must be exactly those in TEXTS. If there is any problem, nothing is written.
    """
    from aloi.corpus.formats.registry import read
    from aloi.corpus.locks import locked
    from aloi.corpus.problems import count_noun
    from aloi.corpus.standoff.attachment import detach_documents
    from aloi.corpus.standoff.collection import TextCollection
    from aloi.corpus.standoff.standoff_folder import StandoffCorpus

    _must_be_standoff(standoff)
    must_exist(str(documents), str(texts))
    with locked(standoff):
        files = detach_documents(
            list(read(str(documents))),
            StandoffCorpus.open(standoff),
            TextCollection.open(texts),
            annotator=annotator,
            guideline_version=guidelines,
        )
    print(f"{count_noun(len(files), 'record')} written")


@app.command()
def draw(
    standoff: StandoffArgument,
    texts: TextsArgument,
) -> None:
    """Sample the documents of a stand-off corpus at random.

    The documents are drawn from the text collection. The rules are STANDOFF/draw_rule.toml and
    STANDOFF/themes.toml; the result is STANDOFF/draw.toml. An existing draw.toml is never
    overwritten.
    """
    from aloi.corpus.standoff.collection import TextCollection
    from aloi.corpus.standoff.draw import write_draw

    _must_be_standoff(standoff)
    must_exist(str(texts))
    print(write_draw(standoff, TextCollection.open(texts)))


@app.command()
def remove(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of the document.")],
    folder: Annotated[
        Path,
        typer.Argument(metavar="[CORPUS]", help="Corpus folder, or stand-off corpus."),
    ] = Path("corpus"),
) -> None:
    """Remove a document and every trace of it from a corpus.

    The document is removed from gold, passes, splits, restricted documents and the stand-off
    corpora inside the folder. removed.toml keeps its id, so that it is not added again.
    """
    from aloi.corpus.locks import locked
    from aloi.corpus.removal.removal import corpus_folders, remove_document

    if not corpus_folders(folder):
        raise typer.BadParameter(f"{folder} is not a corpus folder: it contains no corpus.toml")
    with locked(folder):
        files = remove_document(folder, id_, datetime.now().date())
    for file in files:
        print(f"{'changed' if file.exists() else 'removed'}: {file}")
    if not files:
        print(f"nothing to do: {id_} was removed before")


def _must_be_standoff(folder: Path) -> None:
    """Exit with status 2 if a folder is not a stand-off corpus."""
    from aloi.corpus.corpus_folder import is_standoff

    if not is_standoff(folder):
        raise typer.BadParameter(f"{folder} is not a stand-off corpus: it has no standoff.toml")
