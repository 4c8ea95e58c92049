"""Adjudication: merge several annotators' versions of a document into one gold document.

Documents without disagreements become gold unchanged. All other documents are decided by an
adjudicator or by a policy (`aloi.annotation.compare.policy`). An adjudicator answers one question
per disagreement (`aloi.annotation.compare.questions`); the answers and the adjudicator's edits
give the decided document (`aloi.annotation.compare.settlement`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from aloi.annotation.compare.alignment import AlignedVersions
from aloi.annotation.compare.content import build_document, extract_content
from aloi.annotation.compare.passes import Passes, group_by_document
from aloi.annotation.compare.questions import Question, find_questions
from aloi.annotation.compare.settlement import Answers, make_draft, settle
from aloi.annotation.provenance import PROVENANCE, provenance
from aloi.corpus import document_files
from aloi.corpus.atomic_files import write_bytes
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema, schema_problems

Singles = Literal["take", "review", "leave"]
"""What happens to a document with one annotator: it becomes gold, is reviewed, or is left out."""

UNANIMOUS = "agreement"
"""The value of `adjudicated_by` in the metadata of a document on which all annotators agree."""

SINGLE = "single annotator"
"""The value of `adjudicated_by` in the metadata of a document with one annotator, not reviewed."""


@dataclass(frozen=True)
class AdjudicationCase:
    """A document to decide: its versions, by annotator, and the schema."""

    versions: dict[str, Document]
    schema: Schema

    @property
    def first(self) -> Document:
        """The version of the first annotator. Its mentions keep their ids in gold."""
        return next(iter(self.versions.values()))

    @cached_property
    def aligned(self) -> AlignedVersions:
        """The versions with aligned mentions."""
        return AlignedVersions(self.versions, self.schema)

    @cached_property
    def questions(self) -> list[Question]:
        """The questions to the adjudicator, in text order."""
        return find_questions(self.aligned)

    @property
    def versions_hash(self) -> str:
        """The SHA-256 of all versions without their metadata, in hexadecimal."""
        encoder = msgspec.json.Encoder(order="sorted")
        versions = {
            name: msgspec.structs.replace(each, meta={}) for name, each in self.versions.items()
        }
        return hashlib.sha256(encoder.encode(versions)).hexdigest()

    def draft(self) -> Document:
        """Return a document with all annotations that are not asked about."""
        return make_draft(self.aligned)

    def gold(self, edited: Document, answers: Answers, users: Mapping[str, str]) -> Document:
        """Return an adjudicator's decision as a gold document, with the annotators' mention ids.

        `edited` is the draft with the adjudicator's changes, and `users` maps the server's user
        numbers to e-mail addresses. Raise `DataError` if a question has no answer, or if the
        decision violates the schema.
        """
        decided = settle(self.aligned, answers, edited)
        if problems := list(schema_problems(decided, self.schema)):
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
    `MajorityDecision`). `problems` explains why submitted decisions cannot become gold, and lists
    what all annotators gave and gold lacks.
    """

    gold: dict[str, Document] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    ties: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lost_relations: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Adjudication:
    """The documents of several annotators, grouped by what happens to them.

    `gold` contains the documents that need no decision, by document id. `contested` contains the
    documents to decide. `single` contains the ids of documents that only one annotator annotated.
    """

    gold: dict[str, Document]
    contested: list[AdjudicationCase]
    single: list[str]


def prepare_adjudication(
    passes: Passes, schema: Schema, *, singles: Singles = "take"
) -> Adjudication:
    """Group the documents of several annotators by whether they need a decision.

    `singles` sets what happens to a document with one annotator: `take` makes it gold, `review`
    adds it to the documents to decide, and `leave` omits it. Raise `DataError` if a document's text
    differs between annotators.
    """
    cases = build_cases(passes, schema)
    gold: dict[str, Document] = {}
    contested, single = [], []
    for case in cases:
        alone = len(case.versions) == 1
        single += [case.first.id] if alone else []
        if case.questions or (alone and singles == "review"):
            contested.append(case)
        elif not alone or singles == "take":
            decided_by = SINGLE if alone else UNANIMOUS
            gold[case.first.id] = as_gold(case.first, case.versions, decided_by=decided_by)
    return Adjudication(gold, contested, single)


def build_cases(passes: Passes, schema: Schema) -> list[AdjudicationCase]:
    """Return a case for each document, sorted by document id."""
    return [AdjudicationCase(each, schema) for each in group_by_document(passes).values()]


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
