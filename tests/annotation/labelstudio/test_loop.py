"""Push to and pull from a real Label Studio server: nothing is lost, moved or duplicated."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from label_studio import LabelStudio, serving
from strategies import documents

from aloi.annotation.compare.anchoring import measure_anchoring
from aloi.annotation.exchange import task_import
from aloi.annotation.exchange.pull import PullReport, pull_projects
from aloi.annotation.exchange.push import PushRequest, make_plan, push
from aloi.annotation.exchange.task_import import tasks_by_document
from aloi.annotation.guidelines import guide_for
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.local import home as homes
from aloi.annotation.labelstudio.local import server
from aloi.annotation.server_protocol import PREDICTIONS_SHOWN
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError
from aloi.corpus.schema import AttributeType, EntityType, RelationType, Schema

CORPUS = Path(__file__).parents[3] / "corpus"
STRANGE = ("PER", "L'été & <co>", "a=b%", "🇫🇷")
SCHEMA = Schema(
    "strange",
    "1",
    {label: EntityType() for label in STRANGE},
    {label: RelationType(STRANGE, STRANGE) for label in STRANGE},
    {"note": AttributeType(), "kind": AttributeType(values=("one", "two"))},
    {"assertion": AttributeType(values=("negated", "possible"))},
)


@pytest.fixture
def studio(label_studio: LabelStudio) -> Iterator[LabelStudioServer]:
    with LabelStudioServer(Access(label_studio.url, label_studio.token)) as opened:
        yield opened


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Return a corpus name that no other test uses."""
    return f"{abs(hash(request.node.nodeid)) % 10**8:08}"


def make_documents(number: int) -> list[Document]:
    """Return documents of 3,000 characters with 40 mentions and 8 relations."""
    entities = tuple(
        Entity(id=f"e{k}", start=12 * k, end=12 * k + 3, label="PER", score=0.5) for k in range(40)
    )
    relations = tuple(Relation(head=f"e{k}", tail=f"e{k + 1}", label="a=b%") for k in range(8))
    return [Document(f"d{k}", "mot " * 750, entities, relations) for k in range(number)]


def push_request(name: str, documents: list[Document], **settings: Any) -> PushRequest:
    return PushRequest(
        corpus=name, schema=SCHEMA, documents=documents, annotators=["marie"], **settings
    )


def pull(studio: LabelStudioServer, name: str, out: Path) -> PullReport:
    return pull_projects(studio, studio.list_projects(name).values(), out, Notes())


def content(document: Document) -> tuple[Any, ...]:
    """Return what annotators see of a document; scores and relation ids are not stored."""
    relations = [
        (r.head, r.tail, r.label, sorted(r.attributes.items())) for r in document.relations
    ]
    bare = tuple(msgspec.structs.replace(entity, score=None) for entity in document.entities)
    return document.id, document.text, bare, sorted(relations)


def task_counts(studio: LabelStudioServer, name: str) -> dict[str, int]:
    """Return the number of tasks of each document."""
    (project,) = studio.list_projects(name).values()
    return {id_: len(tasks) for id_, tasks in tasks_by_document(studio, project).items()}


def test_tasks_left_without_predictions_are_recognised(
    studio: LabelStudioServer, name: str, tmp_path: Path
) -> None:
    documents = make_documents(12)
    request = push_request(name, documents, predictions={each.id: each for each in documents})
    bare = replace(request, without_predictions=0.5, finished=True)
    push(studio, bare, Notes())
    (project,) = studio.list_projects(name).values()
    numbers = [task.id for task in studio.list_tasks(project)]
    before = [len(task.predictions) for task in studio.fetch_tasks(project, numbers)]
    assert set(before) == {0, 1}
    push(studio, request, Notes())  # a later push without the option
    assert [len(task.predictions) for task in studio.fetch_tasks(project, numbers)] == before
    pull(studio, name, tmp_path)
    pulled = document_files.read(tmp_path / "marie")
    assert sum(each.meta[PREDICTIONS_SHOWN] for each in pulled) == sum(before)
    measured = measure_anchoring({"marie": pulled}, request.predictions)
    assert measured.tasks == (sum(before), 12 - sum(before))
    assert measured.comparisons["mentions"].difference == 0


@pytest.mark.parametrize("token", ["legacy", "personal"])
def test_fifty_documents_are_pulled_unchanged(
    label_studio: LabelStudio, token: str, name: str, tmp_path: Path
) -> None:
    user, corpus = label_studio.user(name), Corpus.open(CORPUS)
    entry = {"legacy": user.token, "personal": user.personal}[token]
    chosen = [document for document in corpus.documents if document.relations][:50]
    request = PushRequest(
        corpus=name,
        schema=corpus.schema,
        documents=chosen,
        annotators=["marie", "paul"],
        double=0.2,
        guide=guide_for(corpus.schema),
        finished=True,
    )
    with LabelStudioServer(Access(label_studio.url, entry)) as studio:
        pushed = push(studio, request, Notes())
        assert sum(each.sent for each in pushed.values()) == 60
        projects = studio.list_projects(name).values()
        settings = {"edges": "flag", "inherited_refs": False}
        report = pull_projects(studio, projects, tmp_path, Notes(), **settings)
    assert not report.problems
    expected = {document.id: content(document) for document in chosen}
    pulled = [*document_files.read(tmp_path / "marie"), *document_files.read(tmp_path / "paul")]
    assert len(pulled) == 60
    assert [content(each) for each in pulled if content(each) != expected[each.id]] == []
    assert {each.meta["guideline_version"] for each in pulled} == {request.guide.version}


def test_any_text_and_spans_are_pulled_unchanged(
    studio: LabelStudioServer, name: str, tmp_path: Path
) -> None:
    storable = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    texts = st.text(
        st.one_of(
            storable,
            st.sampled_from("[]()<&\"'$ \n\r\t\u00a0\u202f\u0301\u200d\u202e🇫👩‍é𝓐א"),
        ),
        min_size=1,
        max_size=40,
    )
    kinds = st.dictionaries(st.just("note"), st.text("a=%é🇫", min_size=1), max_size=1) | st.just(
        {"kind": "two"}
    )
    some = documents(
        names=st.text(storable, min_size=1, max_size=5),
        texts=texts,
        labels=st.sampled_from(STRANGE),
        ids=st.just("d"),
        attributes=st.just({}),
        refs=st.none() | st.just("réf"),
    )
    collected: list[Document] = []

    @settings(max_examples=80, suppress_health_check=list(HealthCheck))
    @given(some, kinds, st.sampled_from(["negated", "possible"]))
    def collect(document: Document, attributes: dict[str, str], assertion: str) -> None:
        entities = tuple(
            msgspec.structs.replace(e, attributes=attributes) for e in document.entities
        )
        # The page draws one relation per pair of mentions and direction.
        single = {(r.head, r.tail): r for r in document.relations}.values()
        relations = tuple(
            msgspec.structs.replace(r, attributes={"assertion": assertion}) for r in single
        )
        collected.append(Document(f"d{len(collected)}", document.text, entities, relations))

    collect()
    push(studio, push_request(name, collected, finished=True), Notes())
    projects = studio.list_projects(name).values()
    report = pull_projects(studio, projects, tmp_path, Notes(), edges="flag", inherited_refs=False)
    assert not report.problems
    expected = {document.id: content(document) for document in collected}
    pulled = {each.id: content(each) for each in document_files.read(tmp_path)}
    assert pulled == expected


def test_a_second_push_changes_nothing_but_outdated_predictions(
    studio: LabelStudioServer, label_studio: LabelStudio, name: str
) -> None:
    listed = make_documents(20)
    predictions = {document.id: document for document in listed[:10]}
    first = push_request(name, listed, predictions=predictions, model_version="m1")
    assert push(studio, first, Notes())["marie"].sent == 20
    again = push(studio, first, Notes())["marie"]
    assert (again.sent, again.present, again.predictions) == (0, 20, 0)
    tasks = {id_: rows[0].id for id_, rows in tasks_by_document(studio, again.project).items()}
    (opened,) = next(studio.fetch_tasks(again.project, [tasks["d0"]])).predictions
    shorter = msgspec.structs.replace(listed[0], relations=())
    newer = replace(first, predictions={"d0": shorter, "d1": listed[1]})
    assert push(studio, newer, Notes())["marie"].predictions == 1
    stored = list(studio.fetch_tasks(again.project, list(tasks.values())))
    assert [len(task.predictions) for task in stored] == [1] * 10 + [0] * 10
    (prediction,) = stored[0].predictions
    assert len(prediction.payload["result"]) == 40
    assert prediction.payload["score"] == pytest.approx(0.5)
    # A page that was opened before the second push can be submitted.
    with label_studio.client() as client:
        work = {"result": opened.payload["result"], "parent_prediction": opened.id}
        client.post(f"/api/tasks/{tasks['d0']}/annotations/", json=work).raise_for_status()


def test_predictions_for_an_existing_project_are_displayed(
    studio: LabelStudioServer, label_studio: LabelStudio, name: str
) -> None:
    listed = make_documents(3)
    plain = push_request(name, listed)
    push(studio, plain, Notes())
    project = studio.list_projects(name)["marie"]
    predictions = {document.id: document for document in listed[:2]}
    for version in ("m1", "m2"):
        request = replace(plain, predictions=predictions, model_version=version)
        planned = make_plan(studio, request, Notes())
        assert planned.projects["marie"].counts.predictions == 2
        assert push(studio, request, Notes())["marie"].predictions == 2
        with label_studio.client() as client:
            settings = client.get(f"/api/projects/{project.id}").raise_for_status().json()
        assert settings["model_version"] == version
        assert push(studio, request, Notes())["marie"].predictions == 0
    (d0, *_) = studio.fetch_tasks(project, [task.id for task in studio.list_tasks(project)])
    assert [each.model_version for each in d0.predictions] == ["m1", "m2"]


def test_a_newcomer_gets_tasks_that_nobody_has_started(
    studio: LabelStudioServer, label_studio: LabelStudio, name: str
) -> None:
    listed = make_documents(6)
    predictions = {document.id: document for document in listed}
    first = push_request(name, listed, predictions=predictions, model_version="m")
    marie = push(studio, first, Notes())["marie"].project
    tasks = {id_: rows[0].id for id_, rows in tasks_by_document(studio, marie).items()}
    other = label_studio.user(f"{name}-newcomer")
    for user, document in ((label_studio.token, "d5"), (other.token, "d4")):
        with label_studio.client(user) as client:
            client.post(f"/api/tasks/{tasks[document]}/drafts", json={"result": []})
    both = replace(push_request(name, listed), annotators=["marie", "lea"], rebalance=True)
    assert push(studio, replace(both, rebalance=False), Notes())["lea"].sent == 0
    pushed = push(studio, both, Notes())
    assert (pushed["marie"].moved, pushed["lea"].sent) == (3, 3)
    assert sorted(tasks_by_document(studio, marie)) == ["d0", "d4", "d5"]
    lea = pushed["lea"].project
    moved = studio.fetch_tasks(lea, [task.id for task in studio.list_tasks(lea)])
    assert [[p.model_version for p in task.predictions] for task in moved] == [["m"]] * 3
    assert push(studio, both, Notes())["marie"].moved == 0


def test_tasks_with_another_text_are_replaced_unless_they_have_work(
    studio: LabelStudioServer, name: str
) -> None:
    old = make_documents(3)
    push(studio, push_request(name, old[:1], finished=True), Notes())
    push(studio, push_request(name, old), Notes())
    new = [msgspec.structs.replace(document, text="another " * 400) for document in old[:2]]
    with pytest.raises(DataError) as caught:
        push(studio, push_request(name, new), Notes())
    assert [problem.document for problem in caught.value.problems] == ["d0", "d1"]
    assert push(studio, push_request(name, new, changed="keep"), Notes())["marie"].sent == 0
    with pytest.raises(
        DataError,
        match=r"d0: the text of marie's task differs from .*, and the task contains work",
    ):
        push(studio, push_request(name, new, changed="replace"), Notes())
    result = push(studio, push_request(name, new[1:], changed="replace"), Notes())["marie"]
    assert (result.replaced, result.sent) == (1, 1)
    assert task_counts(studio, name) == {"d0": 1, "d1": 1, "d2": 1}


def test_a_pull_reads_changed_tasks_without_drafts_and_cancelled_work(
    studio: LabelStudioServer, label_studio: LabelStudio, name: str, tmp_path: Path
) -> None:
    push(studio, push_request(name, make_documents(3), finished=True), Notes())
    assert pull(studio, name, tmp_path).written == {"marie": 3}
    assert pull(studio, name, tmp_path).unchanged == {"marie": 3}
    project = studio.list_projects(name)["marie"]
    tasks = {id_: rows[0].id for id_, rows in tasks_by_document(studio, project).items()}
    (work,) = next(studio.fetch_tasks(project, [tasks["d1"]])).payload["annotations"]
    with label_studio.client() as client:
        client.patch(
            f"/api/annotations/{work['id']}", json={"result": work["result"][:3], "lead_time": 7.5}
        ).raise_for_status()
        client.post(
            f"/api/tasks/{tasks['d0']}/annotations/", json={"result": [], "was_cancelled": True}
        ).raise_for_status()
        client.post(f"/api/tasks/{tasks['d2']}/drafts", json={"result": []}).raise_for_status()
    notes = Notes()
    pulled = pull_projects(studio, [project], tmp_path, notes)
    assert (pulled.written["marie"], pulled.problems) == (1, [])
    assert notes.counts["cancelled annotations left out"] == 1
    (changed,) = document_files.read(tmp_path / "marie" / "d1.json")
    assert len(changed.entities) == 3
    assert changed.meta["label_studio"]["lead_time"] == 7.5


def test_an_unreadable_task_is_reported_at_every_pull(
    studio: LabelStudioServer, label_studio: LabelStudio, name: str, tmp_path: Path
) -> None:
    push(studio, push_request(name, make_documents(2), finished=True), Notes())
    project = studio.list_projects(name)["marie"]
    task = tasks_by_document(studio, project)["d0"][0].id
    outside = {"start": 0, "end": 9999, "labels": ["PER"]}
    region = {"id": "x", "from_name": "label", "to_name": "text", "type": "labels"}
    with label_studio.client() as client:
        client.post(
            f"/api/tasks/{task}/annotations/", json={"result": [{**region, "value": outside}]}
        ).raise_for_status()
    for _ in range(2):
        pulled = pull(studio, name, tmp_path)
        kinds = [problem.kind for problem in pulled.problems]
        assert kinds == ["offset-outside-text", "several-annotations"]
    assert [document.id for document in document_files.read(tmp_path)] == ["d1"]


def test_tasks_are_not_duplicated_after_a_timeout(label_studio: LabelStudio, name: str) -> None:
    # 1,000 of these tasks take the server about four seconds; the client stops after one.
    listed = make_documents(1000)
    request = push_request(name, listed, predictions={document.id: document for document in listed})
    with LabelStudioServer(Access(label_studio.url, label_studio.token), timeout=1) as impatient:
        push(impatient, request, Notes())
        assert task_counts(impatient, name) == {f"d{k}": 1 for k in range(1000)}


def test_a_push_can_be_repeated_at_once_after_ctrl_c(studio: LabelStudioServer, name: str) -> None:
    """The server completes the request of the first push after the second has listed the tasks."""
    listed = make_documents(20)
    request = push_request(name, listed, finished=True)
    project = push(studio, replace(request, documents=listed[:1]), Notes())["marie"].project
    writer = studio.task_writer("marie", SCHEMA, None, Notes())
    late = [writer.task(document, finished=True) for document in listed[1:]]

    def complete_first(step: str) -> None:
        if step.endswith("documents sent"):
            studio.import_tasks(project, late)

    pushed = push(studio, request, Notes(), progress=complete_first)["marie"]
    assert (pushed.sent, pushed.duplicates) == (19, 19)
    assert task_counts(studio, name) == {document.id: 1 for document in listed}

    studio.create_project(project.title, {})
    with pytest.raises(DataError, match="2 projects on the server have the title"):
        studio.list_projects(name)


@pytest.fixture
def killable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudio]:
    """Start a server that a test may kill."""
    with serving(tmp_path_factory.mktemp("killable")) as running:
        yield running


@pytest.mark.label_studio
def test_a_push_resumes_after_the_server_was_killed(
    killable: LabelStudio, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running push continues when the server is back; a failed push can be repeated."""
    monkeypatch.setattr(task_import, "BATCH_SIZE", 100)
    listed, steps = make_documents(1600), threading.Semaphore(0)
    first_half = push_request(
        name, listed[:800], predictions={document.id: document for document in listed}
    )
    complete = replace(first_half, documents=listed)
    with (
        LabelStudioServer(Access(killable.url, killable.token)) as studio,
        ThreadPoolExecutor(1) as pool,
    ):
        running = pool.submit(push, studio, first_half, Notes(), progress=lambda _: steps.release())
        _kill(killable, steps)
        server.start(killable.home)
        running.result()
        assert task_counts(studio, name) == {document.id: 1 for document in first_half.documents}

        monkeypatch.setattr(task_import, "RECONNECT_TIMEOUT", 0.0)
        running = pool.submit(push, studio, complete, Notes(), progress=lambda _: steps.release())
        _kill(killable, steps)
        with pytest.raises(DataError, match="does not answer"):
            running.result()
        server.start(killable.home)
        push(studio, complete, Notes())
        assert task_counts(studio, name) == {document.id: 1 for document in listed}


def _kill(running: LabelStudio, steps: threading.Semaphore) -> None:
    """Kill a server while it imports about the fourth batch."""
    while steps.acquire(blocking=False):
        pass
    for _ in range(5):  # one step lists existing tasks, the others import a batch each
        steps.acquire()
    time.sleep(0.3)
    os.killpg(homes.locking_process(running.home), signal.SIGKILL)
