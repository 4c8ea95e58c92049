"""The pictures of the quick start and of the README, taken from a real server.

Run by hand when the page changes, with `aloi annotate start` before:
`python tests/support/screenshots.py [HOME]`. The texts shown are the corpus's own dispatches.
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

from aloi.annotation.guidelines import shipped_guide
from aloi.annotation.labelstudio.access import FILE, HOME, Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.interface import labelling_interface
from aloi.annotation.labelstudio.tasks import Sender
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes

ROOT = Path(__file__).parents[2]
STEPS = ROOT / "annotation" / "guidelines" / "images"
README = ROOT / "docs" / "images" / "annotation.png"
SHOWN = "2000-03-20-senegal-wade"

LEFT, RIGHT = 240, 1180
"""Where the text's part of a window of 1,500 pixels begins and the lists' part does."""


@dataclass
class Camera:
    """Takes a part of a desk's window: left, top, right, bottom in pixels."""

    desk: Desk

    def take(self, file: Path, part: tuple[int, int, int, int] | None = None) -> None:
        """Write a picture of few colours, which is enough for a page and small."""
        time.sleep(1)  # what opens or fades takes its time
        image = Image.open(BytesIO(self.desk.browser.get_screenshot_as_png()))
        image = image.crop(part) if part else image
        file.parent.mkdir(parents=True, exist_ok=True)
        image.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE).save(file, optimize=True)


def steps(desk: Desk, project: int, task: int) -> None:
    """The quick start's pictures: one task annotated by hand."""
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
    desk.select("Sénégal")
    camera.take(STEPS / "ref.png", (RIGHT, 475, 1500, 800))
    desk.relate("Abdou Diouf", "Abdoulaye Wade", "MEETS")
    desk.open_arc()
    camera.take(STEPS / "arc.png", (LEFT, 240, 1500, 800))
    desk.press(Keys.ESCAPE)
    desk.ask("« Avocat » est-il une fonction ici ?")
    desk.select("Sénégal")
    camera.take(STEPS / "question.png", (LEFT, 560, RIGHT, 857))
    desk.submit()


def documents() -> list[Document]:
    """The dispatch that is shown."""
    corpus = Corpus.open(ROOT / "corpus")
    return [document for document in corpus.documents if document.id == SHOWN]


def main(home: Path) -> None:
    """Take all pictures from the server whose access a folder holds."""
    known = tomllib.loads((home / FILE).read_text(encoding="utf-8"))
    schema = Corpus.open(ROOT / "corpus").schema
    sender = Sender("demo", schema, None, Notes())
    (document,) = documents()
    task = sender.task(document)
    whole = {**task, "annotations": [sender.annotation(document)]}
    with (
        LabelStudioServer(Access(known["url"], known["token"])) as studio,
        chromium("1500,1000") as browser,
    ):
        interface = labelling_interface(schema, guide=shipped_guide().read_text(encoding="utf-8"))
        made = studio.make_project("demo", label_config=interface)
        studio.import_tasks(made, [task, whole])
        blank, full = (each["id"] for each in studio.tasks(made))
        desk = Desk(browser, known["url"])
        desk.log_in(known["username"], known["password"])
        steps(desk, made.id, blank)
        browser.set_window_size(1500, 1240)
        desk.open(made.id, full)
        desk.mentions()
        Camera(desk).take(README)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HOME)
