"""Functions that find, load and build UIMA type systems."""

from __future__ import annotations

import io
import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from aloi.corpus.formats.xmi.cassis_library import CassisModule, TypeSystem, translate_errors
from aloi.corpus.formats.xmi.options import (
    ANNOTATION_TYPE,
    HEAD_FEATURE,
    REF_FEATURE,
    STRING_TYPE,
    TAIL_FEATURE,
    VALUE_FEATURE,
    WriteOptions,
)
from aloi.corpus.formats.xmi.xml_input import read_xml
from aloi.corpus.problems import DataError, Problem

TYPE_SYSTEM_FILE = "TypeSystem.xml"

EXPORT_FIX = f"Export the document and its {TYPE_SYSTEM_FILE} again"
"""The instruction in errors about files that cassis cannot read."""

MAX_COST = 10**8
"""The maximum cost of a type system (see `check_cost`); DKPro Core's type system costs 20,000."""


@dataclass(slots=True)
class TypeSystems:
    """A loader and cache for the type systems of the files in `top` and its subfolders."""

    cassis: CassisModule
    top: Path
    loaded: dict[Path, TypeSystem] = field(default_factory=dict)

    def load(self, file: Path) -> TypeSystem:
        """Return the type system of a file; raise `DataError` if it is missing or invalid."""
        path = self._find(file)
        if path not in self.loaded:
            with translate_errors(EXPORT_FIX, str(path)):
                self.loaded[path] = _load(self.cassis, path)
        return self.loaded[path]

    def _find(self, file: Path) -> Path:
        """Return the path of the type system in the nearest parent folder, up to `top`."""
        for folder in file.parents:
            for name in (TYPE_SYSTEM_FILE, TYPE_SYSTEM_FILE.lower()):
                if (folder / name).is_file():
                    return folder / name
            if folder == self.top:
                break
        what = f"the file {TYPE_SYSTEM_FILE} is missing"
        fix = f"Put the {TYPE_SYSTEM_FILE} of the export into the folder of the file"
        raise DataError([Problem("types-missing", what, fix)])


def _load(cassis: CassisModule, file: Path) -> TypeSystem:
    """Load a type system; raise `DataError` if the type system or a feature name is invalid."""
    content = read_xml(file)
    check_cost(*_count_features(content))
    types = cassis.load_typesystem(io.BytesIO(content))
    check_feature_names(
        {feature.name: type_.name for type_ in types.get_types() for feature in type_.features}
    )
    return types


def _count_features(content: bytes) -> tuple[dict[str, int], dict[str, str]]:
    """Return the number of own features and the supertype of each type in a type system."""
    own_counts: dict[str, int] = {}
    supertypes: dict[str, str] = {}
    for description in ElementTree.fromstring(content).findall(".//{*}typeDescription"):
        name = (description.findtext("{*}name") or "").strip()
        own_counts[name] = len(description.findall("{*}features/{*}featureDescription"))
        supertypes[name] = (description.findtext("{*}supertypeName") or "").strip()
    return own_counts, supertypes


def check_cost(own_counts: Mapping[str, int], supertypes: Mapping[str, str]) -> None:
    """Raise `DataError` if cassis would take minutes to load a type system.

    `own_counts` contains the number of own features of each type. The time is proportional to the
    sum of n³ over all types, about one second for 10**7; n is the number of own and inherited
    features of a type.
    """
    totals: dict[str, int] = {}
    for type_ in own_counts:
        chain, name = [], type_
        while name in own_counts and name not in totals:
            totals[name] = 0  # ends the loop if the inheritance is circular
            chain.append(name)
            name = supertypes[name]
        total = totals.get(name, 0)
        for derived in reversed(chain):
            totals[derived] = total = total + own_counts[derived]
    cost = sum(total**3 for total in totals.values())
    if cost > MAX_COST:
        what = f"the type system defines too many features: cost {cost}, limit {MAX_COST}"
        fix = "Remove the types and features that the documents do not use"
        raise DataError([Problem("bad-feature", what, fix)])


def check_feature_names(type_names: Mapping[str, str]) -> None:
    """Raise `DataError` for invalid feature names, which cassis would turn into Python code.

    `type_names` maps each feature name to the name of its type.
    """
    fix = "Rename the feature: use letters, digits and _, and no Python keyword"
    problems = [
        Problem("bad-feature", f"invalid feature name {name!r} in the type {type_name}", fix)
        for name, type_name in type_names.items()
        if not name.isidentifier() or keyword.iskeyword(name)
    ]
    if problems:
        raise DataError(problems)


def build_type_system(
    cassis: CassisModule,
    options: WriteOptions,
    mention_attributes: Iterable[str],
    relation_attributes: Iterable[str],
) -> TypeSystem:
    """Return a type system with a mention type and a relation type; attributes become features."""
    types = cassis.TypeSystem()
    mention = types.create_type(options.layer, ANNOTATION_TYPE)
    for name in (VALUE_FEATURE, REF_FEATURE, *sorted(mention_attributes)):
        types.create_feature(mention, name, STRING_TYPE)
    relation = types.create_type(options.relations, ANNOTATION_TYPE)
    for name in (HEAD_FEATURE, TAIL_FEATURE):
        types.create_feature(relation, name, mention)
    for name in (VALUE_FEATURE, *sorted(relation_attributes)):
        types.create_feature(relation, name, STRING_TYPE)
    return types
