"""The refs that documents use, with counts, and new entries for the authority of refs."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aloi.corpus.atomic_files import atomic_text_file
from aloi.corpus.document import Document
from aloi.corpus.refs.authority import (
    PRIVATE_SIGN,
    RefAuthority,
    RefEntry,
    RefList,
    is_iso_date,
    load_refs,
    normalise_surface,
)
from aloi.corpus.schema import Schema
from aloi.corpus.text_files import read_text

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class RefUse:
    """The use of a ref: its documents, and the number of its mentions by label and surface.

    `named` omits mentions with attributes, which stand for something else than their words say.
    """

    documents: set[str] = field(default_factory=set)
    labels: Counter[str] = field(default_factory=Counter)
    named: Counter[tuple[str, str]] = field(default_factory=Counter)


def ref_uses(documents: Iterable[Document]) -> dict[str, RefUse]:
    """Return the use of each ref in documents, sorted; dates and private persons are omitted."""
    uses: defaultdict[str, RefUse] = defaultdict(RefUse)
    for document in documents:
        for entity in document.entities:
            ref = entity.ref
            if ref is None or is_iso_date(ref) or PRIVATE_SIGN in ref:
                continue
            uses[ref].documents.add(document.id)
            uses[ref].labels[entity.label] += 1
            if not entity.attributes:
                uses[ref].named[entity.label, document.surface(entity)] += 1
    return dict(sorted(uses.items()))


def update_refs(file: Path, schema: Schema, uses: Mapping[str, RefUse]) -> list[str]:
    """Add entries for missing refs to an authority of refs; return these refs.

    The file is created if it does not exist. Raises `DataError` if it is invalid.
    """
    exists = file.exists()
    authority = load_refs(file, schema) if exists else RefAuthority(file, RefList())
    entries = missing_entries(uses, authority)
    if entries:
        text = insert_entries(read_text(file) if exists else "", entries)
        with atomic_text_file(file) as stream:
            stream.write(text)
    return list(entries)


def missing_entries(uses: Mapping[str, RefUse], authority: RefAuthority) -> dict[str, RefEntry]:
    """Return entries for the refs in use that the authority does not contain.

    Name and aliases are the surfaces of the mentions with the label of the thing. Surfaces that
    another entry of the type has are left out; the name is the ref if none remains. A person must
    correct the entries: surfaces such as *the treaty* are no names.
    """
    taken = {
        (entry.type, normalise_surface(surface))
        for entry in authority.refs.values()
        for surface in entry.surfaces
    }
    entries = {}
    for ref, use in uses.items():
        if ref not in authority.refs:
            type_ = _type(use, authority)
            free: dict[str, str] = {}
            for surface in _surfaces(ref, use, type_):
                if (type_, normalised := normalise_surface(surface)) not in taken:
                    free.setdefault(normalised, surface)
            taken |= {(type_, normalised) for normalised in free}
            name, *aliases = free.values() or [ref]
            entries[ref] = RefEntry(name, type_, tuple(sorted(aliases)))
    return entries


def _surfaces(ref: str, use: RefUse, label: str) -> list[str]:
    """Return the surfaces with a label: the surface that equals the ref, then the most frequent."""
    surfaces = [surface for (each, surface), _ in use.named.most_common() if each == label]
    words = normalise_surface(ref.replace("-", " "))
    return sorted(surfaces, key=lambda surface: normalise_surface(surface) != words)


def _type(use: RefUse, authority: RefAuthority) -> str:
    """Return the most frequent label that allows all labels of the mentions, or that label."""
    labels = [label for label, _ in use.labels.most_common()]
    fitting = (each for each in labels if set(labels) <= set(authority.allowed_labels(each)))
    return next(fitting, labels[0])


def insert_entries(text: str, entries: Mapping[str, RefEntry]) -> str:
    """Return the text of a refs file with new entries, sorted by ref; the rest is unchanged."""
    head, *parts = re.split(r"(?m)^(?=\[refs\.)", text)
    blocks = [(_key(part), part.rstrip("\n")) for part in parts]
    blocks += [(ref, format_entry(ref, entry)) for ref, entry in entries.items()]
    lead = [head.rstrip("\n")] if head.strip() else []
    return "\n\n".join((*lead, *(block for _, block in sorted(blocks)))) + "\n"


def _key(block: str) -> str:
    return block.partition("\n")[0].removeprefix("[refs.").partition("]")[0].strip("\"'")


def format_entry(ref: str, entry: RefEntry) -> str:
    """Return an entry as TOML, without a line end at its end."""
    return "\n".join(_lines(ref, entry))


def _lines(ref: str, entry: RefEntry) -> Iterator[str]:
    yield f"[refs.{ref if _BARE_KEY.fullmatch(ref) else _string(ref)}]"
    yield f"name = {_string(entry.name)}"
    yield f"type = {_string(entry.type)}"
    if entry.aliases:
        yield f"aliases = [{', '.join(map(_string, entry.aliases))}]"


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
