"""Annotation in Label Studio's real page is pulled, and live predictions are displayed there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import toy
from browser import Desk, chromium
from label_studio import LabelStudio

from aloi.annotation.exchange.pull import pull_projects
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.labelling_interface import labelling_interface
from aloi.annotation.labelstudio.live_predictions import (
    BackendServer,
    connect_projects,
    running_backend,
)
from aloi.annotation.server_protocol import Project
from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema, load_schema
from aloi.models.prediction import pipelines as prediction

pytestmark = [pytest.mark.slow, pytest.mark.label_studio]

OURS = load_schema(Path(__file__).parents[3] / "corpus" / "schema.toml")
TEXT = "\U0001f680 L’accord franco-chinois\r\nSadate est à l'aéroport de Jérusalem, en Israël."
"""A text with a character of two UTF-16 units, an apostrophe, a hyphen and CRLF."""

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
def server(label_studio: LabelStudio) -> Iterator[LabelStudioServer]:
    with LabelStudioServer(Access(label_studio.url, label_studio.token)) as opened:
        yield opened


@pytest.fixture(scope="module")
def desk(label_studio: LabelStudio) -> Iterator[Desk]:
    with chromium() as browser:
        desk = Desk(browser, label_studio.url)
        desk.log_in(label_studio.server.username, label_studio.server.password)
        yield desk


def create_task(
    server: LabelStudioServer, title: str, schema: Schema, text: str
) -> tuple[Project, int]:
    """Create a project with one task; return both."""
    project = server.create_project(title, {"label_config": labelling_interface(schema)})
    server.import_tasks(project, [{"data": {"doc_id": "d", "text": text}}])
    (task,) = server.list_tasks(project)
    return project, task.id


def work(server: LabelStudioServer, project: Project, task: int) -> list[dict[str, Any]]:
    """Return the results of the only annotation of a task."""
    (stored,) = server.fetch_tasks(project, [task])
    (annotation,) = stored.payload["annotations"]
    return list(annotation["result"])


def test_annotations_by_keys_and_mouse_are_pulled(
    server: LabelStudioServer, desk: Desk, tmp_path: Path
) -> None:
    project, task = create_task(server, "page · keys", OURS, TEXT)
    desk.open(project.id, task)
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
    assert not pull_projects(server, [project], tmp_path, Notes()).problems
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
    (relation,) = document.relations
    assert (surfaces[relation.head], relation.label, surfaces[relation.tail]) == (
        "Sadate",
        "LOCATED_IN",
        "Jérusalem",
    )
    assert relation.attributes == {"assertion": "possible"}
    assert document.meta["label_studio"]["question"] == "L'aéroport est-il un lieu ?"


def test_a_schema_with_special_characters_works_in_the_page(
    server: LabelStudioServer, desk: Desk
) -> None:
    project, task = create_task(server, "page · strange", STRANGE, "Ana et Bob")
    desk.open(project.id, task)
    desk.mark("Ana", "3")
    desk.mark("Bob", "2")
    desk.relate("Ana", "Bob", "r%3Ds %25", "p%3Dq=1=1")
    desk.submit()
    result = work(server, project, task)
    assert [each["value"]["labels"] for each in result if each["type"] == "labels"] == [
        ["🚀"],
        ["x=y, 100 %"],
    ]
    assert [each["labels"] for each in result if each["type"] == "relation"] == [
        ["r%3Ds %25", "p%3Dq=1=1"]
    ]


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[BackendServer]:
    toy.pipeline().to_disk(tmp_path / "model")
    nlp = prediction.load_pipeline(str(tmp_path / "model"))
    with running_backend(nlp, "127.0.0.1", 0) as (running, _):
        yield running


def test_a_task_opens_with_live_predictions(
    server: LabelStudioServer, desk: Desk, backend: BackendServer, tmp_path: Path
) -> None:
    (tmp_path / "schema.toml").write_text(toy.SCHEMA, encoding="utf-8")
    text = "Ana vit à Rome et rencontre Eva."
    project, task = create_task(server, "page · live", load_schema(tmp_path / "schema.toml"), text)
    for _ in range(2):
        connect_projects(server, [project], backend.url)
    desk.open(project.id, task)
    assert {"Ana", "Rome", "Eva"} <= set(desk.mentions())
    desk.submit()
    result = work(server, project, task)
    (expected,) = prediction.predict_documents(backend.backend.nlp, [Document("d", text, ())])
    assert len([each for each in result if each["type"] == "labels"]) == len(expected.entities)
    labels = [label for each in result if each["type"] == "relation" for label in each["labels"]]
    assert sorted(labels) == sorted(relation.label for relation in expected.relations)
    (stored,) = server.fetch_tasks(project, [task])
    versions = [each.model_version for each in stored.predictions]
    assert versions == [backend.backend.model_version]
