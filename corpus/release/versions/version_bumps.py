"""Version numbers `X.Y.Z`, version bumps (patch, minor, major), and reasons for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from aloi.corpus.problems import DataError, Problem

_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")


class VersionBump(IntEnum):
    """A version bump; a larger bump compares as greater."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class BumpReason:
    """A difference between two versions (`what`), and the bump that the difference requires."""

    bump: VersionBump
    what: str


def parse_version(version: str) -> tuple[int, int, int]:
    """Return the numbers in `X`, `X.Y` or `X.Y.Z`; raise `DataError` for any other form."""
    parts = _VERSION.fullmatch(version)
    if parts is None:
        what = f"the version number {version!r} does not have the form X.Y.Z"
        fix = "Change the version to a number such as 1.0.0"
        raise DataError([Problem("bad-version", what, fix)])
    major, minor, patch = (int(part or 0) for part in parts.groups())
    return major, minor, patch


def lowest_version(version: str, bump: VersionBump) -> str:
    """Return the lowest allowed number of a new version, given the old number and the bump.

    Before 1.0.0 there is no compatibility promise, so a major bump increases the second number.
    Raises `DataError` if `version` is not a version number.
    """
    major, minor, patch = parse_version(version)
    if bump is VersionBump.MAJOR and major:
        return f"{major + 1}.0.0"
    if bump >= VersionBump.MINOR:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + (bump is VersionBump.PATCH)}"


def bump_between(old: str, new: str) -> VersionBump:
    """Return the bump between two versions: the position of the first number that differs."""
    differs = [
        one != other for one, other in zip(parse_version(old), parse_version(new), strict=True)
    ]
    return VersionBump(3 - differs.index(True)) if any(differs) else VersionBump.NONE
