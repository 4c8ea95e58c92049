"""New names for labels in the projects of a corpus on an annotation server."""

from __future__ import annotations

from collections.abc import Mapping

from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import PRACTICE_PREFIX, AnnotationServer, Project

STEP = 50
"""The number of tasks between two messages on the progress; each task takes up to 0.3 s."""


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
    later call renames it.
    """
    changed: dict[str, int] = {}
    for annotator, project in projects.items():
        if not annotator.startswith(PRACTICE_PREFIX):
            tasks, changed[annotator] = [task.id for task in server.list_tasks(project)], 0
            for start in range(0, len(tasks), STEP):
                progress(f"{project.title}: labels renamed in {start} of {len(tasks)} tasks")
                batch = tasks[start : start + STEP]
                changed[annotator] += server.rename_labels(project, batch, renames)
            server.rename_interface(project, renames)
    return changed
