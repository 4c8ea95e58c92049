"""Adjudication: merge several annotators' versions of a document into one gold document.

Documents without disagreements become gold unchanged. All other documents are decided by an
adjudicator or by a policy (`aloi.annotation.compare.policy`).

The adjudicator starts from the annotations that all versions contain. Disagreements on mentions,
relations and refs are marked: the label or ref is «à trancher» ("to be decided"). The adjudicator
replaces or deletes every mark. A document is undecided as long as it contains a mark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from aloi.annotation.compare.content import (
    REF_NAME,
    build_document,
    extract_content,
    shared_content,
)
from aloi.annotation.compare.disagreements import (
    MENTION,
    RELATION,
    PassDisagreement,
    find_disagreements,
)
from aloi.annotation.compare.passes import Passes, group_by_document
from aloi.annotation.provenance import PROVENANCE, provenance
from aloi.corpus import document_files
from aloi.corpus.atomic_files import write_bytes
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema, schema_problems

MARK = "à trancher"
"""The mark («to be decided»): the label or ref of an annotation that is not yet decided."""

UNANIMOUS = "agreement"
"""The value of `adjudicated_by` in the metadata of a document on which all annotators agree."""


@dataclass(frozen=True)
class AdjudicationCase:
    """A document with two or more annotators: its versions, by annotator, and the schema."""

    versions: dict[str, Document]
    schema: Schema

    @property
    def first(self) -> Document:
        """The version of the first annotator. Its mentions keep their ids in gold."""
        return next(iter(self.versions.values()))

    @cached_property
    def disagreements(self) -> list[PassDisagreement]:
        """All disagreements between the annotators, in text order."""
        unsorted = find_disagreements(self.versions, self.schema)
        return sorted(unsorted, key=lambda each: (each.spans[0], each.aspect != MENTION))

    @property
    def versions_hash(self) -> str:
        """The SHA-256 of all versions without their metadata, in hexadecimal."""
        encoder = msgspec.json.Encoder(order="sorted")
        versions = {
            name: msgspec.structs.replace(each, meta={}) for name, each in self.versions.items()
        }
        return hashlib.sha256(encoder.encode(versions)).hexdigest()

    @cached_property
    def shared(self) -> Document:
        """A document with the annotations that all versions contain."""
        contents = [extract_content(version, self.schema) for version in self.versions.values()]
        return build_document(shared_content(contents), self.versions.values())

    def marked(self) -> Document:
        """Return a document with the shared annotations and the marks for the adjudicator.

        Every disagreement on a mention is marked. A disagreement on a ref or relation is marked
        only if all versions contain the mentions. Otherwise, the adjudicator must decide on these
        mentions first. Disagreements on attributes are not marked.
        """
        entities = {each.id: each for each in self.shared.entities}
        relations = list(self.shared.relations)
        for number, each in enumerate(self.disagreements, start=1):
            ends = self.shared_ends(each)
            if each.aspect == MENTION:
                id_ = mark_id(number)
                start, end = each.spans[0]
                entities[id_] = Entity(id=id_, start=start, end=end, label=MARK)
            elif each.aspect == RELATION and ends:
                relations.append(self._marked_relation(*ends))
            elif each.aspect == REF_NAME and ends:
                entities[ends[0]] = msgspec.structs.replace(entities[ends[0]], ref=MARK)
        return msgspec.structs.replace(
            self.shared, entities=tuple(entities.values()), relations=tuple(relations)
        )

    def shared_ends(self, disagreement: PassDisagreement) -> list[str]:
        """Return the mention ids of a disagreement on a value (one id) or a relation (two ids).

        The list is empty if the disagreement is on a mention, or if a version does not contain the
        mentions.
        """
        if disagreement.aspect == MENTION or len(disagreement.versions) < len(self.versions):
            return []
        ids = {(entity.start, entity.end): entity.id for entity in self.shared.entities}
        return [ids[span] for span in disagreement.spans]

    def _marked_relation(self, head: str, tail: str) -> Relation:
        """Return a relation with the mark as its label.

        If all versions contain a relation between the two mentions, the new relation has the same
        direction, because Label Studio draws only one arc per direction between two regions.
        """
        for relation in self.shared.relations:
            if {relation.head, relation.tail} == {head, tail}:
                return msgspec.structs.replace(relation, label=MARK, id=None)
        return Relation(head=head, tail=tail, label=MARK)

    def gold(self, decided: Document, users: Mapping[str, str]) -> Document:
        """Return an adjudicator's decision as a gold document, with the annotators' mention ids.

        `users` maps the server's user numbers to e-mail addresses. Raise `DataError` if the
        decision still contains marks or violates the schema.
        """
        problems = list(_remaining_marks(decided)) or list(schema_problems(decided, self.schema))
        if problems:
            raise DataError(problems)
        origin = provenance(decided)
        meta = {k: v for k, v in decided.meta.items() if k not in ("annotator", PROVENANCE)}
        user = str(origin["completed_by"])
        meta |= {"adjudicated_by": users.get(user, user), "adjudicated_at": origin["updated_at"]}
        content = extract_content(decided, self.schema)
        document = build_document(content, [*self.versions.values(), decided])
        return msgspec.structs.replace(document, meta=meta)


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """The decisions on documents with disagreements. All dicts are keyed by document id.

    `gold` contains the decided documents. `open` contains a reason or a task address for each
    undecided document. Only majority decisions fill `ties` and `lost_relations` (see
    `MajorityDecision`). `problems` explains why submitted decisions cannot become gold.
    """

    gold: dict[str, Document] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    ties: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lost_relations: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Adjudication:
    """The documents of several annotators, grouped by whether the annotators agree.

    `gold` contains the documents on which all annotators agree, by document id. `contested`
    contains the documents with disagreements. `single` contains the ids of documents that only one
    annotator annotated.
    """

    gold: dict[str, Document]
    contested: list[AdjudicationCase]
    single: list[str]


def prepare_adjudication(passes: Passes, schema: Schema) -> Adjudication:
    """Group the documents of several annotators by whether the annotators agree.

    Raise `DataError` if a document's text differs between annotators.
    """
    cases, single = build_cases(passes, schema)
    unanimous = [case for case in cases if not case.disagreements]
    gold = {
        case.first.id: as_gold(case.first, case.versions, decided_by=UNANIMOUS)
        for case in unanimous
    }
    return Adjudication(gold, [case for case in cases if case.disagreements], single)


def build_cases(passes: Passes, schema: Schema) -> tuple[list[AdjudicationCase], list[str]]:
    """Return the cases, and the ids of documents that only one annotator annotated.

    Each document that two or more annotators annotated is a case.
    """
    grouped = group_by_document(passes)
    cases = [AdjudicationCase(each, schema) for each in grouped.values() if len(each) > 1]
    return cases, [id_ for id_, each in grouped.items() if len(each) == 1]


def mark_id(number: int) -> str:
    """Return the id of the mention that marks disagreement `number`, counted from 1."""
    return f"mark-{number}"


def _remaining_marks(decided: Document) -> Iterator[Problem]:
    fix = f"Replace «{MARK}» or delete the annotation in Label Studio, then update the task"
    for entity in decided.entities:
        if MARK in (entity.label, entity.ref):
            what = f"the mention «{decided.surface(entity)}» is still marked «{MARK}»"
            yield Problem("undecided", what, fix, decided.id, entity.id)
    for relation in decided.relations:
        if relation.label == MARK:
            what = f"a relation is still marked «{MARK}»"
            yield Problem("undecided", what, fix, decided.id, str(relation))


def merge_metadata(versions: Mapping[str, Document]) -> dict[str, Any]:
    """Return the first version's metadata with all annotators and all guideline versions."""
    first = next(iter(versions.values())).meta
    meta = {key: value for key, value in first.items() if key not in ("annotator", PROVENANCE)}
    guides = {each.meta.get("guideline_version") for each in versions.values()} - {None}
    if guides:
        meta["guideline_version"] = ", ".join(sorted(map(str, guides)))
    return meta | {"annotators": list(versions)}


def as_gold(document: Document, versions: Mapping[str, Document], *, decided_by: str) -> Document:
    """Return `document` with metadata that describe a decision without an adjudicator.

    `decided_by` is the policy or `UNANIMOUS`. The metadata key `adjudicated_at` contains the date
    of the latest version.
    """
    meta = merge_metadata(versions) | {"adjudicated_by": decided_by}
    times = [provenance(each).get("updated_at") for each in versions.values()]
    if known := [time for time in times if time]:
        meta["adjudicated_at"] = max(known)
    return msgspec.structs.replace(document, meta=meta)


def write_gold(documents: Iterable[Document], corpus: Corpus, out: Path | None = None) -> int:
    """Write gold documents to `out` (default: the corpus); return the number of changed files.

    In the corpus, restricted documents are written to `restricted/`, all other documents to
    `gold/`.
    """
    return sum(_write_document(document, corpus, out) for document in documents)


def _write_document(document: Document, corpus: Corpus, out: Path | None) -> bool:
    kind = "restricted" if document.id in corpus.manifest.restricted else "gold"
    path = (out or corpus.folder / kind) / document_files.file_name(document)
    encoded = document_files.pretty_json(document).encode()
    if path.is_file() and path.read_bytes() == encoded:
        return False
    write_bytes(path, encoded)
    return True
