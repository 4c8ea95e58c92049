"""The corpus reader of training configs: native documents as spaCy examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.training import Example

from aloi.corpus import document_files
from aloi.corpus.formats.shared.spacy_docs import annotate, set_entities
from aloi.models.examples import mark_silver

GOLD_SHARE = 0.5
"""The minimum share of gold documents, by words, in a training with silver documents.

Gold documents are repeated in each epoch to reach it.
"""


def read_documents(
    path: Path, *, gold_entities: bool, silver: Path | None = None
) -> Callable[[Language], Iterator[Example]]:
    """Return the reader `aloi.Documents.v1` for a native file or folder.

    gold_entities: also set the annotated mentions on the predicted docs, for a relation component
    without an entity recogniser earlier in the pipeline. silver: native file of documents that a
    pipeline annotated. They follow the gold documents; then, gold documents are repeated (see
    `GOLD_SHARE`). Documents are never truncated.
    """

    def read(nlp: Language, file: Path) -> Iterator[Example]:
        for document in document_files.read(file):
            predicted = nlp.make_doc(document.text)
            if gold_entities:
                set_entities(predicted, document.entities)
            yield Example(predicted, annotate(nlp.make_doc(document.text), document))

    def with_silver(nlp: Language, file: Path) -> Iterator[Example]:
        gold = []
        for example in read(nlp, Path(path)):
            gold.append(example)
            yield example
        words = 0
        for example in read(nlp, file):
            mark_silver(example.reference)
            words += len(example.reference)
            yield example
        yield from gold * _repetitions(gold, words)

    def examples(nlp: Language) -> Iterator[Example]:
        return read(nlp, Path(path)) if silver is None else with_silver(nlp, Path(silver))

    return examples


def _repetitions(gold: Iterable[Example], silver_words: int) -> int:
    """Return how often the gold examples are repeated so that they make up `GOLD_SHARE`."""
    words = sum(len(example.reference) for example in gold)
    passes = silver_words * GOLD_SHARE / (1 - GOLD_SHARE) / max(words, 1)
    return max(round(passes) - 1, 0)
