"""Takes the screenshots of the quick start, the README and docs/ from a real server.

Run it when the page has changed, after `aloi annotate start`:
`python tests/support/screenshots.py [HOME]`. It displays dispatches of the corpus.
"""

from __future__ import annotations

import sys
import time
import tomllib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from browser import Desk, chromium
from PIL import Image
from selenium.webdriver.common.keys import Keys

from aloi.annotation.compare.adjudication import build_cases
from aloi.annotation.compare.passes import read_passes
from aloi.annotation.exchange.refs import RefTable
from aloi.annotation.guidelines import shipped_guide
from aloi.annotation.labelstudio.access import ACCESS_FILE, DEFAULT_HOME, Access
from aloi.annotation.labelstudio.adjudication_project import decide_in_project
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.labelling_interface import project_settings
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import read_guide

ROOT = Path(__file__).parents[2]
STEPS = ROOT / "annotation" / "guidelines" / "images"
README = ROOT / "docs" / "images" / "annotation.png"
ADJUDICATION = ROOT / "docs" / "images"
DOCUMENT_ID = "2000-03-20-senegal-wade"
DISPUTED_ID = "1979-01-01-ping-pong-ambassades"

LEFT, RIGHT = 240, 1180
"""The left edges of the text and of the lists in a window 1,500 pixels wide."""

CARDS = (600, 120, 1045, 650)
"""The cards of the adjudication page in a window 1,366 pixels wide."""


@dataclass
class Camera:
    """Takes screenshots of a desk's window."""

    desk: Desk

    def take(self, file: Path, part: tuple[int, int, int, int] | None = None) -> None:
        """Write a screenshot in 256 colours; `part` is left, top, right and bottom in pixels."""
        time.sleep(1)  # wait for animations to end
        image = Image.open(BytesIO(self.desk.browser.get_screenshot_as_png()))
        image = image.crop(part) if part else image
        file.parent.mkdir(parents=True, exist_ok=True)
        image.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE).save(file, optimize=True)


def steps(desk: Desk, project: int, task: int) -> None:
    """Take the screenshots of the quick start while annotating a task."""
    camera = Camera(desk)
    desk.open(project, task)
    camera.take(STEPS / "page.png")
    desk.mark("Abdou Diouf", "1")
    desk.mark("Abdoulaye Wade", "1")
    desk.mark("chef d'Etat sénégalais", "6")
    desk.mark("sénégalais", "9")
    camera.take(STEPS / "mentions.png", (LEFT, 90, RIGHT, 470))
    desk.refer("Abdou Diouf", "abdou-diouf")
    desk.mark("Sénégal", "2")
    desk.search_refs("Sénégal", "séné")
    camera.take(STEPS / "ref.png", (LEFT, 560, RIGHT, 857))
    desk.press(Keys.ESCAPE)
    desk.draw("Abdou Diouf", "Abdoulaye Wade")
    desk.open_arc()
    camera.take(STEPS / "arc.png", (LEFT, 90, 1500, 690))
    desk.press(Keys.ESCAPE)
    desk.label_arc("MEETS")
    desk.ask("« Avocat » est-il une fonction ici ?")
    camera.take(STEPS / "question.png", (LEFT, 700, RIGHT, 857))
    desk.submit()


def adjudication(server: LabelStudioServer, desk: Desk, corpus: Corpus) -> None:
    """Take the screenshots of the adjudication page, before and after some decisions."""
    passes = read_passes([corpus.folder / "passes"])
    cases = build_cases(passes, corpus.schema)
    (case,) = (each for each in cases if each.first.id == DISPUTED_ID)
    guide = read_guide(shipped_guide())
    settings = {"guide": guide, "notes": Notes()}
    project = decide_in_project(server, "demo", [case], corpus.schema, **settings).project
    (task,) = server.list_tasks(project)
    camera = Camera(desk)
    desk.resize(1366, 768)
    desk.open(project.id, task.id)
    camera.take(ADJUDICATION / "adjudication.png")
    for key in "2367":
        desk.press(key)
    camera.take(ADJUDICATION / "adjudication-answers.png", CARDS)
    desk.find(".aloi-cards summary").click()
    camera.take(ADJUDICATION / "adjudication-rule.png", CARDS)


def main(home: Path) -> None:
    """Take all screenshots from the server with its access file in a folder."""
    access = tomllib.loads((home / ACCESS_FILE).read_text(encoding="utf-8"))
    corpus = Corpus.open(ROOT / "corpus")
    writer = LabelStudioTaskWriter("demo", corpus.schema, None, Notes())
    (document,) = (each for each in corpus.documents if each.id == DOCUMENT_ID)
    refs = RefTable.from_documents(corpus.documents).known_refs(document)
    tasks = [writer.task(document, finished=done, known_refs=refs) for done in (False, True)]
    with (
        LabelStudioServer(Access(access["url"], access["token"])) as server,
        chromium("1500,1000") as browser,
    ):
        guide = read_guide(shipped_guide())
        settings = project_settings(corpus.schema, guide=guide, model_version=None)
        project = server.create_project("demo", settings)
        server.import_tasks(project, tasks)
        blank, finished = (task.id for task in server.list_tasks(project))
        desk = Desk(browser, access["url"])
        desk.log_in(access["username"], access["password"])
        steps(desk, project.id, blank)
        browser.set_window_size(1500, 1240)
        desk.open(project.id, finished)
        desk.mentions()
        desk.select("Abdou Diouf")
        Camera(desk).take(README)
        adjudication(server, desk, corpus)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_HOME)
