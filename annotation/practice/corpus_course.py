"""Exercises drawn from the gold of a corpus, with explanations from its guide or schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from aloi.annotation.practice.exercises import Course, Exercise
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide, explain_label
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema

MAX_EXERCISES = 5
"""The number of exercises of a course, if the corpus contains enough documents."""

_KEPT_METADATA = ("title", "date", "lang", "source")


def corpus_course(corpus: Corpus, guide: Guide | None, notes: Notes) -> Course:
    """Return a course of up to `MAX_EXERCISES` documents from the gold of a corpus.

    Only adjudicated documents are used; if there are none, all documents are used, which is counted
    in `notes`. The documents come from the shorter half; together they contain as many labels as
    possible. Raise `DataError` if no document contains an annotation.
    """
    annotated = [each for each in corpus.documents if each.entities]
    if not annotated:
        what = "the corpus contains no annotated documents for exercises"
        fix = "Add gold documents, for example with `aloi annotate adjudicate`"
        raise DataError([Problem("no-gold", what, fix, file=str(corpus.folder))])
    adjudicated = [each for each in annotated if "adjudicated_by" in each.meta]
    if not adjudicated:
        what = "documents without adjudication used as exercises"
        notes.add(what, str(corpus.folder), len(annotated))
    exercises = [
        Exercise(_without_provenance(each), _explanations(each, corpus.schema, guide))
        for each in select_documents(adjudicated or annotated, MAX_EXERCISES)
    ]
    return Course(corpus.manifest.name, corpus.schema, guide, exercises)


def select_documents(documents: Sequence[Document], number: int) -> list[Document]:
    """Return up to `number` documents of the shorter half that contain many different labels.

    Each next document adds most labels that no previous document contains; then the shortest.
    """
    ordered = sorted(documents, key=lambda each: (len(each.text), each.id))
    candidates = ordered[: max(number, len(ordered) // 2)]
    selected: list[Document] = []
    covered: set[str] = set()
    while candidates and len(selected) < number:
        best = max(candidates, key=lambda each: len(_labels(each) - covered))
        candidates.remove(best)
        selected.append(best)
        covered |= _labels(best)
    return selected


def _labels(document: Document) -> set[str]:
    relations = {each.label for each in document.relations}
    return relations | {each.label for each in document.entities}


def _without_provenance(document: Document) -> Document:
    """Return a document without the metadata that say who annotated it."""
    meta = {key: document.meta[key] for key in _KEPT_METADATA if key in document.meta}
    return msgspec.structs.replace(document, meta=meta)


def _explanations(document: Document, schema: Schema, guide: Guide | None) -> dict[str, str]:
    """Return explanations by the id of a mention, or by a relation such as `a MEETS b`."""
    entities = {
        each.id: schema.interface.typography.semicolon.join(
            _explain_entity(each.label, each.attributes, schema, guide)
        )
        for each in document.entities
    }
    relations = {
        f"{each.head} {each.label} {each.tail}": _explain(
            each.label, schema.relations.get(each.label), schema, guide
        )
        for each in document.relations
    }
    return {name: text for name, text in (entities | relations).items() if text}


def _explain_entity(
    label: str, attributes: dict[str, str], schema: Schema, guide: Guide | None
) -> Iterator[str]:
    for name, type_ in ((label, schema.entities.get(label)), *_attribute_types(attributes, schema)):
        if text := _explain(name, type_, schema, guide):
            yield text


def _attribute_types(
    attributes: dict[str, str], schema: Schema
) -> Iterator[tuple[str, AttributeType | None]]:
    for name in attributes:
        yield name, schema.entity_attributes.get(name)


def _explain(
    name: str,
    type_: EntityType | RelationType | AttributeType | None,
    schema: Schema,
    guide: Guide | None,
) -> str:
    """Return the guide's explanation of a name, otherwise the description in the schema."""
    text = None if guide is None else explain_label(guide, name)
    if text is None and type_ is not None:
        text = type_.describe(schema.language)
    return f"{name}{schema.interface.typography.colon}{text}" if text else ""
