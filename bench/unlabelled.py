"""Texts of French Wikinews for `aloi train --teacher --unlabelled`, without any held-out article.

    python bench/unlabelled.py DATA OUT [--held-out PATH]...

DATA contains the folder `winer-fr` (2016 and 2017). OUT/texts.jsonl contains its texts without
annotations, except the last quarter of 2017, on which `bench/models.py` scores, and the documents
with the id or the text of a document in PATH. PATH: file or folder of documents; of a corpus folder
(corpus/, build/wikinews), the documents of the splits dev and test. OUT/held-out.jsonl contains the
documents that were excluded or must be, for `aloi train --exclude`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from model_tasks.entities import split

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus, is_corpus
from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.models.training.teaching import HeldOutTexts

RIGHTS = {
    "rights": "CC BY 2.5",
    "holder": "Contributors to French Wikinews (fr.wikinews.org)",
    "source": "WiNER-fr",
    "redistributable": True,
}
"""The rights in the texts of French Wikinews, for the training record."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--held-out", type=Path, action="append", default=[])
    options = parser.parse_args()
    earlier, last_quarter = split(options.data / "winer-fr")
    held_out = {each.id: each for path in options.held_out for each in held_out_documents(path)}
    held_out |= {each.id: each for each in last_quarter}
    texts = list(texts_without(earlier, held_out.values()))
    options.out.mkdir(parents=True, exist_ok=True)
    document_files.write(texts, options.out / "texts.jsonl")
    document_files.write(held_out.values(), options.out / "held-out.jsonl")
    print(f"{len(texts)} of {len(earlier)} texts; {len(held_out)} documents held out")


def held_out_documents(path: Path) -> Iterator[Document]:
    """Yield the documents of the splits dev and test of a corpus, or all documents of a file."""
    if not is_corpus(path):
        yield from registry.read(str(path))
        return
    corpus = Corpus.open(path)
    for document in corpus.documents:
        if corpus.split_of.get(document.id) != "train":
            yield document


def texts_without(
    documents: Iterable[Document], held_out: Iterable[Document]
) -> Iterator[Document]:
    """Yield documents without annotations, except those that are held out by id or text."""
    texts = HeldOutTexts()
    texts.add(held_out, "held out")
    for document in documents:
        if not list(texts.problems(document)):
            yield Document(document.id, document.text, (), (), {"lang": "fr", **RIGHTS})


if __name__ == "__main__":
    main()
