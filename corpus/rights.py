"""The rights in a text: holder, licence, and whether the text may be redistributed.

The metadata of a document have the keys `rights` (the licence), `holder`, `source`, `retrieved`
(the date of retrieval) and `redistributable`. Missing keys are filled in from `[rights]` in
`corpus.toml`, unless the document states another licence or holder or is restricted. A text may be
redistributed only if `redistributable` is true and the document is not restricted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from aloi.corpus.problems import Problem

RIGHTS_KEYS = {
    "licence": "rights",
    "holder": "holder",
    "source": "source",
    "retrieved": "retrieved",
    "redistributable": "redistributable",
}
"""The metadata key of each field of `Rights`."""

UNKNOWN = "unknown"
"""Value of a right that has not been looked up; it is treated like a missing key."""

RESTRICTED_TEXT = "contains_restricted_text"
"""Key of a report that contains text of restricted documents; no push accepts one."""

RESTRICTED_DOCUMENTS = "restricted_documents"
"""Key of a report: the ids of the restricted documents that it was made from."""

_FORBIDDING = ("not redistributable", "all rights reserved")
"""Statements in `rights` that forbid redistribution."""


class Rights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The known rights in a text; redistribution is forbidden by default."""

    licence: str | None = None
    holder: str | None = None
    source: str | None = None
    retrieved: str | None = None
    redistributable: bool = False


def is_restricted(meta: Mapping[str, Any]) -> bool:
    """Return whether a document's own metadata forbid redistribution of the text.

    Metadata without such a statement do not restrict the text here; `Corpus.restricted_ids` also
    considers the rights of the corpus.
    """
    stated = meta.get(RIGHTS_KEYS["redistributable"])
    licence = str(meta.get(RIGHTS_KEYS["licence"], "")).casefold()
    forbidden = stated not in (True, None, UNKNOWN)
    return forbidden or any(phrase in licence for phrase in _FORBIDDING)


def resolve_rights(meta: Mapping[str, Any], default: Rights, *, restricted: bool) -> Rights:
    """Return the rights stated in a document's metadata, completed from the corpus's defaults."""
    base = default if _default_applies(meta, default, restricted=restricted) else Rights()
    known = msgspec.structs.asdict(base) | _stated(meta)
    known["redistributable"] = known["redistributable"] is True and not restricted
    return Rights(**known)


def rights_problems(
    meta: Mapping[str, Any], default: Rights, *, restricted: bool, document: str
) -> Iterator[Problem]:
    """Yield missing, invalid and contradictory rights of a document; `document` is its id."""
    rights = resolve_rights(meta, default, restricted=restricted)
    required = ["licence", "holder", "source"]
    if not _default_applies(meta, default, restricted=restricted):
        required.append("retrieved")
    if missing := [RIGHTS_KEYS[name] for name in required if getattr(rights, name) is None]:
        what = f"rights metadata incomplete: missing {', '.join(missing)}"
        fix = "Add the keys to the document's metadata, or to [rights] in corpus.toml"
        yield Problem("missing-rights", what, fix, document)
    for name, key in RIGHTS_KEYS.items():
        type_ = bool if name == "redistributable" else str
        if key in meta and not isinstance(meta[key], type_):
            expected = "true or false" if type_ is bool else "a string"
            what = f"{key} must be {expected}, not {meta[key]!r:.40}"
            yield Problem("wrong-rights", what, f"Write {expected}", document)
    if restricted and meta.get(RIGHTS_KEYS["redistributable"]) is True:
        what = "the document is restricted, but its metadata allow redistribution"
        yield Problem("wrong-rights", what, "Correct one of the two", document)


def _default_applies(meta: Mapping[str, Any], default: Rights, *, restricted: bool) -> bool:
    """Return whether the corpus's rights apply to a document."""
    own = Rights(**_stated(meta))
    others = {own.licence, own.holder} - {None, default.licence, default.holder}
    return not restricted and not others


def _stated(meta: Mapping[str, Any]) -> dict[str, Any]:
    stated = {name: meta[key] for name, key in RIGHTS_KEYS.items() if key in meta}
    return {name: value for name, value in stated.items() if value not in (UNKNOWN, None)}
