"""Accounts: which annotator submitted an annotation.

In Label Studio Community, every user can submit work in every project. The account of the last
author therefore decides whose work an annotation is, not the project. An account belongs to an
annotator if it was assigned to the annotator, or if its e-mail address or the local part of the
address equals the annotator's name.

If no account of a project's annotator is known, and exactly one account without an annotator has
submitted work in the project, this account is taken as the annotator's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from aloi.annotation.provenance import author, provenance
from aloi.annotation.server_protocol import AnnotationServer
from aloi.corpus.document import Document
from aloi.corpus.problems import Problem


@dataclass(frozen=True)
class Accounts:
    """The annotators of a corpus and the accounts on its server.

    `emails` contains e-mail addresses by user number. `assigned` contains the account that was
    assigned to an annotator, as an e-mail address or user number, by annotator.
    """

    emails: Mapping[str, str] = field(default_factory=dict)
    annotators: Sequence[str] = ()
    assigned: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_server(
        cls, server: AnnotationServer, annotators: Iterable[str], assigned: Mapping[str, str]
    ) -> Accounts:
        """Return the accounts of a server."""
        return cls(server.user_emails(), tuple(annotators), assigned)

    def email(self, user: str) -> str:
        """Return the e-mail address of a user, or `user` if the address is not known."""
        return self.emails.get(user, user)

    def annotator(self, user: str) -> str | None:
        """Return the annotator to whom an account belongs, or None if it belongs to none."""
        email = self.email(user).casefold()
        for name, account in self.assigned.items():
            if account.casefold() in (email, user):
                return name
        free = [name for name in self.annotators if name not in self.assigned]
        names = {name.casefold(): name for name in free}
        return names.get(email) or names.get(email.partition("@")[0])

    def is_known(self, annotator: str) -> bool:
        """Return whether at least one account belongs to an annotator."""
        return any(self.annotator(user) == annotator for user in self.emails)


@dataclass(frozen=True)
class Submission:
    """A finished document and the place of its task (in messages).

    `owner` is the annotator of the project; `annotator` is the author, or None if not known.
    """

    document: Document
    place: str
    owner: str
    annotator: str | None

    @property
    def is_own(self) -> bool:
        """Whether the project's annotator is the author."""
        return self.annotator == self.owner

    def authored(self) -> Document:
        """Return the document with its author as `annotator` in its metadata."""
        return msgspec.structs.replace(
            self.document, meta={**self.document.meta, "annotator": self.annotator}
        )


@dataclass(frozen=True)
class ProjectAuthors:
    """The authors of the work in one project.

    `bound` is the account taken as the account of the project's annotator, if no account is known.
    `candidates` are the accounts without an annotator that submitted work, if there are several.
    """

    accounts: Accounts
    owner: str
    bound: str | None = None
    candidates: Sequence[str] = ()

    @classmethod
    def of(
        cls, accounts: Accounts, owner: str, documents: Iterable[Document], bound: str | None
    ) -> ProjectAuthors:
        """Return the authors of documents; `bound` is the account that an earlier pull bound."""
        if owner in accounts.assigned or accounts.is_known(owner):
            return cls(accounts, owner)
        users = {user for each in documents if (user := author(each)) is not None}
        earlier = set() if bound is None else {bound}
        free = sorted(user for user in earlier or users if accounts.annotator(user) is None)
        return cls(accounts, owner, *free) if len(free) == 1 else cls(accounts, owner, None, free)

    def submission(self, document: Document, place: str) -> Submission:
        """Return a document with its author; work without an author is the owner's."""
        user = author(document)
        own = user is None or user == self.bound
        annotator = self.owner if own else self.accounts.annotator(str(user))
        return Submission(document, place, self.owner, annotator)

    def account(self, submission: Submission) -> str:
        """Return the e-mail address of a submission's author, or the user number."""
        return self.accounts.email(str(author(submission.document)))

    def problem(self, submission: Submission, kept: Path) -> Problem:
        """Return the problem of a submission by an unknown author; `kept` is the file's path."""
        document, owner = submission.document, self.owner
        account = self.account(submission)
        annotation = provenance(document).get("annotation")
        what = f"{account} submitted or changed annotation {annotation} in the project of {owner}"
        if self.candidates:
            others = ", ".join(self.accounts.email(user) for user in self.candidates)
            what += f", and the account of {owner} is not known (candidates: {others})"
        fix = (
            f"Pull with --account {owner}={account} if this is the account of {owner}, or with "
            f"another annotator's name; otherwise delete the annotation. It was written to {kept}"
        )
        return Problem("other-account", what, fix, document.id, file=submission.place)


def several_own(submissions: Sequence[Submission]) -> list[Problem]:
    """Return a problem if an annotator submitted several annotations for one task."""
    if len(submissions) < 2:
        return []
    first = submissions[0]
    numbers = [provenance(each.document).get("annotation") for each in submissions]
    listed = ", ".join(map(str, numbers))
    what = f"{first.owner} submitted {len(numbers)} annotations for this task (ids {listed})"
    fix = "Delete all but one of these annotations in Label Studio"
    return [Problem("several-annotations", what, fix, first.document.id, file=first.place)]
