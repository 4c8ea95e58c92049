"""The provenance of a pulled document: the task, the annotator and the annotation time."""

from __future__ import annotations

from typing import Any

from aloi.corpus.document import Document

PROVENANCE = "label_studio"
"""The metadata key of a pulled document's provenance. The provenance is not sent to a server."""


def provenance(document: Document) -> dict[str, Any]:
    """Return the provenance of a pulled document, or an empty dict for any other document.

    Keys: `task`, `annotation`, `completed_by`, `author` (the user who changed the annotation last;
    None if it was imported), `created_at`, `updated_at`, `lead_time` (seconds), and `question` if
    the annotator asked a question.
    """
    recorded = document.meta.get(PROVENANCE)
    return recorded if isinstance(recorded, dict) else {}


def author(document: Document) -> str | None:
    """Return the user who last changed a pulled document, or None if it was imported."""
    user = provenance(document).get("author")
    return None if user is None else str(user)
