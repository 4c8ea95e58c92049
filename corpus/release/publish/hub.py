"""Publishing on a Hugging Face hub: one commit that makes a repository hold some files, one tag.

A push is planned from what the hub has, then carried out. The commit is bound to the head that the
plan saw, so that nobody's work is overwritten; the tag is made once the commit holds every file.
Whatever is there already is not sent again, so a push that was cut off is simply repeated.

`upload_folder` would do for one commit, but where large files go by Xet it makes several: a reader
could then load half a release. `create_commit` makes one.

Needs huggingface_hub, which the extra `hub` brings: import this module where it is used. The token
is the one that huggingface_hub finds by itself (`HF_TOKEN`, or the login it keeps); no message of
ours has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import OIDCError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.clearance import ClearedFiles
from aloi.corpus.release.publish.plan import PushPlan, Remote, Target, refusals


@dataclass(frozen=True)
class Pushed:
    """What a push did: the commit that the tag is on, and whether either was made by it."""

    target: Target
    commit: str
    committed: bool
    tagged: bool


def plan(cleared: ClearedFiles, target: Target) -> PushPlan:
    """Compare files that were searched for restricted text with what the hub has; send nothing.

    Raises `DataError` if the tag is on other files already, or the visibility is not what is said.
    """
    try:
        made = PushPlan(target, cleared, _remote(target))
    except _HubError as error:
        return PushPlan(target, cleared, unread=error.problems)
    problems = list(refusals(made))
    if problems:
        raise DataError(problems)
    return made


def push(planned: PushPlan) -> Pushed:
    """Carry a plan out: the repository if there is none, one commit if files differ, the tag.

    Raises `DataError` if the hub refuses, if someone committed since the plan was made, or if the
    connection breaks; pushing again then goes on from what the hub has.
    """
    _require_token()
    target = planned.target
    if planned.remote is None and not planned.unread:
        with _speaking_to_hub(target) as api:
            private = not target.public
            api.create_repo(target.repo, repo_type=target.kind, private=private, exist_ok=True)
        planned = plan(planned.cleared, target)
    remote = planned.remote
    if remote is None:
        raise DataError(planned.unread or [_unseen(target)])
    commit = _commit(planned, remote) if planned.differs else remote.tagged or remote.head
    if remote.tagged is None:
        with _speaking_to_hub(target) as api:
            api.create_tag(target.repo, repo_type=target.kind, tag=target.tag, revision=commit)
    return Pushed(target, commit, planned.differs, remote.tagged is None)


def _commit(planned: PushPlan, remote: Remote) -> str:
    """Make the commit; returns its id once it is seen to hold every file."""
    target = planned.target
    with _speaking_to_hub(target, head=remote.head) as api:
        made = api.create_commit(
            target.repo,
            [
                *(CommitOperationDelete(path) for path in planned.removed),
                *(
                    CommitOperationAdd(path, planned.files[path])
                    for path in (*planned.added, *planned.changed)
                ),
            ],
            commit_message=f"Release {target.tag}",
            repo_type=target.kind,
            parent_commit=remote.head,
        )
        there = replace(remote, files=_files(api, target, made.oid))
    left = replace(planned, remote=there)
    if left.differs:
        paths = ", ".join((*left.added, *left.changed, *left.removed))
        what = f"commit {made.oid[:7]} of {target} does not hold what was sent: {paths}"
        raise DataError([Problem("incomplete-push", what, "No tag was made; push again")])
    return str(made.oid)


def _remote(target: Target) -> Remote | None:
    """The repository as it is now; None if the hub does not show one."""
    with _speaking_to_hub(target) as api:
        try:
            info = api.repo_info(target.repo, repo_type=target.kind)
        except RepositoryNotFoundError:
            return None
        refs = api.list_repo_refs(target.repo, repo_type=target.kind)
        tagged = {tag.name: tag.target_commit for tag in refs.tags}.get(target.tag)
        head = str(info.sha)
        return Remote(bool(info.private), head, tagged, _files(api, target, tagged or head))


def _files(api: HfApi, target: Target, revision: str) -> dict[str, str]:
    tree = api.list_repo_tree(target.repo, repo_type=target.kind, revision=revision, recursive=True)
    return {file.path: _id(file) for file in tree if isinstance(file, RepoFile)}


def _id(file: RepoFile) -> str:
    return str(file.lfs.sha256 if file.lfs else file.blob_id)


_FIXES: dict[int, tuple[str, str]] = {
    401: ("bad-token", "Log in again (hf auth login), or set HF_TOKEN to a valid token"),
    403: ("no-right", "Use a token that may write to this organisation's repositories"),
    409: ("conflict", "Look at what is there, then push again"),
    412: (
        "stale-parent",
        "Nothing was changed. Look at what was committed there, then push again",
    ),
}
_AGAIN = ("hub-error", "Push again: what has arrived is not sent twice")


class _HubError(DataError):
    """What the hub said, or that it could not be reached."""


@contextmanager
def _speaking_to_hub(target: Target, *, head: str = "") -> Iterator[HfApi]:
    """A client of the hub, whose errors become sentences that bear no token."""
    try:
        yield HfApi()
    except (httpx2.HTTPError, OIDCError, RuntimeError, ValueError) as error:
        raise _HubError([_told(error, target, head)]) from None


def _told(error: Exception, target: Target, head: str) -> Problem:
    """An error of the client as a problem."""
    cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
    response = getattr(cause, "response", None)
    status = getattr(response, "status_code", 0)
    kind, fix = _FIXES.get(status, _AGAIN)
    if status == 412:
        what = f"someone has committed to {target} since its head {head[:7]} was read"
    else:
        said = getattr(cause, "server_message", None) or str(cause) or type(cause).__name__
        what = f"{target}: {_without_token(said)}"
    return Problem(kind, what, fix)


def _without_token(said: str) -> str:
    """A message on one line, the token blotted out should the hub have repeated it."""
    token = get_token()
    line = " ".join(said.split())
    return line.replace(token, "[token]") if token else line


def _require_token() -> None:
    if not get_token():
        what, fix = "no token for the hub", "Log in (hf auth login), or set HF_TOKEN"
        raise DataError([Problem("no-token", what, fix)])


def _unseen(target: Target) -> Problem:
    what = f"{target} was made, but the hub does not show it"
    return Problem("hub-error", what, "Give the token the right to read it, and push again")
