"""Review of a corpus: find likely annotation errors that were not accepted as correct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.quality import rules
from aloi.corpus.quality.findings import Finding
from aloi.corpus.quality.review_settings import (
    AcceptedFinding,
    ReviewSettings,
    load_review_settings,
)


@dataclass(frozen=True, slots=True)
class Review:
    """The result of a review.

    `open` contains the findings that were not accepted. `stale` contains the accepted findings that
    no rule yields any more.
    """

    open: tuple[Finding, ...]
    stale: tuple[AcceptedFinding, ...]


def review(corpus: Corpus) -> Review:
    """Apply all rules to a corpus; raise `DataError` if the corpus or `review.toml` is invalid.

    An accepted finding is not stale if its document is missing from this copy of the corpus.
    """
    settings = load_review_settings(corpus.folder, corpus.schema)
    findings = find_errors(corpus.documents, settings, symmetric=corpus.schema.symmetric)
    missing = set(corpus.manifest.restricted) - {document.id for document in corpus.documents}
    return Review(
        open=tuple(f for f in findings if not any(each.accepts(f) for each in settings.right)),
        stale=tuple(
            entry
            for entry in settings.right
            if entry.document not in missing and not any(map(entry.accepts, findings))
        ),
    )


def find_errors(
    documents: Sequence[Document],
    settings: ReviewSettings,
    *,
    symmetric: frozenset[str] = frozenset(),
) -> list[Finding]:
    """Return the findings of all rules, sorted by rule and then by the order of the documents.

    `symmetric` contains the labels of the symmetric relations.
    """
    findings = [
        *rules.rare_labels(documents),
        *rules.unlabelled_surfaces(documents, settings),
        *rules.rare_inner_mentions(documents),
    ]
    for document in documents:
        findings += rules.ref_label_conflicts(document, settings.same_ref)
        findings += rules.single_refs(document)
        findings += rules.punctuation_edges(document)
        findings += rules.duplicate_mentions(document)
        findings += rules.duplicate_relations(document, symmetric)
        for expected in settings.expected:
            findings += rules.unlabelled_matches(document, expected)
        for forbidden in settings.forbidden:
            findings += rules.forbidden_matches(document, forbidden)
    return sorted(findings, key=lambda finding: finding.rule)
