"""Teaching: a trained pipeline annotates unlabelled documents, from which another one learns.

The annotated documents are called silver. Their relations are all pairs with a probability of at
least `MIN_PROBABILITY`, and the score of a relation is its probability. Texts on which a model is
evaluated must not be among the unlabelled texts: documents with the id or the text of a held-out
document are refused.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec
from spacy.language import Language

from aloi.corpus import document_files
from aloi.corpus.document import Document, hash_documents, hash_text
from aloi.corpus.formats import registry
from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.scale.input_summary import InputSummary, summarize_input
from aloi.corpus.scale.progress import ProgressBar, no_progress
from aloi.corpus.streams import Input, on_disk, temporary_folder
from aloi.models.prediction.pipelines import (
    entity_setters,
    length_problems,
    load_pipeline,
    model_version,
    pipeline_sha256,
    predict_documents,
)
from aloi.models.relations.component import RelationExtractor

MIN_PROBABILITY = 0.05
"""Relations that the teacher finds less probable are left out of silver documents."""

RELATIONS = "aloi_relations"
"""The name of the relation component of a pipeline."""

UNUSED_COMPONENTS = ("aloi_refs", "aloi_attributes")
"""Components of the teacher that are switched off: the student does not learn from them."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a pipeline learns from besides gold.

    teacher: folder or package of the pipeline that annotates. unlabelled: file, folder or stream of
    documents in any format; their annotations are ignored. exclude: files, folders or streams of
    documents that must not be among the unlabelled documents.
    """

    teacher: str
    unlabelled: str
    exclude: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Silver:
    """Documents that a teacher annotated.

    file: the documents, as JSON Lines. name: path of the unlabelled documents. record: name and
    SHA-256 of the teacher, number and SHA-256 of the unlabelled documents.
    """

    file: Path
    name: str
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """Checked documents without annotations. left_out: the ids of documents that are not used."""

    name: str
    summary: InputSummary
    left_out: set[str]

    @property
    def documents(self) -> int:
        """The number of documents that are used."""
        return self.summary.documents - len(self.left_out)

    def read(self) -> Iterator[Document]:
        """Yield the documents that are used, without their annotations."""
        for document in self.summary.read():
            if document.id not in self.left_out:
                yield Document(document.id, document.text, (), (), document.meta)


@dataclass(slots=True)
class HeldOutTexts:
    """The ids and texts of documents that must not be used for training, each with its place."""

    ids: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, documents: Iterable[Document], file: str) -> None:
        """Add the documents of a file."""
        for document in documents:
            self.ids.setdefault(document.id, file)
            self.texts.setdefault(text_key(document.text), f"{file}, document {document.id}")

    def problems(self, document: Document) -> Iterator[Problem]:
        """Yield a problem if a document has the text or the id of a held-out document."""
        if place := self.texts.get(text_key(document.text)):
            what = f"the text of this unlabelled document is held out: {place}"
        elif place := self.ids.get(document.id):
            what = f"the id of this unlabelled document is that of a held-out document: {place}"
        else:
            return
        fix = "Remove the document from the unlabelled documents"
        yield Problem("leak", what, fix, document.id)


def text_key(text: str) -> str:
    """Return a hash that is the same for texts that differ only in white space or composition.

    Composition: an accented letter may be one Unicode code point or two.
    """
    return hash_text(" ".join(unicodedata.normalize("NFC", text).split()))


@contextmanager
def teach(
    lesson: Lesson,
    train: Sequence[Document],
    held_out: Mapping[str, Iterable[Document]],
    *,
    relations: bool,
    progress: ProgressBar = no_progress,
    log: IO[str] | None = None,
) -> Iterator[Silver]:
    """Have the teacher annotate the unlabelled documents; yield them until the block ends.

    train: the gold documents. Their texts are left out of the silver documents, as are repeated
    texts and entities with other labels; `log` receives the numbers. held_out: documents that must
    not be among the unlabelled ones, by file name, besides those of `lesson.exclude`. relations:
    whether the relations are needed. Raises `DataError` with all problems of the inputs, before the
    first document is annotated.
    """
    texts = HeldOutTexts()
    for file, documents in held_out.items():
        texts.add(documents, file)
    for file in lesson.exclude:
        texts.add(registry.read(file), file)
    with on_disk(lesson.unlabelled) as source, temporary_folder() as folder:
        nlp = load_pipeline(lesson.teacher)
        _prepare(nlp, train, relations=relations, file=lesson.teacher)
        unlabelled = _screen(nlp, source, train, texts)
        silver = Silver(folder / "silver.jsonl", source.name, _record(nlp, unlabelled))
        documents = predict_documents(nlp, unlabelled.read(), model=silver.record["name"])
        shown = progress(documents, "teaching", total=unlabelled.documents)
        counts = _write(shown, silver.file, labels=_entity_labels(train))
        del nlp, documents, shown  # frees the memory of the teacher before the training
        if log is not None:
            log.write(_describe(unlabelled, counts))
        yield silver


def _prepare(nlp: Language, train: Sequence[Document], *, relations: bool, file: str) -> None:
    """Switch off components that are not needed, and have all probable relations predicted.

    Raises `DataError` unless the teacher predicts all labels of the train documents.
    """
    unused = UNUSED_COMPONENTS if relations else (*UNUSED_COMPONENTS, RELATIONS)
    for name in unused:
        if name in nlp.pipe_names:
            nlp.disable_pipe(name)
    known = {label for name in entity_setters(nlp) for label in nlp.pipe_labels.get(name, ())}
    missing = _entity_labels(train) - known
    if relations:
        extractor = nlp.get_pipe(RELATIONS) if RELATIONS in nlp.pipe_names else None
        if isinstance(extractor, RelationExtractor):
            extractor.settings.threshold, extractor.settings.thresholds = MIN_PROBABILITY, {}
            known = {*extractor.labels}
        else:
            known = set()
        missing |= {relation.label for document in train for relation in document.relations} - known
    if missing:
        what = f"the teacher does not predict these labels of train: {', '.join(sorted(missing))}"
        fix = "Use a pipeline that was trained with the same labels"
        raise DataError([Problem("bad-teacher", what, fix, file=file)])


def _screen(
    nlp: Language, source: Input, train: Sequence[Document], held_out: HeldOutTexts
) -> Unlabelled:
    """Check the unlabelled documents, and find those to leave out; raise `DataError`."""
    seen = {text_key(document.text) for document in train}
    left_out: set[str] = set()

    def check(document: Document) -> Iterator[Problem]:
        key = text_key(document.text)
        if key in seen:
            left_out.add(document.id)
        seen.add(key)
        yield from length_problems(nlp, document)
        yield from held_out.problems(document)

    found = Unlabelled(source.name, summarize_input(str(source.path), check), left_out)
    if not found.documents:
        what, fix = "no unlabelled document is left", "Add texts that are not in train"
        raise DataError([Problem("no-data", what, fix, file=source.name)])
    return found


def _record(nlp: Language, unlabelled: Unlabelled) -> dict[str, Any]:
    """Return the part of the training record about the teacher and its texts."""
    return {
        "name": model_version(nlp),
        "sha256": pipeline_sha256(nlp),
        "unlabelled": {
            "documents": unlabelled.documents,
            "sha256": hash_documents(unlabelled.read()),
        },
    }


def _entity_labels(documents: Iterable[Document]) -> set[str]:
    return {entity.label for document in documents for entity in document.entities}


def _write(documents: Iterable[Document], file: Path, *, labels: set[str]) -> Counter[str]:
    """Write documents without entities that have other labels; return counts."""
    counts = Counter[str]()

    def with_known_labels() -> Iterator[Document]:
        for document in documents:
            kept = tuple(entity for entity in document.entities if entity.label in labels)
            ids = {entity.id for entity in kept}
            relations = tuple(r for r in document.relations if {r.head, r.tail} <= ids)
            counts["entities"] += len(kept)
            counts["dropped"] += len(document.entities) - len(kept)
            counts["relations"] += len(relations)
            yield msgspec.structs.replace(document, entities=kept, relations=relations)

    document_files.write(with_known_labels(), file)
    return counts


def _describe(unlabelled: Unlabelled, counts: Counter[str]) -> str:
    """Return a line about the silver documents."""
    done = f"{count_noun(unlabelled.documents, 'document')} annotated by the teacher"
    found = f"{counts['entities']} entities, {counts['relations']} possible relations"
    parts = [f"{unlabelled.name}: {done}", found]
    if left_out := len(unlabelled.left_out):
        parts.append(f"left out: {count_noun(left_out, 'document')}, repeated or in train")
    if dropped := counts["dropped"]:
        parts.append(f"left out: {dropped} entities with labels that train does not have")
    return "; ".join(parts) + "\n"
