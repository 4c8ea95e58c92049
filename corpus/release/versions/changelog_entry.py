"""An entry for a corpus's CHANGELOG, drafted from what differs; a person adds why it does."""

from __future__ import annotations

from aloi.corpus.release.versions.bump_rules import Step, least, reasons, step
from aloi.corpus.release.versions.comparison import Differences


def entry(found: Differences, *, day: str) -> str:
    """A section in Markdown for the version that `found.new` is, dated `day` (ISO).

    Without a version it is headed by the lowest one that the rules allow.
    """
    why, before = reasons(found), found.old.version
    asked = step(why)
    version = found.new.version or (least(before, asked) if before else "Unreleased")
    over = f" over {before}" if before else ""
    summary = "Nothing differs" if asked is Step.NONE else f"A {asked} step{over}"
    lines = [f"- {reason.what[0].upper()}{reason.what[1:]}." for reason in why]
    return "\n".join([f"## {version} – {day}", "", f"{summary}.", "", *lines, ""])
