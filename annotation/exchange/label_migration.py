"""New names for labels in the projects of a corpus on an annotation server."""

from __future__ import annotations

from collections.abc import Mapping

from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import PRACTICE_PREFIX, AnnotationServer, Project


def migrate_projects(
    server: AnnotationServer,
    projects: Mapping[str, Project],
    renames: Mapping[str, str],
    *,
    progress: Progress = ignore_progress,
) -> dict[str, int]:
    """Rename labels in projects; return the number of changed tasks by annotator.

    Practice projects are left alone, because they have their own schema. The call can be repeated
    after an interruption. A page that was open during the call can still submit an old label; a
    later call renames it, and the page of a task without work must be loaded again before it is
    submitted, because its prediction was replaced.
    """
    return {
        annotator: server.rename_labels(project, renames, progress=progress)
        for annotator, project in projects.items()
        if not annotator.startswith(PRACTICE_PREFIX)
    }
