"""Push files to a repository on the Hugging Face Hub, as one commit and one tag.

`plan_push` reads the repository and plans the push; `execute_push` carries out the plan. The parent
of the commit is the head of the repository at planning time, so the push never overwrites a later
commit. The tag is created only after a check that the commit contains every file. Files that the
repository already contains are not sent again, so users can repeat an interrupted push.

Files are sent with `create_commit`, which makes a single commit. `upload_folder` may make several
commits for large files, and users could load an incomplete release between two commits.

This module needs huggingface_hub (extra `hub`), so import the module only where it is used.
huggingface_hub reads the access token from `HF_TOKEN` or the saved login; our messages never
contain the access token.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import OIDCError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.tqdm import disable_progress_bars

from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.publish.push_plan import (
    PushPlan,
    PushTarget,
    RemoteRepository,
    plan_problems,
)
from aloi.corpus.release.publish.restricted_text_check import ClearedFiles


@dataclass(frozen=True)
class PushResult:
    """Result of a push: the tagged commit, and whether the push created the commit and the tag."""

    target: PushTarget
    commit: str
    created_commit: bool
    created_tag: bool

    def summary(self) -> Iterator[str]:
        """Yield a line about the commit and a line about the tag."""
        yield f"commit {self.commit} ({_created(self.created_commit)})"
        yield f"tag {self.target.tag} ({_created(self.created_tag)})"


def _created(created: bool) -> str:
    return "created" if created else "already exists"


def plan_push(cleared: ClearedFiles, target: PushTarget) -> PushPlan:
    """Return the plan of a push: the differences between cleared files and the repository.

    Nothing is sent. Raises `DataError` if the tag exists on a commit with different files, or if
    the repository has a different visibility than the target. If the Hub cannot be read, the plan
    contains the reason.
    """
    try:
        plan = PushPlan(target, cleared, _read_repository(target))
    except _HubError as error:
        return PushPlan(target, cleared, hub_problems=error.problems)
    problems = list(plan_problems(plan))
    if problems:
        raise DataError(problems)
    return plan


def execute_push(plan: PushPlan, *, progress: bool = True) -> PushResult:
    """Carry out a plan: create the repository, the commit and the tag, unless they exist already.

    `progress`: whether huggingface_hub shows progress bars. Raises `DataError` if the Hub rejects
    a request, if someone committed after the plan was made, or if the connection breaks. A repeated
    push sends only the files that are missing on the Hub.
    """
    if not progress:
        disable_progress_bars()
    _require_token()
    target = plan.target
    if plan.remote is None and not plan.hub_problems:
        with _hub_client(target) as api:
            private = not target.public
            api.create_repo(target.repo, repo_type=target.kind, private=private, exist_ok=True)
        plan = plan_push(plan.cleared, target)
    remote = plan.remote
    if remote is None:
        raise DataError(plan.hub_problems or [_hidden_problem(target)])
    commit = _commit(plan, remote) if plan.has_changes else remote.tagged or remote.head
    if remote.tagged is None:
        with _hub_client(target) as api:
            api.create_tag(target.repo, repo_type=target.kind, tag=target.tag, revision=commit)
    return PushResult(target, commit, plan.has_changes, remote.tagged is None)


def _commit(plan: PushPlan, remote: RemoteRepository) -> str:
    """Create the commit, verify that it contains exactly the planned files, and return its id."""
    target = plan.target
    with _hub_client(target, head=remote.head) as api:
        commit = api.create_commit(
            target.repo,
            [
                *(CommitOperationDelete(path) for path in plan.removed),
                *(
                    CommitOperationAdd(path, plan.files[path])
                    for path in (*plan.added, *plan.changed)
                ),
            ],
            commit_message=f"Release {target.tag}",
            repo_type=target.kind,
            parent_commit=remote.head,
        )
        after = replace(remote, files=_file_hashes(api, target, commit.oid))
    rest = replace(plan, remote=after)
    if rest.has_changes:
        paths = ", ".join((*rest.added, *rest.changed, *rest.removed))
        what = f"commit {commit.oid[:7]} of {target} differs from the plan in these files: {paths}"
        raise DataError([Problem("incomplete-push", what, "Repeat the push; no tag was created")])
    return str(commit.oid)


def _read_repository(target: PushTarget) -> RemoteRepository | None:
    """Return the current state of the repository, or None if it is missing or hidden."""
    with _hub_client(target) as api:
        try:
            info = api.repo_info(target.repo, repo_type=target.kind)
        except RepositoryNotFoundError:
            return None
        refs = api.list_repo_refs(target.repo, repo_type=target.kind)
        tagged = {tag.name: tag.target_commit for tag in refs.tags}.get(target.tag)
        head = str(info.sha)
        files = _file_hashes(api, target, tagged or head)
        return RemoteRepository(bool(info.private), head, tagged, files)


def _file_hashes(api: HfApi, target: PushTarget, revision: str) -> dict[str, str]:
    tree = api.list_repo_tree(target.repo, repo_type=target.kind, revision=revision, recursive=True)
    return {file.path: _hash(file) for file in tree if isinstance(file, RepoFile)}


def _hash(file: RepoFile) -> str:
    return str(file.lfs.sha256 if file.lfs else file.blob_id)


_STATUS_FIXES: dict[int, tuple[str, str]] = {
    401: ("bad-token", "Log in again (hf auth login), or set HF_TOKEN to a valid access token"),
    403: (
        "no-write-access",
        "Use an access token with write access to the repositories of this organisation",
    ),
    409: ("conflict", "Look at the repository on the Hub, and repeat the push"),
    412: (
        "stale-parent",
        "Look at the new commit, and repeat the push; this push changed nothing",
    ),
}
"""Problem kind and fix by HTTP status."""

_OTHER_FIX = ("hub-error", "Repeat the push; files that the Hub has received are not sent again")


class _HubError(DataError):
    """An error that the Hub reported, or a failed connection to the Hub."""


@contextmanager
def _hub_client(target: PushTarget, *, head: str = "") -> Iterator[HfApi]:
    """Yield a client of the Hub; convert its errors to `_HubError` without the access token."""
    try:
        yield HfApi()
    except (httpx2.HTTPError, OIDCError, RuntimeError, ValueError) as error:
        raise _HubError([_hub_problem(error, target, head)]) from None


def _hub_problem(error: Exception, target: PushTarget, head: str) -> Problem:
    """Return the problem that describes an error of the Hub client."""
    cause = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
    response = getattr(cause, "response", None)
    status = getattr(response, "status_code", 0)
    kind, fix = _STATUS_FIXES.get(status, _OTHER_FIX)
    if status == 412:
        what = f"{target} has a new commit, made after the head {head[:7]} was read"
    else:
        message = getattr(cause, "server_message", None) or str(cause) or type(cause).__name__
        what = f"{target}: {_without_token(message)}"
    return Problem(kind, what, fix)


def _without_token(message: str) -> str:
    """Return a message as one line; the access token, if present, is replaced by `[token]`."""
    token = get_token()
    line = " ".join(message.split())
    return line.replace(token, "[token]") if token else line


def _require_token() -> None:
    if not get_token():
        what = "no Hugging Face access token was found"
        fix = "Log in (hf auth login), or set HF_TOKEN to an access token"
        raise DataError([Problem("no-token", what, fix)])


def _hidden_problem(target: PushTarget) -> Problem:
    what = f"{target} was created, but this access token cannot read the repository"
    fix = "Use an access token that can read this repository, and repeat the push"
    return Problem("hub-error", what, fix)
