"""The authority of refs: the one list of the things that the mentions of a corpus refer to.

The file, usually `refs.toml`, contains each ref once, with the thing's name, the label of its
mentions and its aliases:

    dates = ["DATE"]

    [labels]
    LOC = ["NORP"]

    [refs.pays-bas]
    name = "Pays-Bas"
    type = "LOC"
    aliases = ["Hollande"]

`dates` lists the labels whose refs are ISO dates. `labels` lists, by type, other labels that
mentions of such a thing may have: here, the adjective of a country. Dates and private persons
(`<document id>#p1`) are not part of the list.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import msgspec

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema
from aloi.corpus.toml_files import load_toml

PRIVATE_SIGN = "#"
"""The character after the document id in the ref of a private person."""

_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?", re.ASCII)


class RefEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A thing: its usual name, the label of its mentions, and other names of it."""

    name: str
    type: str
    aliases: tuple[str, ...] = ()

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The name and the aliases."""
        return (self.name, *self.aliases)


class RefList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of the file."""

    dates: tuple[str, ...] = ()
    labels: dict[str, tuple[str, ...]] = {}
    refs: dict[str, RefEntry] = {}


@dataclass(frozen=True)
class RefAuthority:
    """The refs of a corpus, and the file that contains them."""

    file: Path
    content: RefList

    @property
    def refs(self) -> dict[str, RefEntry]:
        """The entries by ref."""
        return self.content.refs

    def allowed_labels(self, type_: str) -> tuple[str, ...]:
        """Return the labels that mentions of a thing of this type may have."""
        return (type_, *self.content.labels.get(type_, ()))

    @cached_property
    def refs_by_surface(self) -> dict[str, tuple[str, ...]]:
        """The refs of each name and alias, by normalised surface (see `normalise_surface`)."""
        refs: defaultdict[str, list[str]] = defaultdict(list)
        for ref, entry in self.refs.items():
            for surface in dict.fromkeys(map(normalise_surface, entry.surfaces)):
                refs[surface].append(ref)
        return {surface: tuple(sorted(found)) for surface, found in refs.items()}

    def find(self, surface: str) -> tuple[str, ...]:
        """Return the refs that have this surface as name or alias, sorted."""
        return self.refs_by_surface.get(normalise_surface(surface), ())


def load_refs(path: Path, schema: Schema) -> RefAuthority:
    """Read an authority of refs; raise `DataError` with all problems if it is invalid."""
    fix = "Correct the file; corpus/refs.toml of aloi is an example"
    authority = RefAuthority(path, load_toml(path, RefList, fix=fix))
    problems = [problem.at(file=str(path)) for problem in _problems(authority, schema)]
    if problems:
        raise DataError(problems)
    return authority


def load_named_refs(folder: Path, file: str | None, schema: Schema) -> RefAuthority | None:
    """Read the authority that the manifest of a corpus folder names, or None if it names none."""
    return load_refs(folder / file, schema) if file is not None else None


def normalise_surface(surface: str) -> str:
    """Return a surface in lower case, without accents and punctuation."""
    letters = unicodedata.normalize("NFKD", surface.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", bare))


def is_iso_date(ref: str) -> bool:
    """Return whether a ref is an ISO date: a year, month or day."""
    if not _DATE.fullmatch(ref):
        return False
    complete = {4: "-01-01", 7: "-01"}.get(len(ref), "")
    try:
        date.fromisoformat(ref + complete)
    except ValueError:
        return False
    return True


def _problems(authority: RefAuthority, schema: Schema) -> Iterator[Problem]:
    content = authority.content
    labels = {*content.dates, *content.labels}.union(*content.labels.values())
    for label in sorted(labels - schema.entities.keys()):
        yield _unknown_label(label, schema)
    for ref, entry in content.refs.items():
        if entry.type not in schema.entities:
            yield _unknown_label(entry.type, schema, ref)
        if not all(map(normalise_surface, entry.surfaces)):
            yield Problem("bad-ref", "a name is empty", "Write the usual name", item=ref)
        if is_iso_date(ref) or PRIVATE_SIGN in ref:
            what = "dates and private persons are not part of the list"
            yield Problem("bad-ref", what, "Remove the entry", item=ref)
    yield from _shared_surfaces(authority)


def _unknown_label(label: str, schema: Schema, ref: str | None = None) -> Problem:
    what = f"the schema does not contain the entity label {label}"
    fix = f"Use one of the entity labels of schema {schema}: {', '.join(schema.entities)}"
    return Problem("bad-ref", what, fix, item=ref)


def _shared_surfaces(authority: RefAuthority) -> Iterator[Problem]:
    """Yield a problem for each two entries of the same type with a name or alias in common."""
    for surface, refs in authority.refs_by_surface.items():
        of_type: dict[str, str] = {}
        for ref in refs:
            first = of_type.setdefault(authority.refs[ref].type, ref)
            if first != ref:
                what = f"the refs {first} and {ref} have the same name or alias: {surface}"
                fix = "Keep one of the refs if they are the same thing; otherwise change the name"
                yield Problem("ref-twice", what, fix, item=ref)
