"""The rights in a text: whose it is, under what licence, and whether it may be given on.

A document says so in its metadata: `rights` (the licence), `holder`, `source`, `retrieved` (when it
was fetched) and `redistributable`. What it leaves out, `[rights]` of `corpus.toml` says, but only
for a document that names no other licence and no other holder and is not restricted. A text may be
given on if that is said, and never if the document is restricted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from aloi.corpus.problems import Problem

KEYS = {
    "licence": "rights",
    "holder": "holder",
    "source": "source",
    "retrieved": "retrieved",
    "redistributable": "redistributable",
}
"""Under which key of a document's metadata each right stands."""

UNKNOWN = "unknown"
"""A right nobody has looked up: the same as none."""


RESTRICTED_TEXT = "contains_restricted_text"
"""Key of a report that contains text of restricted documents; no push accepts one."""

RESTRICTED_DOCUMENTS = "restricted_documents"
"""Key of a report: the ids of the restricted documents that it was made from."""

_FORBIDDING = ("not redistributable", "all rights reserved")
"""Statements in `rights` that forbid redistribution."""


class Rights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of the rights in a text; nothing is allowed unless said."""

    licence: str | None = None
    holder: str | None = None
    source: str | None = None
    retrieved: str | None = None
    redistributable: bool = False


def is_restricted(meta: Mapping[str, Any]) -> bool:
    """Return whether a document's own metadata says that its text must not be redistributed.

    Metadata that says nothing of it restricts nothing here: what a corpus says of such documents is
    in `Corpus.restricted_ids`.
    """
    stated = meta.get(KEYS["redistributable"])
    licence = str(meta.get(KEYS["licence"], "")).casefold()
    forbidden = stated not in (True, None, UNKNOWN)
    return forbidden or any(phrase in licence for phrase in _FORBIDDING)


def rights_of(meta: Mapping[str, Any], default: Rights, *, restricted: bool) -> Rights:
    """The rights that a document's metadata states, filled up from the corpus's default."""
    base = default if _covered(meta, default, restricted=restricted) else Rights()
    known = msgspec.structs.asdict(base) | _stated(meta)
    known["redistributable"] = known["redistributable"] is True and not restricted
    return Rights(**known)


def rights_problems(
    meta: Mapping[str, Any], default: Rights, *, restricted: bool, document: str
) -> Iterator[Problem]:
    """What is not known of the rights in a text, and what contradicts itself."""
    rights = rights_of(meta, default, restricted=restricted)
    asked = ["licence", "holder", "source"]
    if not _covered(meta, default, restricted=restricted):
        asked.append("retrieved")
    if missing := [KEYS[name] for name in asked if getattr(rights, name) is None]:
        what = f"its rights are not known: no {', '.join(missing)}"
        fix = "Say it in the document's metadata, or for all in [rights] of corpus.toml"
        yield Problem("missing-rights", what, fix, document)
    for name, key in KEYS.items():
        type_ = bool if name == "redistributable" else str
        if key in meta and not isinstance(meta[key], type_):
            what = f"{key} is {meta[key]!r:.40}"
            fix = "Write true or false" if type_ is bool else "Write a string"
            yield Problem("wrong-rights", what, fix, document)
    if restricted and meta.get(KEYS["redistributable"]) is True:
        what = "restricted, and yet its metadata says that it may be redistributed"
        yield Problem("wrong-rights", what, "Correct one of the two", document)


def _covered(meta: Mapping[str, Any], default: Rights, *, restricted: bool) -> bool:
    """Whether the corpus's default speaks for a document."""
    own = Rights(**_stated(meta))
    others = {own.licence, own.holder} - {None, default.licence, default.holder}
    return not restricted and not others


def _stated(meta: Mapping[str, Any]) -> dict[str, Any]:
    stated = {name: meta[key] for name, key in KEYS.items() if key in meta}
    return {name: value for name, value in stated.items() if value not in (UNKNOWN, None)}
