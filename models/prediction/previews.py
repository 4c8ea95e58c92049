"""Prediction to look at: on a plain text, or on documents in any format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.intake.texts import parse_plain
from aloi.corpus.streams import on_disk
from aloi.models.prediction.pipelines import load_pipeline, model_version, predict_documents


@dataclass(frozen=True, slots=True)
class Preview:
    """Predicted documents, and the name of the pipeline that predicted them."""

    model: str
    documents: tuple[Document, ...]


def preview(model: str, source: str, *, gold_entities: bool = False, workers: int = 1) -> Preview:
    """Return the predictions of a pipeline on a text or on documents, in memory.

    model: pipeline folder or package. source: a `.txt` file, a stream that contains plain text, or
    documents in any format; "-" is standard input. gold_entities, workers: see
    `predict_documents`. Raises `DataError` for an invalid model or input.
    """
    nlp = load_pipeline(model)  # first: report a wrong model before waiting for a stream
    name = model_version(nlp)
    with on_disk(source) as copy:
        documents: Iterable[Document] = read_texts(copy.path, copy.name)
        predicted = predict_documents(
            nlp, documents, gold_entities=gold_entities, workers=workers, model=name
        )
        return Preview(name, tuple(predicted))


def read_texts(file: Path, name: str) -> Iterator[Document]:
    """Yield the documents in a file or folder; a plain text is one document.

    file: documents in any format, a plain text, or a folder of `.txt` files. The id of the document
    of a text is the name of its file without suffix. name: the name of `file` for messages.
    """
    if _is_plain_text(file):
        id_ = "text" if name != str(file) else file.stem
        yield Document(id_, parse_plain(file.read_bytes(), file=name).text, ())
    elif texts := _plain_texts(file):
        for text in texts:
            yield Document(text.stem, parse_plain(text.read_bytes(), file=str(text)).text, ())
    else:
        yield from registry.read(str(file))


def _plain_texts(folder: Path) -> list[Path]:
    """Return the files in a folder if all of them are plain texts, otherwise []."""
    if not folder.is_dir():
        return []
    files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    return files if all(map(_is_plain_text, files)) else []


def _is_plain_text(file: Path) -> bool:
    """Return whether a file has the suffix of a text or none, and its content has no format."""
    if file.is_dir() or file.suffix not in ("", ".txt") or detect_format(file) != "native":
        return False
    with file.open("rb") as stream:
        return not stream.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))
