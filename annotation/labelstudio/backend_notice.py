"""A notice for annotators whether live predictions are available.

Label Studio's page reports nothing if the prediction backend does not answer: texts open without
predictions. The notice is a line in the description of a project, which Label Studio displays in
the list of projects. The text is in French.
"""

from __future__ import annotations

from collections.abc import Iterable

from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.server_protocol import Project

PREFIX = "Prédictions en direct :"

ON = f"{PREFIX} actives"

OFF = f"{PREFIX} arrêtées. Les textes s'ouvrent sans propositions du modèle."


def show_notice(server: LabelStudioServer, projects: Iterable[Project], *, answers: bool) -> None:
    """Write the notice into the first line of descriptions, and keep all their other lines.

    Label Studio displays the beginning of a description.
    """
    for project in projects:
        description = str(server.saved_settings(project).get("description") or "")
        kept = [line for line in description.splitlines() if not line.startswith(PREFIX)]
        lines = [ON if answers else OFF, *kept]
        server.update_project(project, {"description": "\n".join(lines)})
