"""The plan of a push: target, files, and differences between the files and the repository."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.release.publish.restricted_text_check import ClearedFiles, FileContent

HUB_OWN_FILE = ".gitattributes"
"""File that the Hub creates to list large files; a push does not remove this file."""

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_TAG = re.compile(r"v\d+\.\d+\.\d+")


@dataclass(frozen=True)
class PushTarget:
    """The target of a push: repository `ORG/NAME`, visibility, and the tag `vX.Y.Z` to create.

    An existing repository must have this visibility. Raises `DataError` if `repo` or `tag` is
    malformed.
    """

    repo: str
    tag: str
    kind: Literal["dataset", "model"] = "dataset"
    public: bool = False

    def __post_init__(self) -> None:
        problems = []
        if not _REPOSITORY.fullmatch(self.repo):
            what = f"the repository name {self.repo!r} does not have the form ORG/NAME"
            fix = "Give the organisation or user, a slash, and the name of the repository"
            problems.append(Problem("bad-repository", what, fix))
        if not _TAG.fullmatch(self.tag):
            what = f"the tag {self.tag!r} does not have the form vX.Y.Z"
            fix = "Give a version tag such as v1.0.0"
            problems.append(Problem("bad-tag", what, fix))
        if problems:
            raise DataError(problems)

    @property
    def visibility(self) -> str:
        """Either "public" or "private"."""
        return "public" if self.public else "private"

    def __str__(self) -> str:
        return f"{self.kind} {self.repo}"


@dataclass(frozen=True)
class RemoteRepository:
    """The current state of a repository on the Hub.

    `head`: id of the last commit. `tagged`: id of the commit with the target tag, or None if the
    tag does not exist. `files`: hash of each file in the tagged commit, by path; if the tag does
    not exist, of each file in the last commit. The hash of a large file is its SHA-256. The hash of
    any other file is the SHA-1 of its git blob.
    """

    private: bool
    head: str
    tagged: str | None
    files: Mapping[str, str]


@dataclass(frozen=True)
class PushPlan:
    """The files that a push would send to a target, compared with the repository.

    `remote`: the repository, or None if it does not exist or is hidden from the access token.
    `hub_problems`: reasons why the Hub could not be read; if there are any, nothing can be sent.
    """

    target: PushTarget
    cleared: ClearedFiles
    remote: RemoteRepository | None = None
    hub_problems: tuple[Problem, ...] = ()

    @property
    def files(self) -> Mapping[str, FileContent]:
        """The files to publish, by path."""
        return self.cleared.files

    @cached_property
    def added(self) -> tuple[str, ...]:
        """Paths of files in the plan that the repository does not contain."""
        return tuple(sorted(self.files.keys() - self._remote_files.keys()))

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """Paths of files with different content in the plan and in the repository."""
        shared = sorted(self.files.keys() & self._remote_files.keys())
        return tuple(
            path for path in shared if not _has_hash(self.files[path], self._remote_files[path])
        )

    @cached_property
    def removed(self) -> tuple[str, ...]:
        """Paths of files in the repository that the plan does not contain."""
        return tuple(sorted(self._remote_files.keys() - self.files.keys() - {HUB_OWN_FILE}))

    @property
    def has_changes(self) -> bool:
        """Whether any file must be added, changed or removed."""
        return bool(self.added or self.changed or self.removed)

    @property
    def _remote_files(self) -> Mapping[str, str]:
        return self.remote.files if self.remote else {}

    def summary(self) -> Iterator[str]:
        """Yield a line about the target, a line per file to send or remove, and the totals."""
        target = self.target
        yield f"{target}, {target.visibility} ({self._repository_state()}), tag {target.tag}"
        yield from map(str, self.hub_problems)
        checked = ", checked" if self.cleared.documents else ""
        for sign, paths in (("+", self.added), ("~", self.changed)):
            for path in paths:
                yield f"{sign} {path} ({content_size(self.files[path]):,} bytes{checked})"
        for path in self.removed:
            yield f"- {path}"
        unchanged = len(self.files) - len(self.added) - len(self.changed)
        size = sum(map(content_size, self.files.values()))
        yield f"{count_noun(len(self.files), 'file')}, {size:,} bytes; {unchanged} unchanged"

    def _repository_state(self) -> str:
        if self.hub_problems:
            return "unknown: the Hub could not be read"
        return "new, or hidden from this access token" if self.remote is None else "already exists"


def content_size(content: FileContent) -> int:
    """Return the size of a file to publish, in bytes."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def plan_problems(plan: PushPlan) -> Iterator[Problem]:
    """Yield a problem for each reason why a plan cannot be carried out."""
    target, remote = plan.target, plan.remote
    if remote is None:
        return
    if remote.tagged and plan.has_changes:
        what = (
            f"tag {target.tag} of {target} already exists on commit {remote.tagged[:7]}, "
            "and the files of this commit differ from the files of this push"
        )
        fix = "Increase the version, and push the new version; a published version never changes"
        yield Problem("tag-taken", what, fix)
    if remote.private == target.public:
        existing = "private" if remote.private else "public"
        what = f"{target} is {existing}, but this push is for a {target.visibility} repository"
        yield Problem("visibility-mismatch", what, _VISIBILITY_FIXES[existing])


_VISIBILITY_FIXES = {
    "public": "Add --public, or make the repository private in its settings",
    "private": "Remove --public, or make the repository public in its settings",
}
"""Fix for a visibility mismatch, by current visibility of the repository."""


def _has_hash(content: FileContent, expected: str) -> bool:
    """Return whether a file has the expected hash, a SHA-256 or the SHA-1 of a git blob."""
    raw = content if isinstance(content, bytes) else content.read_bytes()
    if len(expected) == hashlib.sha256().digest_size * 2:
        return hashlib.sha256(raw).hexdigest() == expected
    header = b"blob %d\0" % len(raw)
    return hashlib.sha1(header + raw, usedforsecurity=False).hexdigest() == expected
