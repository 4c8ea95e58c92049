"""What a push would do: files, the repository they go to, and how that one differs now."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.clearance import ClearedFiles, Content

KEPT = ".gitattributes"
"""The hub's own file: it says which files are large."""

_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_TAG = re.compile(r"v\d+\.\d+\.\d+")


@dataclass(frozen=True)
class Target:
    """Where files go: a repository `ORG/NAME`, and the tag `vX.Y.Z` they get there.

    A repository that is not there is made private unless `public` is said; one that is there
    must be what is said. Raises `DataError` if `repo` or `tag` cannot be one.
    """

    repo: str
    tag: str
    kind: Literal["dataset", "model"] = "dataset"
    public: bool = False

    def __post_init__(self) -> None:
        problems = []
        if not _REPO.fullmatch(self.repo):
            what, fix = f"{self.repo!r} is no repository", "Write ORG/NAME"
            problems.append(Problem("bad-repository", what, fix))
        if not _TAG.fullmatch(self.tag):
            what, fix = f"{self.tag!r} is no tag of a version", "Write vX.Y.Z, such as v1.0.0"
            problems.append(Problem("bad-tag", what, fix))
        if problems:
            raise DataError(problems)

    @property
    def visibility(self) -> str:
        """What the repository is to be."""
        return "public" if self.public else "private"

    def __str__(self) -> str:
        return f"{self.kind} {self.repo}"


@dataclass(frozen=True)
class Remote:
    """A repository as the hub has it: its head, and its files where the tag stands, else there.

    `files`: the id of each file's content by path, a SHA-256 for large files, git's for others.
    """

    private: bool
    head: str
    tagged: str | None
    files: Mapping[str, str]


@dataclass(frozen=True)
class PushPlan:
    """What a push would do. `remote` is None if the repository is not there, or not to be seen.

    `unread`: why the hub could not be asked; then nothing is known of it, and nothing can be sent.
    """

    target: Target
    cleared: ClearedFiles
    remote: Remote | None = None
    unread: tuple[Problem, ...] = ()

    @property
    def files(self) -> Mapping[str, Content]:
        """The files to publish, by their paths."""
        return self.cleared.files

    @cached_property
    def added(self) -> tuple[str, ...]:
        """The paths that the repository does not have."""
        return tuple(sorted(self.files.keys() - self._there.keys()))

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """The paths whose content is another one there."""
        both = sorted(self.files.keys() & self._there.keys())
        return tuple(path for path in both if not _is(self.files[path], self._there[path]))

    @cached_property
    def removed(self) -> tuple[str, ...]:
        """The paths that only the repository has."""
        return tuple(sorted(self._there.keys() - self.files.keys() - {KEPT}))

    @property
    def differs(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.added or self.changed or self.removed)

    @property
    def _there(self) -> Mapping[str, str]:
        return self.remote.files if self.remote else {}


def size(content: Content) -> int:
    """The bytes of a file to publish."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def refusals(planned: PushPlan) -> Iterator[Problem]:
    """What keeps a plan from being carried out whatever the hub would say."""
    target, remote = planned.target, planned.remote
    if remote is None:
        return
    if remote.tagged and planned.differs:
        what = f"tag {target.tag} of {target} is on commit {remote.tagged[:7]}, with other files"
        fix = "A published version stays as it is: raise the version and push that"
        yield Problem("tag-taken", what, fix)
    if remote.private == target.public:
        found = "private" if remote.private else "public"
        what = f"{target} is {found}, and this push is {target.visibility}"
        yield Problem("other-visibility", what, _VISIBILITY[found])


_VISIBILITY = {
    "public": "Say --public if everyone may read it, or make it private in its settings",
    "private": "Leave --public out, or make it public in its settings first",
}


def _is(content: Content, id_: str) -> bool:
    """Whether a content has an id: a SHA-256, or the SHA-1 that git gives it."""
    raw = content if isinstance(content, bytes) else content.read_bytes()
    if len(id_) == hashlib.sha256().digest_size * 2:
        return hashlib.sha256(raw).hexdigest() == id_
    header = b"blob %d\0" % len(raw)
    return hashlib.sha1(header + raw, usedforsecurity=False).hexdigest() == id_
