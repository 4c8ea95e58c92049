"""The status of a corpus: states, speed, questions, disagreements and prediction backends."""

import json

import pytest
from memory_server import MemoryServer

from aloi.annotation.exchange.pull import NoProjectError
from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.exchange.status import corpus_status
from aloi.annotation.server_protocol import PredictionBackend
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import EntityType, Schema

SCHEMA = Schema("s", "1", {"PER": EntityType()})
DOCUMENTS = [Document(f"d{number}", "Ana", ()) for number in range(5)]
MENTION = Entity(id="a", start=0, end=3, label="PER")
MARIE, PAUL, LEAD = 1, 2, 3


@pytest.fixture
def server() -> MemoryServer:
    """Return a server on which marie has two finished documents, a draft and a skipped one."""
    users = {"1": "marie@x.org", "2": "paul@x.org", "3": "lead@x.org"}
    server = MemoryServer(users=users)
    for name in ("marie", "paul"):
        request = PushRequest(corpus="c", schema=SCHEMA, documents=DOCUMENTS, annotators=[name])
        push(server, request, Notes())
    two = Document("d0", "Ana", (MENTION, Entity(id="b", start=0, end=1, label="PER")))
    server.submit("c/marie", two, MARIE, lead_time=30.0, question="«Ana» ?")
    server.submit("c/marie", DOCUMENTS[1], MARIE, lead_time=10.0)
    tasks = list(server.tasks[server.titles["c/marie"].id].values())
    tasks[2]["state"], tasks[3]["state"] = "draft", "skipped"
    server.submit("c/paul", Document("d0", "Ana", (MENTION,)), PAUL)
    server.submit("c/paul", DOCUMENTS[1], PAUL)
    server.submit("c/paul", DOCUMENTS[2], LEAD)
    server.backends.append(PredictionBackend("aloi serve", "http://127.0.0.1:9090", answers=False))
    return server


def test_states_times_and_questions_are_counted_for_each_annotator(server: MemoryServer) -> None:
    status = corpus_status(server, "c", schema=SCHEMA)
    marie, paul = status.annotators["marie"], status.annotators["paul"]
    assert marie.states == {"finished": 2, "draft": 1, "skipped": 1, "not begun": 1}
    assert (marie.per_document, marie.per_mention) == (20.0, 20.0)
    assert [(each.document, each.text, each.url) for each in marie.questions] == [
        ("d0", "«Ana» ?", "memory:c/marie#1")
    ]
    assert (paul.states, paul.by_others) == ({"finished": 2, "not begun": 3}, 1)
    assert (paul.per_document, paul.questions) == (None, ())


def test_disagreements_are_counted_by_document(server: MemoryServer) -> None:
    status = corpus_status(server, "c", schema=SCHEMA)
    assert status.disagreements == {"d0": 1, "d1": 0}
    assert not status.problems


def test_the_status_is_printed_as_tables_and_written_as_json(server: MemoryServer) -> None:
    status = corpus_status(server, "c")
    states, work, disagreements = status.sheets()
    assert states.rows[0] == ("marie", "5", "1", "1", "2", "1", "0")
    assert work.rows[0] == ("marie", "20.0", "20.0", "1", "unavailable")
    assert disagreements.title == "disagreements: 1 in 2 shared documents"
    assert disagreements.rows == (("d0", "1"),)
    listed = json.loads(json.dumps(status.to_json()))
    assert listed["annotators"]["paul"]["backends"][0]["answers"] is False


def test_a_corpus_without_projects_has_no_status(server: MemoryServer) -> None:
    with pytest.raises(NoProjectError):
        corpus_status(server, "other")
