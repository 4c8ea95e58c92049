"""Rules for the version bump that the differences between two corpus versions require.

docs/versioning.md explains the rules.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from aloi.corpus.problems import Problem, count_noun
from aloi.corpus.release.versions.annotation_changes import (
    AnnotationChanges,
    AnnotationKind,
    count_corrections,
)
from aloi.corpus.release.versions.schema_rules import schema_reasons
from aloi.corpus.release.versions.version_bumps import (
    BumpReason,
    VersionBump,
    lowest_version,
    parse_version,
)
from aloi.corpus.release.versions.version_comparison import CorpusDifferences
from aloi.corpus.statistics.corpus_counts import TRAIN_SPLIT

MINOR_CORRECTION_SHARE = 0.01
"""If more than this proportion of a split's annotations is corrected, a minor bump is required."""

MAX_LISTED_IDS = 5
"""Maximum number of document ids in a reason; with more documents, no ids are listed."""


def bump_reasons(differences: CorpusDifferences) -> tuple[BumpReason, ...]:
    """Return all reasons for a version bump, the largest bump first."""
    reasons = (
        *_document_reasons(differences),
        *_rights_reasons(differences),
        *_annotation_reasons(differences),
        *schema_reasons(differences.old.schema, differences.new.schema),
    )
    return tuple(sorted(reasons, key=lambda reason: -reason.bump))


def required_bump(reasons: Iterable[BumpReason]) -> VersionBump:
    """Return the largest bump among the reasons."""
    return max((reason.bump for reason in reasons), default=VersionBump.NONE)


def version_problems(differences: CorpusDifferences) -> Iterator[Problem]:
    """Yield a problem if the new version number is too low.

    Yields nothing if the old or the new version has no number.
    """
    old, new = differences.old.version, differences.new.version
    if old is None or new is None:
        return
    bump = required_bump(bump_reasons(differences))
    lowest = lowest_version(old, bump)
    if parse_version(new) < parse_version(lowest):
        what = f"version number {new} is too low: the differences from {old} require a {bump} bump"
        yield Problem("version-too-low", what, f"Set the version to {lowest} or higher")


def _document_reasons(differences: CorpusDifferences) -> Iterator[BumpReason]:
    removed: dict[str, list[str]] = defaultdict(list)
    for id_, split in differences.removed.items():
        removed[split].append(id_)
    for split, ids in removed.items():
        bump = VersionBump.MINOR if split == TRAIN_SPLIT else VersionBump.MAJOR
        yield BumpReason(bump, f"{_list_documents(ids)} removed{split and f' from {split}'}")
    changes: tuple[tuple[VersionBump, str, Iterable[str]], ...] = (
        (VersionBump.MAJOR, "moved to another split", differences.moved),
        (VersionBump.MAJOR, "with a different text", differences.rewritten),
        (VersionBump.MINOR, f"added{_by_split(differences.added)}", differences.added),
        (VersionBump.PATCH, "with different metadata", differences.metadata),
    )
    yield from (
        BumpReason(bump, f"{_list_documents(ids)} {what}") for bump, what, ids in changes if ids
    )


def _rights_reasons(differences: CorpusDifferences) -> Iterator[BumpReason]:
    old, new = differences.old, differences.new
    changed: dict[tuple[VersionBump, str], list[str]] = defaultdict(list)
    for id_ in differences.rights:
        before, after = (each.rights[id_].redistributable for each in (old, new))
        changed[_RIGHTS_CHANGES[before, after]].append(id_)
    for (bump, what), ids in changed.items():
        yield BumpReason(bump, f"{_list_documents(ids)} {what}")


_RIGHTS_CHANGES = {
    (True, False): (VersionBump.MAJOR, "no longer redistributable"),
    (False, True): (VersionBump.MINOR, "now redistributable"),
    (True, True): (VersionBump.MAJOR, "with a different licence or holder"),
    (False, False): (VersionBump.MAJOR, "with a different licence or holder"),
}
"""Bump and description for changed rights, by old and new value of `redistributable`."""


def _annotation_reasons(differences: CorpusDifferences) -> Iterator[BumpReason]:
    by_split: dict[tuple[AnnotationKind, str], dict[str, AnnotationChanges]] = defaultdict(dict)
    for (kind, split, label), changes in differences.annotations.items():
        if changes.has_corrections:
            by_split[kind, split][label] = changes
    for (kind, split), by_label in by_split.items():
        number, total = count_corrections(by_label.values()), differences.kept.get((kind, split), 0)
        is_minor = number > MINOR_CORRECTION_SHARE * total
        where = f"{kind} of {split}" if split else kind
        details = ", ".join(f"{label} {changes}" for label, changes in by_label.items())
        yield BumpReason(
            VersionBump.MINOR if is_minor else VersionBump.PATCH,
            f"{number} of {total} {where} corrected: {details}",
        )


def _by_split(splits: Mapping[str, str]) -> str:
    """Return a phrase with the number of documents per split, such as `: 2 to train`."""
    counts = sorted(Counter(filter(None, splits.values())).items())
    listed = ", ".join(f"{number} to {split}" for split, number in counts)
    return f": {listed}" if listed else ""


def _list_documents(ids: Iterable[str]) -> str:
    """Return the number of documents, with their ids if there are at most `MAX_LISTED_IDS`."""
    ids = sorted(ids)
    listed = f" ({', '.join(ids)})" if len(ids) <= MAX_LISTED_IDS else ""
    return f"{count_noun(len(ids), 'document')}{listed}"
