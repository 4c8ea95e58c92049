"""Versions of a corpus: which differences ask for a major, a minor or a patch step, and why.

The rules, in prose and with their reasons, are in docs/versioning.md.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.versions.comparison import Differences, Tally, corrections
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema

TRAIN = "train"

AT_SCALE = 0.01
"""Corrections are at scale if they are more than this share of a split's annotations."""

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")


class Step(IntEnum):
    """How far a version must rise."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Reason:
    """One thing that asks for a step."""

    step: Step
    what: str


def reasons(found: Differences) -> tuple[Reason, ...]:
    """All that asks for a step, what asks for most first."""
    every = (
        *_document_reasons(found),
        *_rights_reasons(found),
        *_annotation_reasons(found),
        *schema_reasons(found.old.schema, found.new.schema),
    )
    return tuple(sorted(every, key=lambda reason: -reason.step))


def step(found: Iterable[Reason]) -> Step:
    """The step that the reasons ask for together: the greatest."""
    return max((reason.step for reason in found), default=Step.NONE)


def least(version: str, asked: Step) -> str:
    """The lowest version that is a step above another one.

    Before 1.0.0 nothing is promised, and a major step raises the second number. Raises
    `DataError` if the version is none.
    """
    major, minor, patch = parse(version)
    if asked is Step.MAJOR and major:
        return f"{major + 1}.0.0"
    if asked >= Step.MINOR:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + (asked is Step.PATCH)}"


def version_problems(found: Differences) -> Iterator[Problem]:
    """The problem of a version that is lower than the rules ask; none if either has no version."""
    old, new = found.old.version, found.new.version
    if old is None or new is None:
        return
    asked = step(reasons(found))
    needed = least(old, asked)
    if parse(new) < parse(needed):
        what = f"version {new} follows {old}, and what differs asks for a {asked} step"
        yield Problem("version-too-low", what, f"Make it {needed} or higher")


def parse(version: str) -> tuple[int, int, int]:
    """The numbers of `X.Y.Z`, those left out 0; raises `DataError` if it is no version."""
    parts = _VERSION.fullmatch(version)
    if parts is None:
        fix = "Write X.Y.Z, such as 1.0.0"
        raise DataError([Problem("bad-version", f"{version!r} is no version", fix)])
    major, minor, patch = (int(part or 0) for part in parts.groups())
    return major, minor, patch


def _document_reasons(found: Differences) -> Iterator[Reason]:
    gone: dict[str, list[str]] = defaultdict(list)
    for id_, split in found.removed.items():
        gone[split].append(id_)
    for split, ids in gone.items():
        asked, where = Step.MINOR if split == TRAIN else Step.MAJOR, split and f" from {split}"
        yield Reason(asked, f"{documents(ids)} removed{where}")
    told = (
        (Step.MAJOR, "moved to another split", found.moved),
        (Step.MAJOR, "of another text", found.rewritten),
        (Step.MINOR, f"added{_by_split(found.added)}", found.added),
        (Step.PATCH, "of other metadata", found.metadata),
    )
    yield from (Reason(asked, f"{documents(ids)} {what}") for asked, what, ids in told if ids)


def _rights_reasons(found: Differences) -> Iterator[Reason]:
    old, new = found.old, found.new
    told: dict[tuple[Step, str], list[str]] = defaultdict(list)
    for id_ in found.rights:
        before, after = (each.rights[id_].redistributable for each in (old, new))
        told[_RIGHTS[before, after]].append(id_)
    for (asked, what), ids in told.items():
        yield Reason(asked, f"{documents(ids)} {what}")


_RIGHTS = {
    (True, False): (Step.MAJOR, "whose text may no longer be given on"),
    (False, True): (Step.MINOR, "whose text may now be given on"),
    (True, True): (Step.MAJOR, "of another licence or holder"),
    (False, False): (Step.MAJOR, "of another licence or holder"),
}
"""What a change of rights asks for, by whether the text may be given on before and after."""


def _annotation_reasons(found: Differences) -> Iterator[Reason]:
    parts: dict[tuple[str, str], dict[str, Tally]] = defaultdict(dict)
    for (what, split, label), tally in found.annotations.items():
        if str(tally):
            parts[what, split][label] = tally
    for (what, split), tallies in parts.items():
        number, kept = corrections(tallies.values()), found.kept.get((what, split), 0)
        where = f"{what} of {split}" if split else what
        asked = Step.MINOR if number > AT_SCALE * kept else Step.PATCH
        each = ", ".join(f"{label} {tally}" for label, tally in tallies.items())
        yield Reason(asked, f"{number} of {kept} {where} corrected: {each}")


def _by_split(splits: Mapping[str, str]) -> str:
    """How many documents went to each split, if they are in any."""
    counts = sorted(Counter(filter(None, splits.values())).items())
    each = ", ".join(f"{number} to {split}" for split, number in counts)
    return f": {each}" if each else ""


def schema_reasons(old: Schema | None, new: Schema | None) -> Iterator[Reason]:
    """What a change of schema asks for: major if what fitted the old one may not fit the new."""
    if old is None or new is None or old == new:
        return
    raised = _raised(old.version, new.version)
    if raised is not Step.NONE:
        yield Reason(raised, f"schema {old} became {new}")
    yield from _keys("entity label", old.entities, new.entities)
    yield from _keys("relation label", old.relations, new.relations)
    for label in sorted(old.relations.keys() & new.relations.keys()):
        yield from _relation_reasons(label, old.relations[label], new.relations[label])
    for what, before, after in (
        ("entity attribute", old.entity_attributes, new.entity_attributes),
        ("relation attribute", old.relation_attributes, new.relation_attributes),
    ):
        yield from _keys(what, before, after)
        for name in sorted(before.keys() & after.keys()):
            yield from _attribute_reasons(f"{what} {name}", before[name], after[name])
    reworded = _reworded(old, new)
    if reworded:
        yield Reason(Step.PATCH, f"described otherwise: {', '.join(sorted(reworded))}")


def _raised(old: str, new: str) -> Step:
    """The step a schema's author took by its version; none if either is no `X.Y.Z`."""
    try:
        before, after = parse(old), parse(new)
    except DataError:
        return Step.NONE
    changed = [one != other for one, other in zip(before, after, strict=True)]
    return Step(3 - changed.index(True)) if any(changed) else Step.NONE


def _keys(what: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Reason]:
    for step_, said, names in (
        (Step.MAJOR, "removed or renamed", old.keys() - new.keys()),
        (Step.MINOR, "added", new.keys() - old.keys()),
    ):
        if names:
            yield Reason(step_, f"{what} {', '.join(sorted(names))} {said}")


def _relation_reasons(label: str, old: RelationType, new: RelationType) -> Iterator[Reason]:
    if old.symmetric != new.symmetric:
        now = "no longer has" if new.symmetric else "now has"
        yield Reason(Step.MAJOR, f"relation {label} {now} a direction")
    for end in ("head", "tail"):
        yield from _values(f"{end} of {label}", getattr(old, end), getattr(new, end))


def _attribute_reasons(name: str, old: AttributeType, new: AttributeType) -> Iterator[Reason]:
    if old.default != new.default:
        yield Reason(Step.MAJOR, f"{name} has another default")
    for what in ("values", "labels"):
        before, after = getattr(old, what), getattr(new, what)
        if bool(before) != bool(after):  # none listed means any
            step_, said = (Step.MINOR, "any") if before else (Step.MAJOR, ", ".join(after))
            yield Reason(step_, f"{what} of {name}: now {said}")
        else:
            yield from _values(f"{what} of {name}", before, after)


def _values(what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Reason]:
    yield from _keys(f"{what}:", dict.fromkeys(old), dict.fromkeys(new))


def _reworded(old: Schema, new: Schema) -> list[str]:
    """The types that both schemas have and describe otherwise."""
    before, after = _wording(old), _wording(new)
    return [key[1] for key in before.keys() & after.keys() if before[key] != after[key]]


def _wording(schema: Schema) -> dict[tuple[str, str], tuple[str, str]]:
    kinds: dict[str, Mapping[str, EntityType | RelationType | AttributeType]] = {
        "entities": schema.entities,
        "relations": schema.relations,
        "entity attributes": schema.entity_attributes,
        "relation attributes": schema.relation_attributes,
    }
    return {
        (kind, name): (type_.description, type_.fr)
        for kind, types in kinds.items()
        for name, type_ in types.items()
    }


def documents(ids: Iterable[str], *, shown: int = 5) -> str:
    """How many documents, and which if they are few."""
    ids = sorted(ids)
    which = f" ({', '.join(ids)})" if len(ids) <= shown else ""
    return f"{len(ids)} document{'' if len(ids) == 1 else 's'}{which}"
