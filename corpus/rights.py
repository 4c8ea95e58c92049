"""The rights in a text: licence, holder, and whether the text may be redistributed.

The metadata of a document contain the keys `rights` (the licence), `holder`, `source`, `retrieved`
(the date of retrieval) and `redistributable`. The value of each missing key is taken from
`[rights]` in `corpus.toml`, with three exceptions:

- A restricted document must state its own rights.
- A document with a different holder does not get the licence, which only its holder can grant.
- A document with a different licence or holder does not get `redistributable`.

A text may be redistributed only if `redistributable` is true and the document is not restricted.
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
"""The fields of `Rights`, each with its key in the metadata."""

UNKNOWN = "unknown"
"""Metadata value for a right that is not known; it is treated like a missing key."""

RESTRICTED_TEXT = "contains_restricted_text"
"""Key that marks a report with text of restricted documents; such a report cannot be pushed."""

RESTRICTED_DOCUMENTS = "restricted_documents"
"""Key in a report for the ids of the restricted documents that the report is based on."""

_FORBIDDING = ("not redistributable", "all rights reserved")
"""Phrases in the metadata value of `rights` that forbid redistribution."""


class Rights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rights in a text; None means unknown. Redistribution is forbidden by default."""

    licence: str | None = None
    holder: str | None = None
    source: str | None = None
    retrieved: str | None = None
    redistributable: bool = False


def is_restricted(meta: Mapping[str, Any]) -> bool:
    """Return whether a document's own metadata forbid redistribution of its text.

    Metadata that do not mention redistribution do not forbid it. This function ignores the default
    rights of the corpus; `Corpus.restricted_ids` considers them.
    """
    stated = meta.get(RIGHTS_KEYS["redistributable"])
    licence = str(meta.get(RIGHTS_KEYS["licence"], "")).casefold()
    forbidden = stated not in (True, None, UNKNOWN)
    return forbidden or any(phrase in licence for phrase in _FORBIDDING)


def resolve_rights(meta: Mapping[str, Any], default: Rights, *, restricted: bool) -> Rights:
    """Return the rights from a document's metadata, completed by the corpus's default rights."""
    stated = _stated(meta)
    applied = Rights() if restricted else _applicable(Rights(**stated), default)
    known = msgspec.structs.asdict(applied) | stated
    known["redistributable"] = known["redistributable"] is True and not restricted
    return Rights(**known)


def rights_problems(
    meta: Mapping[str, Any], default: Rights, *, restricted: bool, document: str
) -> Iterator[Problem]:
    """Yield a problem for missing, invalid or contradictory rights metadata of a document.

    `document` is the document id.
    """
    rights = resolve_rights(meta, default, restricted=restricted)
    own = Rights(**_stated(meta))
    required = ["licence", "holder", "source"]
    if restricted or _other_holder(own, default) or _other_licence(own, default):
        required.append("retrieved")
    if missing := [RIGHTS_KEYS[name] for name in required if getattr(rights, name) is None]:
        what = f"the rights metadata are incomplete; missing keys: {', '.join(missing)}"
        fix = "Add the keys to the document's metadata, or to [rights] in corpus.toml"
        if restricted:
            fix = "Add the keys to the document's metadata: [rights] excludes restricted documents"
        elif default.licence and rights.licence is None:
            fix = "Add the keys to the document's metadata: [rights] is for a different holder"
        yield Problem("missing-rights", what, fix, document)
    for name, key in RIGHTS_KEYS.items():
        type_ = bool if name == "redistributable" else str
        if key in meta and not isinstance(meta[key], type_):
            expected = "true or false" if type_ is bool else "a string"
            what = f"{key} must be {expected}, not {meta[key]!r:.40}"
            yield Problem("wrong-rights", what, f"Set {key} to {expected}", document)
    if restricted and meta.get(RIGHTS_KEYS["redistributable"]) is True:
        what = "the document is restricted, but its metadata allow redistribution"
        fix = "Set redistributable to false, or remove the id from `restricted` in corpus.toml"
        yield Problem("wrong-rights", what, fix, document)


def _applicable(own: Rights, default: Rights) -> Rights:
    """Return the default rights that apply to a document with these own rights."""
    if _other_holder(own, default):
        return msgspec.structs.replace(default, licence=None, redistributable=False)
    if _other_licence(own, default):
        return msgspec.structs.replace(default, redistributable=False)
    return default


def _other_holder(own: Rights, default: Rights) -> bool:
    return own.holder not in (None, default.holder)


def _other_licence(own: Rights, default: Rights) -> bool:
    return own.licence not in (None, default.licence)


def _stated(meta: Mapping[str, Any]) -> dict[str, Any]:
    stated = {name: meta[key] for name, key in RIGHTS_KEYS.items() if key in meta}
    return {name: value for name, value in stated.items() if value not in (UNKNOWN, None)}
