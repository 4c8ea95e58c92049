"""The provenance of pulled work: who annotated a document in which task, and when."""

from __future__ import annotations

from typing import Any

from aloi.corpus.document import Document

PROVENANCE = "label_studio"
"""The metadata key of a pulled document's provenance. It is not sent back to a server."""


def provenance(document: Document) -> dict[str, Any]:
    """Return the provenance of a pulled document; empty for a document that was not pulled.

    Keys: `task`, `annotation`, `completed_by`, `created_at`, `updated_at`, `lead_time` (seconds),
    and `question` if the annotator asked one.
    """
    recorded = document.meta.get(PROVENANCE)
    return recorded if isinstance(recorded, dict) else {}
