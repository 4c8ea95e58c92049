"""lines: one document per line, without annotations."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options

CAPABILITIES = Capabilities(relations=False)
ReadOptions = WriteOptions = Options


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield a document for each line, with its number as id."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        yield Document(f"d{number}", line, ())


def write(documents: Iterable[Document], path: Path, options: Options, notes: Notes) -> int:
    """Write the text of each document on a line."""
    texts = [document.text for document in documents]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return len(texts)
