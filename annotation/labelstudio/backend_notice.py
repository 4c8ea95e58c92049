"""A notice for annotators whether live predictions are available.

Label Studio's page reports nothing if the prediction backend does not answer: texts open without
predictions. The notice is a line in the description of a project, which Label Studio displays in
the list of projects.
"""

from __future__ import annotations

from collections.abc import Iterable

from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.server_protocol import Project
from aloi.corpus.languages.language import Language, language_codes, load_language


def format_notice(language: Language, *, answers: bool) -> str:
    """Return the notice in a language."""
    texts = language.texts.labelling
    state = texts.live_predictions_on if answers else texts.live_predictions_off
    return f"{texts.live_predictions} {state}"


def show_notice(
    server: LabelStudioServer, projects: Iterable[Project], language: Language, *, answers: bool
) -> None:
    """Write the notice into the first line of descriptions, and keep all their other lines.

    Label Studio displays the beginning of a description. A notice in any language is replaced.
    """
    languages = map(load_language, language_codes())
    prefixes = tuple(each.texts.labelling.live_predictions for each in languages)
    for project in projects:
        description = str(server.saved_settings(project).get("description") or "")
        kept = [line for line in description.splitlines() if not line.startswith(prefixes)]
        lines = [format_notice(language, answers=answers), *kept]
        server.update_project(project, {"description": "\n".join(lines)})
