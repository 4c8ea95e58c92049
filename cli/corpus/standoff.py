"""The commands of `aloi corpus` for stand-off corpora: annotations without their texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aloi.cli.shared.console import fail
from aloi.cli.shared.inputs import must_exist

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


def _must_be_standoff(folder: Path) -> None:
    """Exit with status 2 if a folder is not a stand-off corpus."""
    from aloi.corpus.corpus_folder import is_standoff

    if not is_standoff(folder):
        raise typer.BadParameter(f"{folder} is not a stand-off corpus: it has no standoff.toml")
