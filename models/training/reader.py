"""The reader that training configs name: native documents as spaCy examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.training import Example

from aloi.corpus import document_files
from aloi.corpus.formats.shared.spacy_docs import annotate, set_entities


def read_documents(path: Path, *, gold_entities: bool) -> Callable[[Language], Iterator[Example]]:
    """A corpus for `spacy train` (reader `aloi.Documents.v1`) from a native file or folder.

    `gold_entities`: the predicted docs start with gold's mentions, so that a relation component
    without an entity recogniser before it has something to relate. Documents are never cut.
    """

    def examples(nlp: Language) -> Iterator[Example]:
        for document in document_files.read(Path(path)):
            predicted = nlp.make_doc(document.text)
            if gold_entities:
                set_entities(predicted, document.entities)
            yield Example(predicted, annotate(nlp.make_doc(document.text), document))

    return examples
