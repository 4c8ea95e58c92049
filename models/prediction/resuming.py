"""The start of a run that writes a journal: messages, and the documents of an earlier run."""

from __future__ import annotations

from collections.abc import Callable

from aloi.corpus.problems import count_noun
from aloi.corpus.scale.journal import Journal

Notify = Callable[[str], object]
"""A function that receives messages about a run, one line per message."""


def resume_journal(journal: Journal, notify: Notify) -> int:
    """Prepare the journal for a new or resumed run; return the number of documents in it."""
    if changes := journal.changes():
        notify(f"{journal.partial}: {' and '.join(changes)} changed, starting over")
    if done := journal.resume():
        notify(f"{journal.partial}: resuming after {count_noun(done, 'document')}")
    return done


def notify_stopped(journal: Journal, notify: Notify) -> None:
    """Say how to resume a run."""
    notify(f"Stopped; run the same command again to resume {journal.partial}")
