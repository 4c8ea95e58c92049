"""Draft a CHANGELOG entry that lists the differences between two versions of a corpus."""

from __future__ import annotations

from aloi.corpus.release.versions.bump_rules import bump_reasons, required_bump
from aloi.corpus.release.versions.version_bumps import VersionBump, lowest_version
from aloi.corpus.release.versions.version_comparison import CorpusDifferences


def draft_entry(differences: CorpusDifferences, *, day: str) -> str:
    """Return a Markdown section for the new version, dated `day` (ISO 8601).

    If the new version has no number, the heading contains the lowest allowed version number, or
    "Unreleased" if the old version has no number either.
    """
    reasons, old = bump_reasons(differences), differences.old.version
    bump = required_bump(reasons)
    version = differences.new.version or (lowest_version(old, bump) if old else "Unreleased")
    since = f" since {old}" if old else ""
    summary = f"No differences{since}" if bump is VersionBump.NONE else f"A {bump} version{since}"
    lines = [f"- {reason.what[0].upper()}{reason.what[1:]}." for reason in reasons]
    return "\n".join([f"## {version} – {day}", "", f"{summary}.", "", *lines, ""])
