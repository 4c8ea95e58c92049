"""The version bump that a change of the schema requires.

A change is major if annotations that are valid under the old schema may be invalid, or have a
different meaning, under the new schema. docs/versioning.md explains the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from aloi.corpus.problems import DataError
from aloi.corpus.release.versions.version_bumps import BumpReason, VersionBump, bump_between
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema


def schema_reasons(old: Schema | None, new: Schema | None) -> Iterator[BumpReason]:
    """Yield a reason for a bump per difference between two schemas, if both schemas are given."""
    if old is None or new is None or old == new:
        return
    declared = _declared_bump(old.version, new.version)
    if declared is not VersionBump.NONE:
        yield BumpReason(declared, f"schema {old} became {new}")
    yield from _name_reasons("entity label", old.entities, new.entities)
    yield from _name_reasons("relation label", old.relations, new.relations)
    for label in sorted(old.relations.keys() & new.relations.keys()):
        yield from _relation_reasons(label, old.relations[label], new.relations[label])
    for what, before, after in (
        ("entity attribute", old.entity_attributes, new.entity_attributes),
        ("relation attribute", old.relation_attributes, new.relation_attributes),
    ):
        yield from _name_reasons(what, before, after)
        for name in sorted(before.keys() & after.keys()):
            yield from _attribute_reasons(f"{what} {name}", before[name], after[name])
    reworded = _reworded_types(old, new)
    if reworded:
        what = f"description changed: {', '.join(sorted(reworded))}"
        yield BumpReason(VersionBump.PATCH, what)


def _declared_bump(old: str, new: str) -> VersionBump:
    """Return the bump between two schema versions; NONE unless both are version numbers."""
    try:
        return bump_between(old, new)
    except DataError:
        return VersionBump.NONE


def _name_reasons(
    what: str, old: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[BumpReason]:
    """Yield a reason if names were removed, and a reason if names were added."""
    for bump, change, names in (
        (VersionBump.MAJOR, "removed or renamed", old.keys() - new.keys()),
        (VersionBump.MINOR, "added", new.keys() - old.keys()),
    ):
        if names:
            yield BumpReason(bump, f"{what} {', '.join(sorted(names))} {change}")


def _relation_reasons(label: str, old: RelationType, new: RelationType) -> Iterator[BumpReason]:
    if old.symmetric != new.symmetric:
        direction = "symmetric" if new.symmetric else "directed"
        yield BumpReason(VersionBump.MAJOR, f"relation {label} is now {direction}")
    yield from _value_reasons(f"head of {label}", old.head, new.head)
    yield from _value_reasons(f"tail of {label}", old.tail, new.tail)


def _attribute_reasons(name: str, old: AttributeType, new: AttributeType) -> Iterator[BumpReason]:
    if old.default != new.default:
        yield BumpReason(VersionBump.MAJOR, f"{name} has a different default")
    yield from _restriction_reasons(f"values of {name}", old.values, new.values)
    yield from _restriction_reasons(f"labels of {name}", old.labels, new.labels)


def _restriction_reasons(
    what: str, old: tuple[str, ...], new: tuple[str, ...]
) -> Iterator[BumpReason]:
    """Yield a reason for each change of the allowed values; an empty list allows any value."""
    if bool(old) == bool(new):
        yield from _value_reasons(what, old, new)
    elif old:
        yield BumpReason(VersionBump.MINOR, f"{what}: now any")
    else:
        yield BumpReason(VersionBump.MAJOR, f"{what}: now {', '.join(new)}")


def _value_reasons(what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[BumpReason]:
    yield from _name_reasons(f"{what}:", dict.fromkeys(old), dict.fromkeys(new))


def _reworded_types(old: Schema, new: Schema) -> list[str]:
    """Return the names of the types that the two schemas describe differently."""
    before, after = _descriptions(old), _descriptions(new)
    return [key[1] for key in before.keys() & after.keys() if before[key] != after[key]]


def _descriptions(schema: Schema) -> dict[tuple[str, str], dict[str, str]]:
    """Return the descriptions of each type by language, by kind and name."""
    kinds: dict[str, Mapping[str, EntityType | RelationType | AttributeType]] = {
        "entities": schema.entities,
        "relations": schema.relations,
        "entity attributes": schema.entity_attributes,
        "relation attributes": schema.relation_attributes,
    }
    return {
        (kind, name): type_.descriptions
        for kind, types in kinds.items()
        for name, type_ in types.items()
    }
