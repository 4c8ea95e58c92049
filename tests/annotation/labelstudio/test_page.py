"""What annotators do in Label Studio's real page arrives; what a model finds shows there."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import toy
from browser import Desk, chromium
from label_studio import LabelStudio

from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.backend import NAME, Backend, Server
from aloi.annotation.labelstudio.client import LabelStudioServer, Project
from aloi.annotation.labelstudio.interface import labelling_interface
from aloi.annotation.labelstudio.pull import Reader, pull_server
from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema, load_schema
from aloi.models.prediction import pipelines as prediction

pytestmark = [pytest.mark.slow, pytest.mark.label_studio]

OURS = load_schema(Path(__file__).parents[3] / "corpus" / "schema.toml")
TEXT = "\U0001f680 L’accord franco-chinois\r\nSadate est à l'aéroport de Jérusalem, en Israël."
"""Before its words a letter of two UTF-16 units, an apostrophe, a hyphen, CRLF."""

STRANGE = Schema(
    "strange",
    "1",
    {
        'a "b" <c> & d': EntityType(fr="**$text** <script>"),
        "x=y, 100 %": EntityType(),
        "🚀": EntityType(),
    },
    {"r=s %": RelationType(("🚀",), ("🚀",), symmetric=True)},
    {"it's, so": AttributeType(("ja & nein", "<no>"), ("x=y, 100 %",))},
    {"p=q": AttributeType(("1=1", "2"), default="2")},
)


@pytest.fixture
def studio(label_studio: LabelStudio) -> Iterator[LabelStudioServer]:
    with LabelStudioServer(Access(label_studio.url, label_studio.token)) as opened:
        yield opened


@pytest.fixture(scope="module")
def desk(label_studio: LabelStudio) -> Iterator[Desk]:
    with chromium() as browser:
        desk = Desk(browser, label_studio.url)
        desk.log_in(label_studio.server.username, label_studio.server.password)
        yield desk


def project(
    studio: LabelStudioServer, title: str, schema: Schema, text: str
) -> tuple[Project, int]:
    """A new project with one task, and the task's number."""
    made = studio.make_project(title, label_config=labelling_interface(schema))
    studio.import_tasks(made, [{"data": {"doc_id": "d", "text": text}}])
    (task,) = studio.tasks(made)
    return made, int(task["id"])


def work(studio: LabelStudioServer, project: Project, task: int) -> list[dict[str, Any]]:
    """The results of the one annotation of a task."""
    (whole,) = studio.works(project, [task])
    (annotation,) = whole["annotations"]
    return list(annotation["result"])


def test_what_is_labelled_by_keys_and_mouse_arrives(
    studio: LabelStudioServer, desk: Desk, tmp_path: Path
) -> None:
    made, task = project(studio, "page · keys", OURS, TEXT)
    desk.open(made.id, task)
    desk.mark("franco", "9")
    desk.mark("Sadate", "1")
    desk.mark("Jérusalem", "2")
    desk.mark("Israël", "2")
    desk.mark("aéroport de Jérusalem", "2")
    desk.refer("Sadate", "anouar-el-sadate")
    desk.choose("Israël", "q")
    desk.relate("Sadate", "Jérusalem", "LOCATED_IN", "assertion=possible")
    desk.ask("L'aéroport est-il un lieu ?")
    desk.submit()
    assert not pull_server(studio, [made], tmp_path, Reader(Notes())).problems
    (document,) = document_files.read(tmp_path)
    assert document.text == TEXT
    surfaces = {entity.id: document.surface(entity) for entity in document.entities}
    assert [(surfaces[e.id], e.label, e.ref, e.attributes) for e in document.entities] == [
        ("franco", "NORP", None, {}),
        ("Sadate", "PER", "anouar-el-sadate", {}),
        ("aéroport de Jérusalem", "LOC", None, {}),
        ("Jérusalem", "LOC", None, {}),
        ("Israël", "LOC", None, {"metonymy": "government"}),
    ]
    (arc,) = document.relations
    assert (surfaces[arc.head], arc.label, surfaces[arc.tail]) == (
        "Sadate",
        "LOCATED_IN",
        "Jérusalem",
    )
    assert arc.attributes == {"assertion": "possible"}
    assert document.meta["label_studio"]["question"] == "L'aéroport est-il un lieu ?"


def test_a_schema_of_strange_names_works_in_the_page(studio: LabelStudioServer, desk: Desk) -> None:
    made, task = project(studio, "page · strange", STRANGE, "Ana et Bob")
    desk.open(made.id, task)
    desk.mark("Ana", "3")
    desk.mark("Bob", "2")
    desk.relate("Ana", "Bob", "r%3Ds %25", "p%3Dq=1=1")
    desk.submit()
    result = work(studio, made, task)
    assert [each["value"]["labels"] for each in result if each["type"] == "labels"] == [
        ["🚀"],
        ["x=y, 100 %"],
    ]
    assert [each["labels"] for each in result if each["type"] == "relation"] == [
        ["r%3Ds %25", "p%3Dq=1=1"]
    ]


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Server]:
    toy.pipeline().to_disk(tmp_path / "model")
    with Server(
        Backend(prediction.load_pipeline(str(tmp_path / "model"))), "127.0.0.1", 0
    ) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_text_opens_with_what_the_model_finds(
    studio: LabelStudioServer, desk: Desk, backend: Server, tmp_path: Path
) -> None:
    (tmp_path / "schema.toml").write_text(toy.SCHEMA, encoding="utf-8")
    text = "Ana vit à Rome et rencontre Eva."
    made, task = project(studio, "page · live", load_schema(tmp_path / "schema.toml"), text)
    studio.connect(made, backend.url, NAME)
    studio.connect(made, backend.url, NAME)
    desk.open(made.id, task)
    assert {"Ana", "Rome", "Eva"} <= set(desk.mentions())
    desk.submit()
    result = work(studio, made, task)
    (expected,) = prediction.predict_documents(backend.backend.nlp, [Document("d", text, ())])
    assert len([each for each in result if each["type"] == "labels"]) == len(expected.entities)
    arcs = [label for each in result if each["type"] == "relation" for label in each["labels"]]
    assert sorted(arcs) == sorted(relation.label for relation in expected.relations)
    (whole,) = studio.works(made, [task])
    assert [each["model_version"] for each in whole["predictions"]] == [
        backend.backend.model_version
    ]
