"""`aloi corpus add`: new texts for annotation."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aloi.cli.shared.inputs import must_exist, open_corpus

if TYPE_CHECKING:
    from aloi.corpus.intake.texts import SourceText


DATE_FORMAT = "%Y-%m-%d"

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
