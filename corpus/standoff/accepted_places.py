"""The accepted findings of a stand-off corpus: `review.toml` without any text.

An entry names a finding of `aloi corpus review` by rule, document and offset. The patterns below
allow only ids and a short reason in ASCII, so the file cannot contain a surface or a sentence. The
rules of the review are in the file that `review` in `standoff.toml` names, so that several corpora
can use the same rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from aloi.corpus.corpus_folder import REVIEW_FILE
from aloi.corpus.problems import Problem
from aloi.corpus.standoff.record import DocumentId, Name, Offset
from aloi.corpus.standoff.standoff_folder import StandoffCorpus
from aloi.corpus.toml_files import load_toml

Reason = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9 ,.:;()'/-]{1,60}\Z")]
"""Numbers of guideline rules and a few words; it must not quote the text."""


class AcceptedPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The findings of one rule at one offset of a document, accepted as correct."""

    rule: Name
    document: DocumentId
    start: Offset
    why: Reason


class AcceptedPlaces(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of `review.toml` in a stand-off corpus."""

    right: tuple[AcceptedPlace, ...] = ()


def load_accepted_places(corpus: StandoffCorpus) -> tuple[AcceptedPlace, ...]:
    """Return the accepted findings of a corpus; raise `DataError` if the file is invalid."""
    file = corpus.folder / REVIEW_FILE
    if not file.is_file():
        return ()
    fix = "Write only rule, document, start and a short reason (why) in ASCII that quotes nothing"
    return load_toml(file, AcceptedPlaces, fix=fix).right


def attached_review(corpus: StandoffCorpus) -> dict[str, Any]:
    """Return the content of `review.toml` for the attached corpus: shared rules, own findings.

    Raises `DataError` if one of the two files cannot be read. The rules are checked by the review.
    """
    right = msgspec.to_builtins(load_accepted_places(corpus))
    rules: dict[str, Any] = {}
    if corpus.manifest.review is not None:
        fix = "Correct the file, or the path `review` in standoff.toml"
        rules = load_toml(corpus.folder / corpus.manifest.review, dict[str, Any], fix=fix)
    return {**rules, "right": right} if rules or right else {}


def accepted_problems(corpus: StandoffCorpus) -> Iterator[Problem]:
    """Yield a problem for each accepted finding of a document that was not drawn."""
    for entry in load_accepted_places(corpus):
        if entry.document not in corpus.draw.documents:
            what, fix = f"{REVIEW_FILE} accepts a finding of it, but it is not drawn", "Remove it"
            file = str(corpus.folder / REVIEW_FILE)
            yield Problem("not-drawn", what, fix, entry.document, file=file)
