"""`aloi corpus remove`: a document and every trace of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer


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
