"""Annotation in Label Studio's real page is pulled, and live predictions are displayed there."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import toy
from browser import Desk, chromium
from label_studio import LabelStudio
from ports import free_port
from selenium.webdriver.common.keys import Keys
from typer.testing import CliRunner

from aloi.annotation.exchange.pull import pull_projects
from aloi.annotation.labelstudio import backend_notice
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.backend_notice import format_notice, show_notice
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.labelling_interface import labelling_interface
from aloi.annotation.labelstudio.live_predictions import (
    BackendServer,
    connect_projects,
    running_backend,
)
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.annotation.server_protocol import KnownRef, Project
from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation
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
    server: LabelStudioServer,
    title: str,
    schema: Schema,
    document: Document,
    *,
    guide: str | None = None,
    known_refs: Sequence[KnownRef] = (),
) -> tuple[Project, int]:
    """Create a project with one task, submitted if the document has annotations; return both."""
    interface = labelling_interface(schema, guide=guide, known_refs=bool(known_refs))
    project = server.create_project(title, {"label_config": interface})
    writer = LabelStudioTaskWriter("ana", schema, None, Notes())
    marked = bool(document.entities)
    server.import_tasks(project, [writer.task(document, finished=marked, known_refs=known_refs)])
    (task,) = server.list_tasks(project)
    return project, task.id


def work(server: LabelStudioServer, project: Project, task: int) -> list[dict[str, Any]]:
    """Return the results of the only annotation of a task."""
    (stored,) = server.fetch_tasks(project, [task])
    (annotation,) = stored.payload["annotations"]
    return list(annotation["result"])


def test_the_task_list_shows_the_text_and_no_technical_columns(
    server: LabelStudioServer, desk: Desk
) -> None:
    refs = [KnownRef("anouar-el-sadate", ("Sadate",))]
    project, _ = create_task(server, "page · list", OURS, Document("d", TEXT, ()), known_refs=refs)
    columns = desk.task_columns(project.id)
    assert {"text", "doc_id"} <= columns
    assert not columns & {"known_refs", "text_sha256"}


def test_annotations_by_keys_and_mouse_are_pulled(
    server: LabelStudioServer, desk: Desk, tmp_path: Path
) -> None:
    project, task = create_task(server, "page · keys", OURS, Document("d", TEXT, ()))
    desk.open(project.id, task)
    desk.drag("franco")  # without a label: the text is selected, and can be marked nevertheless
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
    project, task = create_task(server, "page · strange", STRANGE, Document("d", "Ana et Bob", ()))
    desk.open(project.id, task)
    desk.mark("Ana", "3")
    desk.mark("et", "2")
    desk.mark("Bob", "3")
    desk.relate("Ana", "Bob", "r%3Ds %25", "p%3Dq=1=1")
    desk.submit()
    result = work(server, project, task)
    assert [each["value"]["labels"] for each in result if each["type"] == "labels"] == [
        ["🚀"],
        ["x=y, 100 %"],
        ["🚀"],
    ]
    assert [each["labels"] for each in result if each["type"] == "relation"] == [
        ["r%3Ds %25", "p%3Dq=1=1"]
    ]


def test_refs_of_all_mentions_are_typed_or_chosen(server: LabelStudioServer, desk: Desk) -> None:
    """The list of regions shows only some of the 146 mentions."""
    known = [KnownRef("ana-diaz", ("Ana", "Mme Diaz")), KnownRef("bob", ("Bob",))]
    text = "Ana a rencontré Bob. " * 73
    places = [n + place for n in range(0, len(text), 21) for place in (0, 16)]
    mentions = [Entity(id=f"e{n}", start=n, end=n + 3, label="PER") for n in places]
    project, task = create_task(
        server, "page · refs", OURS, Document("d", text, tuple(mentions)), known_refs=known
    )
    desk.open(project.id, task)
    for number in range(0, 73, 24):
        desk.refer("Bob", f"bob-{number}", number)
    desk.choose_ref("Ana", "mme", number=40)
    desk.submit()
    result = work(server, project, task)
    assert [each["id"] for each in result if each["type"] == "labels"] == [e.id for e in mentions]
    refs = {each["id"]: each["value"]["text"] for each in result if each["type"] == "textarea"}
    assert refs == {f"e{21 * n + 16}": [f"bob-{n}"] for n in range(0, 73, 24)}
    chosen = {
        each["id"]: each["value"]["taxonomy"] for each in result if "taxonomy" in each["type"]
    }
    assert chosen == {"e840": [["ana-diaz"]]}


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_labels_and_fields_leave_room_for_the_text(
    server: LabelStudioServer, desk: Desk, size: tuple[int, int]
) -> None:
    text = "\n\n".join(f"Ana {n} a rencontré Bob." for n in range(60))
    ana = Entity(id="ana", start=0, end=3, label="LOC")
    bob = Entity(id="bob", start=18, end=21, label="PER")
    arcs = [Relation(head="ana", tail="bob", label="OPPOSES")]
    document = Document("d", text, (ana, bob), tuple(arcs))
    project, task = create_task(server, f"page · {size[0]}", OURS, document, guide="# Guide\n" * 99)
    desk.resize(*size)
    desk.open(project.id, task)
    for surface in ("Ana", "Ana 59"):  # the second one scrolls to the end
        if surface == "Ana":
            desk.select(surface)
            desk.find(".aloi-attribute")
        else:
            desk.press(Keys.ESCAPE)
            desk.scroll_to(surface)
        head, foot = desk.rect(".aloi-head"), desk.rect(".aloi-foot")
        bar = desk.rect(".lsf-bottombar")
        assert head["top"] < 100
        assert head["bottom"] - head["top"] < 40
        assert foot["bottom"] <= bar["top"] + 1
        assert (foot["top"] - head["bottom"]) / desk.line_height() >= 12
        for field in ("[placeholder^='Une question']", "[placeholder^='ref']"):
            assert desk.rect(field)["top"] >= foot["top"] or not desk.find(field).is_displayed()
    desk.ask("Ana est-il un lieu ?")
    foot = desk.rect(".aloi-foot")
    assert (foot["top"] - desk.rect(".aloi-head")["bottom"]) / desk.line_height() >= 12
    assert desk.is_above(".aloi-foot", ".relations-overlay")
    assert desk.line_height() >= 2.8 * desk.font_size()
    desk.resize(1500, 1000)


def fitting_labels(head: str, tail: str) -> list[str]:
    """Return the labels that our schema allows for an arc, and the values of attributes."""
    relations = [label for label, type_ in OURS.relations.items() if type_.allows(head, tail)]
    values = (
        f"{name}={value}"
        for name, type_ in OURS.relation_attributes.items()
        for value in type_.values
        if value != type_.default
    )
    return [*relations, *values]


def test_a_new_arc_is_first_and_offers_the_labels_that_fit(
    server: LabelStudioServer, desk: Desk
) -> None:
    names = {"Ana": "PER", "Rome": "LOC", "maire": "ROLE", "Bob": "PER"}
    text = " ".join(names)
    mentions = [
        Entity(id=name, start=text.index(name), end=text.index(name) + len(name), label=label)
        for name, label in names.items()
    ]
    arcs = [Relation(head="Ana", tail="Bob", label="MEETS")]
    project, task = create_task(
        server, "page · arcs", OURS, Document("d", text, tuple(mentions), tuple(arcs))
    )
    desk.open(project.id, task)
    desk.mentions()
    desk.draw("Ana", "maire")
    desk.open_arc()
    assert desk.offered_labels() == fitting_labels("PER", "ROLE")
    desk.press(Keys.TAB)
    desk.press(Keys.ENTER)
    desk.draw("Rome", "Ana")  # a click elsewhere closes the list
    assert desk.arc_tops() == sorted(desk.arc_tops(), reverse=True)
    desk.label_arc("OPPOSES", "assertion=negated")
    desk.open_arc()
    assert desk.offered_labels() == fitting_labels("LOC", "PER")
    desk.press(Keys.ESCAPE)
    desk.submit()
    labels = [x["labels"] for x in work(server, project, task) if x["type"] == "relation"]
    assert labels == [["MEETS"], ["HAS_ROLE"], ["OPPOSES", "assertion=negated"]]


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[BackendServer]:
    toy.pipeline().to_disk(tmp_path / "model")
    with running_backend(tmp_path / "model", "127.0.0.1", 0) as (running, _):
        yield running


def test_a_task_opens_with_live_predictions(
    server: LabelStudioServer, desk: Desk, backend: BackendServer, tmp_path: Path
) -> None:
    (tmp_path / "schema.toml").write_text(toy.SCHEMA, encoding="utf-8")
    text = "Ana vit à Rome et rencontre Eva."
    schema = load_schema(tmp_path / "schema.toml")
    project, task = create_task(server, "page · live", schema, Document("d", text, ()))
    for _ in range(2):
        connect_projects(server, [project], backend.url)
    desk.open(project.id, task)
    assert {"Ana", "Rome", "Eva"} <= set(desk.mentions())
    desk.submit()
    result = work(server, project, task)
    nlp = prediction.load_pipeline(str(tmp_path / "model"))
    (expected,) = prediction.predict_documents(nlp, [Document("d", text, ())])
    assert len([each for each in result if each["type"] == "labels"]) == len(expected.entities)
    labels = [label for each in result if each["type"] == "relation" for label in each["labels"]]
    assert sorted(labels) == sorted(relation.label for relation in expected.relations)
    (stored,) = server.fetch_tasks(project, [task])
    versions = [each.model_version for each in stored.predictions]
    assert versions == [backend.backend.model_version]


def test_the_list_of_projects_reports_whether_live_predictions_are_available(
    label_studio: LabelStudio,
    server: LabelStudioServer,
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The command reports its start and its end, also if Ctrl+C interrupts the start.

    After a crash, `aloi annotate status` does.
    """
    toy.pipeline().to_disk(tmp_path / "model")
    (tmp_path / "schema.toml").write_text(toy.SCHEMA, encoding="utf-8")
    schema = load_schema(tmp_path / "schema.toml")
    project, _ = create_task(server, "notice · ana", schema, Document("d", "Ana vit à Rome", ()))
    server.update_project(project, {"description": "Équipe du soir"})
    language = schema.interface
    on, off = (format_notice(language, answers=answers) for answers in (True, False))
    monkeypatch.setenv("LABEL_STUDIO_URL", label_studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", label_studio.token)
    command = [sys.executable, "-m", "aloi.cli", "annotate", "serve", str(tmp_path / "model")]
    command += ["--to", "notice", "--port", str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            assert any(line.startswith("ana: ") for line in serving.stdout)
            desk.wait_for_project(on, "Équipe du soir")
            serving.terminate()
            serving.wait()
        finally:
            serving.kill()
    assert server.saved_settings(project)["description"] == f"{off}\nÉquipe du soir"

    def interrupt(*arguments: Any, answers: bool) -> None:
        show_notice(*arguments, answers=answers)
        if answers:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(backend_notice, "show_notice", interrupt)
        started = CliRunner().invoke(app, command[3:])
    assert started.exit_code == 0, started.output
    assert server.saved_settings(project)["description"] == f"{off}\nÉquipe du soir"
    show_notice(server, [project], language, answers=True)  # as after a crash
    done = CliRunner().invoke(app, ["annotate", "status", "notice"])
    assert (done.exit_code, "does not answer" in done.output) == (0, True), done.output
    desk.wait_for_project(off, "Équipe du soir")
