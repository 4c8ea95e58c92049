"""Documents through a real Label Studio and back: nothing lost, nothing moved, nothing twice."""

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

from aloi.annotation.guidelines import guide_for
from aloi.annotation.labelstudio import push as pushing
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.local import home as homes
from aloi.annotation.labelstudio.local import server
from aloi.annotation.labelstudio.pull import Pulled, Reader, pull_server
from aloi.annotation.labelstudio.push import Delivery, push, rows_of
from aloi.corpus import document_files
from aloi.corpus.collection import Corpus
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
    """A name of its own for each test's projects."""
    return f"{abs(hash(request.node.nodeid)) % 10**8:08}"


def made(number: int) -> list[Document]:
    """Documents of some 3,000 characters with 40 mentions and 8 relations."""
    entities = tuple(Entity(f"e{k}", 12 * k, 12 * k + 3, "PER", score=0.5) for k in range(40))
    relations = tuple(Relation(f"e{k}", f"e{k + 1}", "a=b%") for k in range(8))
    return [Document(f"d{k}", "mot " * 750, entities, relations) for k in range(number)]


def delivery(name: str, found: list[Document], **how: Any) -> Delivery:
    return Delivery(corpus=name, schema=SCHEMA, documents=found, annotators=["marie"], **how)


def pull(studio: LabelStudioServer, name: str, out: Path) -> Pulled:
    return pull_server(studio, studio.projects(name).values(), out, Reader(Notes()))


def content(document: Document) -> tuple[Any, ...]:
    """All that annotators see of a document; scores and ids of relations do not travel."""
    arcs = [(r.head, r.tail, r.label, sorted(r.attributes.items())) for r in document.relations]
    bare = tuple(msgspec.structs.replace(entity, score=None) for entity in document.entities)
    return document.id, document.text, bare, sorted(arcs)


def there(studio: LabelStudioServer, name: str) -> dict[str, int]:
    """How many tasks of each document there are."""
    (project,) = studio.projects(name).values()
    return {id_: len(rows) for id_, rows in rows_of(studio, project).items()}


@pytest.mark.parametrize("token", ["legacy", "personal"])
def test_fifty_documents_come_back_as_they_went(
    label_studio: LabelStudio, token: str, name: str, tmp_path: Path
) -> None:
    user, corpus = label_studio.user(name), Corpus.open(CORPUS)
    entry = {"legacy": user.token, "personal": user.personal}[token]
    found = [document for document in corpus.documents if document.relations][:50]
    sent = Delivery(
        corpus=name,
        schema=corpus.schema,
        documents=found,
        annotators=["marie", "paul"],
        double=0.2,
        guide=guide_for(corpus.schema),
        finished=True,
    )
    with LabelStudioServer(Access(label_studio.url, entry)) as studio:
        pushed = push(studio, sent, Notes())
        assert sum(each.sent for each in pushed.values()) == 60
        assert not pull(studio, name, tmp_path).problems
    ours = {document.id: content(document) for document in found}
    back = [*document_files.read(tmp_path / "marie"), *document_files.read(tmp_path / "paul")]
    assert len(back) == 60
    assert [content(each) for each in back if content(each) != ours[each.id]] == []
    assert {each.meta["guideline_version"] for each in back} == {sent.guide.version}


def test_any_text_and_any_spans_come_back(
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
    found: list[Document] = []

    @settings(max_examples=80, suppress_health_check=list(HealthCheck))
    @given(some, kinds, st.sampled_from(["negated", "possible"]))
    def collect(document: Document, given_: dict[str, str], assertion: str) -> None:
        entities = tuple(msgspec.structs.replace(e, attributes=given_) for e in document.entities)
        arcs = {(r.head, r.tail): r for r in document.relations}.values()  # one an arc, as drawn
        relations = tuple(
            msgspec.structs.replace(r, attributes={"assertion": assertion}) for r in arcs
        )
        found.append(Document(f"d{len(found)}", document.text, entities, relations))

    collect()
    push(studio, delivery(name, found, finished=True), Notes())
    assert not pull(studio, name, tmp_path).problems
    ours = {document.id: content(document) for document in found}
    back = {each.id: content(each) for each in document_files.read(tmp_path)}
    assert back == ours


def test_a_second_push_changes_nothing_and_new_predictions_replace_the_old(
    studio: LabelStudioServer, name: str
) -> None:
    found = made(20)
    predictions = {document.id: document for document in found[:10]}
    first = delivery(name, found, predictions=predictions, model_version="m1")
    assert push(studio, first, Notes())["marie"].sent == 20
    again = push(studio, first, Notes())["marie"]
    assert (again.sent, again.there, again.predictions) == (0, 20, 0)
    shorter = msgspec.structs.replace(found[0], relations=())
    newer = replace(first, predictions={"d0": shorter, "d1": found[1]})
    assert push(studio, newer, Notes())["marie"].predictions == 1
    project = studio.projects(name)["marie"]
    whole = list(studio.works(project, [rows[0].id for rows in rows_of(studio, project).values()]))
    assert [len(task["predictions"]) for task in whole] == [1] * 10 + [0] * 10
    (prediction,) = whole[0]["predictions"]
    assert len(prediction["result"]) == 40
    assert prediction["score"] == pytest.approx(0.5)


def test_a_changed_text_is_refused_kept_or_replaced_but_work_is_never_lost(
    studio: LabelStudioServer, name: str
) -> None:
    old = made(3)
    push(studio, delivery(name, old[:1], finished=True), Notes())
    push(studio, delivery(name, old), Notes())
    new = [msgspec.structs.replace(document, text="another " * 400) for document in old[:2]]
    with pytest.raises(DataError) as caught:
        push(studio, delivery(name, new), Notes())
    assert [problem.document for problem in caught.value.problems] == ["d0", "d1"]
    assert push(studio, delivery(name, new, changed="keep"), Notes())["marie"].sent == 0
    with pytest.raises(DataError, match="d0: marie has another text of it, and work on it"):
        push(studio, delivery(name, new, changed="replace"), Notes())
    done = push(studio, delivery(name, new[1:], changed="replace"), Notes())["marie"]
    assert (done.replaced, done.sent) == (1, 1)
    assert there(studio, name) == {"d0": 1, "d1": 1, "d2": 1}


def test_a_pull_brings_what_changed_and_leaves_drafts_and_cancelled_work(
    studio: LabelStudioServer, label_studio: LabelStudio, name: str, tmp_path: Path
) -> None:
    push(studio, delivery(name, made(3), finished=True), Notes())
    assert pull(studio, name, tmp_path).written == {"marie": 3}
    assert pull(studio, name, tmp_path).unchanged == {"marie": 3}
    project = studio.projects(name)["marie"]
    tasks = {id_: rows[0].id for id_, rows in rows_of(studio, project).items()}
    (work,) = next(studio.works(project, [tasks["d1"]]))["annotations"]
    with label_studio.client() as client:
        client.patch(
            f"/api/annotations/{work['id']}", json={"result": work["result"][:3], "lead_time": 7.5}
        ).raise_for_status()
        client.post(
            f"/api/tasks/{tasks['d0']}/annotations/", json={"result": [], "was_cancelled": True}
        ).raise_for_status()
        client.post(f"/api/tasks/{tasks['d2']}/drafts", json={"result": []}).raise_for_status()
    notes = Notes()
    pulled = pull_server(studio, [project], tmp_path, Reader(notes))
    assert (pulled.written["marie"], pulled.problems) == (1, [])
    assert notes.counts["cancelled annotations left out"] == 1
    (changed,) = document_files.read(tmp_path / "marie" / "d1.json")
    assert len(changed.entities) == 3
    assert changed.meta["label_studio"]["lead_time"] == 7.5


def test_a_task_that_cannot_be_read_is_told_at_every_pull(
    studio: LabelStudioServer, label_studio: LabelStudio, name: str, tmp_path: Path
) -> None:
    push(studio, delivery(name, made(2), finished=True), Notes())
    project = studio.projects(name)["marie"]
    task = rows_of(studio, project)["d0"][0].id
    outside = {"start": 0, "end": 9999, "labels": ["PER"]}
    region = {"id": "x", "from_name": "label", "to_name": "text", "type": "labels"}
    with label_studio.client() as client:
        client.post(
            f"/api/tasks/{task}/annotations/", json={"result": [{**region, "value": outside}]}
        ).raise_for_status()
    for _ in range(2):
        pulled = pull(studio, name, tmp_path)
        assert [problem.kind for problem in pulled.problems] == ["several-annotations"]
    assert [document.id for document in document_files.read(tmp_path)] == ["d1"]


def test_a_server_that_answers_too_late_gets_nothing_twice(
    label_studio: LabelStudio, name: str
) -> None:
    # 1,000 such tasks take the server some four seconds; the client gives up after one.
    found = made(1000)
    sent = delivery(name, found, predictions={document.id: document for document in found})
    with LabelStudioServer(Access(label_studio.url, label_studio.token), timeout=1) as hasty:
        push(hasty, sent, Notes())
        assert there(hasty, name) == {f"d{k}": 1 for k in range(1000)}


@pytest.fixture
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudio]:
    """A server of its own, to be killed."""
    with serving(tmp_path_factory.mktemp("mortal")) as running:
        yield running


@pytest.mark.label_studio
def test_a_server_killed_in_the_middle_of_a_push(
    mortal: LabelStudio, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The push under way goes on when the server is back; one that was given up is repeated."""
    monkeypatch.setattr(pushing, "BATCH", 100)
    found, steps = made(1600), threading.Semaphore(0)
    half = delivery(name, found[:800], predictions={document.id: document for document in found})
    whole = replace(half, documents=found)
    with (
        LabelStudioServer(Access(mortal.url, mortal.token)) as studio,
        ThreadPoolExecutor(1) as pool,
    ):
        running = pool.submit(push, studio, half, Notes(), tell=lambda step: steps.release())
        _kill(mortal, steps)
        server.start(mortal.home)
        running.result()
        assert there(studio, name) == {document.id: 1 for document in half.documents}

        monkeypatch.setattr(pushing, "PATIENCE", 0.0)
        running = pool.submit(push, studio, whole, Notes(), tell=lambda step: steps.release())
        _kill(mortal, steps)
        with pytest.raises(DataError, match="does not answer"):
            running.result()
        server.start(mortal.home)
        push(studio, whole, Notes())
        assert there(studio, name) == {document.id: 1 for document in found}


def _kill(running: LabelStudio, steps: threading.Semaphore) -> None:
    """Kill a server while it takes in the fourth batch or so."""
    while steps.acquire(blocking=False):
        pass
    for _ in range(5):  # one step looks what is there, each other one is a batch
        steps.acquire()
    time.sleep(0.3)
    os.killpg(homes.holder(running.home), signal.SIGKILL)
