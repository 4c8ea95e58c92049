"""The corpus reader of training configs: native documents as spaCy examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.training import Example

from aloi.corpus import document_files
from aloi.corpus.formats.shared.spacy_docs import annotate, set_entities


def read_documents(path: Path, *, gold_entities: bool) -> Callable[[Language], Iterator[Example]]:
    """Return the reader `aloi.Documents.v1` for a native file or folder.

    gold_entities: also set the gold mentions on the predicted docs, for a relation component
    without an entity recogniser earlier in the pipeline. Documents are never truncated.
    """

    def examples(nlp: Language) -> Iterator[Example]:
        for document in document_files.read(Path(path)):
            predicted = nlp.make_doc(document.text)
            if gold_entities:
                set_entities(predicted, document.entities)
            yield Example(predicted, annotate(nlp.make_doc(document.text), document))

    return examples
