"""Checks of the refs in a document against the authority of refs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from aloi.corpus.document import Draft, Entity
from aloi.corpus.problems import Problem
from aloi.corpus.refs.authority import PRIVATE_SIGN, RefAuthority, is_iso_date


def ref_problems(draft: Draft, authority: RefAuthority) -> Iterator[Problem]:
    """Yield a problem for each ref that the authority does not allow, once per ref and label.

    The refs of date labels must be ISO dates. The ref of a private person must be the id of its own
    document with `#p` and a number. All other refs must be in the authority, with a type that
    allows the label of the mention. The text of the document is not read.
    """
    seen: set[tuple[str, str]] = set()
    for entity in draft.entities:
        if entity.ref is not None and (entity.ref, entity.label) not in seen:
            seen.add((entity.ref, entity.label))
            yield from _problems(draft.id, entity, entity.ref, authority)


def _problems(
    document: str, entity: Entity, ref: str, authority: RefAuthority
) -> Iterator[Problem]:
    if entity.label in authority.content.dates:
        if not is_iso_date(ref):
            what = f"the ref {ref} of a {entity.label} is not an ISO date"
            fix = "Write a year, month or day: 1981, 1981-10 or 1981-10-06"
            yield Problem("date-ref", what, fix, document, entity.id)
    elif PRIVATE_SIGN in ref:
        if not re.fullmatch(rf"{re.escape(document)}{PRIVATE_SIGN}p[1-9][0-9]*", ref):
            what = f"the ref {ref} of a private person does not belong to this document"
            fix = f"Write the id of the document and a number: {document}{PRIVATE_SIGN}p1"
            yield Problem("private-ref", what, fix, document, entity.id)
    elif ref not in authority.refs:
        what = f"{authority.file.name} does not contain the ref {ref}"
        yield Problem("unknown-ref", what, _fix(ref, authority), document, entity.id)
    else:
        yield from _label_problems(document, entity, ref, authority)


def _fix(ref: str, authority: RefAuthority) -> str:
    similar = get_close_matches(ref, authority.refs, n=1, cutoff=0.85)
    meant = f"Use {similar[0]} if that is meant; otherwise add" if similar else "Add"
    return f"{meant} the ref to {authority.file}, also with `aloi corpus refs CORPUS --update`"


def _label_problems(
    document: str, entity: Entity, ref: str, authority: RefAuthority
) -> Iterator[Problem]:
    entry = authority.refs[ref]
    allowed = authority.allowed_labels(entry.type)
    if entity.label not in allowed:
        what = (
            f"the mention has the label {entity.label}, but the ref {ref} ({entry.name}) is a "
            f"{entry.type}"
        )
        fix = (
            f"Correct the ref or the label (allowed: {', '.join(allowed)}), or the type or [labels]"
            f" in {authority.file}"
        )
        yield Problem("ref-label", what, fix, document, entity.id)
