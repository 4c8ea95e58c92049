"""Adjudication: several annotators' versions of a document become one gold document.

Documents without disagreements become gold unchanged. For the others an adjudicator, or a policy
(`aloi.annotation.compare.policy`), decides. The adjudicator starts from the annotations that all
versions share. In these, each disagreement is marked with the label or ref «à trancher», which the
adjudicator changes or deletes. A document with a remaining mark is not decided yet.
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
"""The label or ref («to be decided») of an annotation that the adjudicator has to decide."""

UNANIMOUS = "agreement"
"""The value of `adjudicated_by` in gold on which all annotators agree."""


@dataclass(frozen=True)
class AdjudicationCase:
    """A document of which two or more annotators have a version, with the versions by name."""

    versions: dict[str, Document]
    schema: Schema

    @property
    def first(self) -> Document:
        """The first annotator's version; gold keeps its ids."""
        return next(iter(self.versions.values()))

    @cached_property
    def disagreements(self) -> list[PassDisagreement]:
        """All disagreements of the annotators, in text order."""
        unsorted = find_disagreements(self.versions, self.schema)
        return sorted(unsorted, key=lambda each: (each.spans[0], each.aspect != MENTION))

    @property
    def versions_hash(self) -> str:
        """The SHA-256 of the versions without metadata, in hexadecimal."""
        encoder = msgspec.json.Encoder(order="sorted")
        versions = {
            name: msgspec.structs.replace(each, meta={}) for name, each in self.versions.items()
        }
        return hashlib.sha256(encoder.encode(versions)).hexdigest()

    @cached_property
    def shared(self) -> Document:
        """The annotations that all versions have."""
        contents = [extract_content(version, self.schema) for version in self.versions.values()]
        return build_document(shared_content(contents), self.versions.values())

    def marked(self) -> Document:
        """Return the shared annotations with a mark for each disagreement.

        Values and relations on a mention that not all annotators have are not marked: the mention
        is decided first.
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
        """Return the ids of the shared mentions at the ends of a disagreement.

        Empty for a disagreement on a mention, or if an annotator does not have one of the mentions.
        """
        if disagreement.aspect == MENTION or len(disagreement.versions) < len(self.versions):
            return []
        ids = {(entity.start, entity.end): entity.id for entity in self.shared.entities}
        return [ids[span] for span in disagreement.spans]

    def _marked_relation(self, head: str, tail: str) -> Relation:
        """Return a marked relation, in the direction of a shared one between the same mentions.

        Label Studio's page keeps one arc per direction between two regions.
        """
        for relation in self.shared.relations:
            if {relation.head, relation.tail} == {head, tail}:
                return msgspec.structs.replace(relation, label=MARK, id=None)
        return Relation(head=head, tail=tail, label=MARK)

    def gold(self, decided: Document, users: Mapping[str, str]) -> Document:
        """Return an adjudicator's decision as gold, with the ids of the annotators' mentions.

        `users` has the names of the server's users by number. Raise `DataError` if marks remain,
        or if the decision violates the schema.
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
    """The decisions on contested documents.

    `gold` has the decided documents by id, and `open` the reason or address of each document that
    is not decided. `ties` and `lost_relations` are those of a majority (`MajorityDecision`), by
    document id. `problems` are the reasons why submitted work cannot become gold.
    """

    gold: dict[str, Document] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    ties: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lost_relations: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Adjudication:
    """The documents of several passes before adjudication.

    `gold` has the documents on which all annotators agree, `contested` the cases to decide, and
    `single` the ids of documents that only one annotator has.
    """

    gold: dict[str, Document]
    contested: list[AdjudicationCase]
    single: list[str]


def prepare_adjudication(passes: Passes, schema: Schema) -> Adjudication:
    """Return the gold on which all annotators agree, and the cases that have to be decided.

    Raise `DataError` if the annotators' texts of a document differ.
    """
    cases, single = build_cases(passes, schema)
    unanimous = [case for case in cases if not case.disagreements]
    gold = {
        case.first.id: as_gold(case.first, case.versions, decided_by=UNANIMOUS)
        for case in unanimous
    }
    return Adjudication(gold, [case for case in cases if case.disagreements], single)


def build_cases(passes: Passes, schema: Schema) -> tuple[list[AdjudicationCase], list[str]]:
    """Return a case per document with two or more versions, and the ids of the other documents."""
    grouped = group_by_document(passes)
    cases = [AdjudicationCase(each, schema) for each in grouped.values() if len(each) > 1]
    return cases, [id_ for id_, each in grouped.items() if len(each) == 1]


def mark_id(number: int) -> str:
    """Return the id of the mention that marks a disagreement, by its number from 1."""
    return f"mark-{number}"


def _remaining_marks(decided: Document) -> Iterator[Problem]:
    fix = f"Change or delete the label or ref «{MARK}» in Label Studio, then update the task"
    for entity in decided.entities:
        if MARK in (entity.label, entity.ref):
            what = f"«{decided.surface(entity)}» is not decided"
            yield Problem("undecided", what, fix, decided.id, entity.id)
    for relation in decided.relations:
        if relation.label == MARK:
            yield Problem("undecided", "a relation is not decided", fix, decided.id, str(relation))


def merge_metadata(versions: Mapping[str, Document]) -> dict[str, Any]:
    """Return the first version's metadata with all annotators and all guideline versions."""
    first = next(iter(versions.values())).meta
    meta = {key: value for key, value in first.items() if key not in ("annotator", PROVENANCE)}
    guides = {each.meta.get("guideline_version") for each in versions.values()} - {None}
    if guides:
        meta["guideline_version"] = ", ".join(sorted(map(str, guides)))
    return meta | {"annotators": list(versions)}


def as_gold(document: Document, versions: Mapping[str, Document], *, decided_by: str) -> Document:
    """Return a document as gold that was decided without an adjudicator.

    `decided_by` is the policy or `UNANIMOUS`. The gold has the date of the latest version.
    """
    meta = merge_metadata(versions) | {"adjudicated_by": decided_by}
    times = [provenance(each).get("updated_at") for each in versions.values()]
    if known := [time for time in times if time]:
        meta["adjudicated_at"] = max(known)
    return msgspec.structs.replace(document, meta=meta)


def write_gold(documents: Iterable[Document], corpus: Corpus, out: Path | None = None) -> int:
    """Write gold to the folder `out` (default: the corpus); return how many files changed.

    In the corpus, restricted documents go to `restricted/`, the others to `gold/`.
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
