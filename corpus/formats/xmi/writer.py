"""Write XMI: one `.xmi` file per document, and one type system for all documents."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from aloi.corpus.atomic_files import atomic_folder
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.duplicate_ids import FileNames
from aloi.corpus.formats.shared.names import NameChecker
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.xmi.cassis_library import (
    CASSIS_NAMES,
    Cas,
    CassisModule,
    TypeSystem,
    import_cassis,
    translate_errors,
)
from aloi.corpus.formats.xmi.options import (
    HEAD_FEATURE,
    REF_FEATURE,
    TAIL_FEATURE,
    VALUE_FEATURE,
    WriteOptions,
)
from aloi.corpus.formats.xmi.type_systems import TYPE_SYSTEM_FILE, build_type_system
from aloi.corpus.problems import Problem

_TYPES_FIX = "Choose different type names with the options layer= and relations="
_XML_CHARACTERS = "\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
_FEATURE_NAME = re.compile(r"[A-Za-z]\w*", re.ASCII)
_RESERVED_NAMES = {
    *(VALUE_FEATURE, REF_FEATURE, HEAD_FEATURE, TAIL_FEATURE),
    *("begin", "end", "sofa", "head", "tail"),
    *("xmiID", "id", "get", "set", "get_covered_text", "elements"),
    *CASSIS_NAMES.values(),
}
"""The feature names that cassis, UIMA or this format reserves."""


class _AttributeNames(NamedTuple):
    """The attribute names of mentions and of relations in a set of documents."""

    mentions: frozenset[str] = frozenset()
    relations: frozenset[str] = frozenset()

    @classmethod
    def of(cls, document: Document) -> _AttributeNames:
        """Return the attribute names of a document."""
        mentions = frozenset(name for e in document.entities for name in e.attributes)
        return cls(mentions, frozenset(name for r in document.relations for name in r.attributes))

    def union(self, other: _AttributeNames) -> _AttributeNames:
        """Return the attribute names that occur in `self` or in `other`."""
        return _AttributeNames(self.mentions | other.mentions, self.relations | other.relations)


class Serialization(NamedTuple):
    """A file format for a CAS.

    `illegal` matches the characters that the format does not allow; `rule` says so in error
    messages. `save` writes a CAS, and `save_types` writes the types of all documents to a folder.
    """

    suffix: str
    illegal: re.Pattern[str]
    rule: str
    save: Callable[[Cas, Path], object]
    save_types: Callable[[TypeSystem, Path], object]


_XMI = Serialization(
    suffix=".xmi",
    illegal=re.compile(f"[^{_XML_CHARACTERS}]"),
    rule="XML 1.0 does not allow",
    save=lambda cas, file: cas.to_xmi(file),
    save_types=lambda types, folder: types.to_xml(folder / TYPE_SYSTEM_FILE),
)


def write(documents: Iterable[Document], path: Path, options: WriteOptions, notes: Notes) -> int:
    """Write a type system and one file per document; return the number of documents."""
    return write_files(documents, path, options, _XMI)


def write_files(
    documents: Iterable[Document], path: Path, options: WriteOptions, serialization: Serialization
) -> int:
    """Write the files of a serialization to a folder; return the number of documents."""
    cassis = import_cassis()
    legal = re.compile(f"(?:(?!{serialization.illegal.pattern}).)*", re.DOTALL)
    rule = f"it contains a character that {serialization.rule}"
    attributes = _AttributeNames()
    with translate_errors(_TYPES_FIX):
        types = build_type_system(cassis, options, *attributes)
    count = 0
    with atomic_folder(path) as scratch:
        files = FileNames.of(path, serialization.suffix, scratch=scratch)
        names = NameChecker(legal, rule, files)
        for count, document in enumerate(documents, start=1):  # noqa: B007 - the count is the result
            name = names.check(document)
            names.problems += _unwritable_values(document, serialization)
            if not name or names.bad_labels or names.problems:
                continue
            with translate_errors(_TYPES_FIX):
                extended = attributes.union(_AttributeNames.of(document))
                if extended != attributes:
                    attributes = extended
                    types = build_type_system(cassis, options, *attributes)
                file = Path(scratch, f"{name}{serialization.suffix}")
                file.parent.mkdir(parents=True, exist_ok=True)
                serialization.save(_to_cas(cassis, document, types, options), file)
        names.raise_problems()
        serialization.save_types(types, scratch)
    return count


def _unwritable_values(document: Document, serialization: Serialization) -> Iterator[Problem]:
    """Yield a problem for each invalid feature name and each value with an illegal character."""
    items: list[Entity | Relation] = [*document.entities, *document.relations]
    values: list[tuple[str | None, str, str]] = [(None, "the text", document.text)]
    for item in items:
        place = item.id if isinstance(item, Entity) else str(item)
        if isinstance(item, Entity) and item.ref is not None:
            values.append((place, "the ref", item.ref))
        for name, value in item.attributes.items():
            values.append((place, f"the attribute {name!r}", value))
            if not _is_feature_name(name):
                what = f"the attribute name {name!r} is not a valid feature name"
                fix = (
                    "Rename the attribute: begin with a letter, use only letters, digits and _, "
                    "and avoid names that UIMA or Python reserves"
                )
                yield Problem("bad-attribute", what, fix, document.id, place)
    for place_, where, value in values:
        if illegal := serialization.illegal.search(value):
            character, offset = illegal[0], illegal.start()
            rule = serialization.rule
            what = f"{rule} the character {character!r} at offset {offset} in {where}"
            yield Problem("bad-character", what, "Remove the character", document.id, place_)


def _is_feature_name(name: str) -> bool:
    is_word = _FEATURE_NAME.fullmatch(name) and not keyword.iskeyword(name)
    return bool(is_word) and name not in _RESERVED_NAMES


def _to_cas(
    cassis: CassisModule, document: Document, types: TypeSystem, options: WriteOptions
) -> Cas:
    """Return the CAS of a document.

    The span of a relation annotation is the span of its dependent, as in DKPro Core.
    """
    cas = cassis.Cas(typesystem=types, sofa_string=document.text)
    mention_type, relation_type = types.get_type(options.layer), types.get_type(options.relations)
    mentions = {}
    # The reader numbers mentions with the same span and label in file order: e2 before e10.
    for e in sorted(document.entities, key=lambda e: (e.start, -e.end, e.label, len(e.id), e.id)):
        features = {**_features(e.attributes), VALUE_FEATURE: e.label, REF_FEATURE: e.ref}
        mentions[e.id] = mention_type(begin=e.start, end=e.end, **features)
        cas.add(mentions[e.id])
    for r in document.relations:
        tail = mentions[r.tail]
        ends = {HEAD_FEATURE: mentions[r.head], TAIL_FEATURE: tail}
        features = {**_features(r.attributes), VALUE_FEATURE: r.label, **ends}
        cas.add(relation_type(begin=tail.begin, end=tail.end, **features))
    return cas


def _features(attributes: Mapping[str, str]) -> dict[str, str | None]:
    """Return the attributes; the keys are the feature names in cassis."""
    return {CASSIS_NAMES.get(name, name): value for name, value in attributes.items()}
