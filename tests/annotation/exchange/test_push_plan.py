"""The plan of a push, decided without a server from a snapshot of one project per annotator."""

from typing import Any

import pytest
from memory_server import MemoryTaskWriter

from aloi.annotation.exchange.push_plan import PushPlan, plan_push
from aloi.annotation.exchange.push_request import PushRequest
from aloi.annotation.exchange.snapshot import PredictionState, ProjectSnapshot, TaskContent
from aloi.annotation.server_protocol import Project, SchemaName, TaskSummary, Versions
from aloi.corpus.document import Document, Entity, hash_text
from aloi.corpus.guides import Guide
from aloi.corpus.schema import EntityType, Schema

SCHEMA = Schema("s", "2", {"PER": EntityType()})
VERSIONS = Versions(None, "2")
PER = frozenset({SchemaName("entity label", "PER")})
PERSON = frozenset({SchemaName("entity label", "PERSON")})
DOCUMENTS = [
    Document(f"d{n}", "Ana vit à Rome", (Entity(id="e", start=0, end=3, label="PER"),))
    for n in range(4)
]


def plan(*snapshots: ProjectSnapshot, **settings: Any) -> PushPlan:
    annotators = [each.annotator for each in snapshots]
    settings = {"documents": DOCUMENTS, **settings}
    request = PushRequest(corpus="c", schema=SCHEMA, annotators=annotators, **settings)
    writers = {name: MemoryTaskWriter(name, request.versions) for name in annotators}
    return plan_push(request, snapshots, writers)


def snapshot(
    annotator: str,
    states: dict[str, TaskContent],
    *,
    first: int = 0,
    text: str = DOCUMENTS[0].text,
    versions: Versions = VERSIONS,
) -> ProjectSnapshot:
    """Return a project whose tasks, numbered from `first`, have these states by document id."""
    listed = [
        TaskSummary(number, id_.rstrip("'"), hash_text(text), versions)
        for number, id_ in enumerate(states, start=first)
    ]
    tasks: dict[str, list[TaskSummary]] = {}
    for task in listed:
        tasks.setdefault(task.document_id, []).append(task)
    return ProjectSnapshot(
        annotator=annotator,
        title=f"c · {annotator}",
        project=Project(1, f"c · {annotator}", "url"),
        tasks=tasks,
        states=dict(enumerate(states.values(), start=first)),
    )


NEW = ProjectSnapshot(annotator="lea", title="c · lea")
IDLE, STARTED = TaskContent(), TaskContent(work_key="task 1", names=PER)


def sent(planned: PushPlan, annotator: str) -> list[str]:
    return [document.id for document in planned.projects[annotator].send]


def test_missing_documents_are_sent_and_others_kept() -> None:
    planned = plan(snapshot("marie", {"d0": IDLE, "d2": STARTED}))
    assert sent(planned, "marie") == ["d1", "d3"]
    assert (planned.projects["marie"].present, planned.problems) == (2, [])


def test_of_duplicate_tasks_the_started_one_is_kept() -> None:
    planned = plan(snapshot("marie", {"d0": IDLE, "d0'": STARTED, "d1": IDLE, "d1'": IDLE}))
    assert planned.projects["marie"].duplicates == [0, 3]


def test_of_duplicate_tasks_with_the_same_sent_work_the_oldest_is_kept() -> None:
    sent_work = TaskContent(work_key="hash")
    planned = plan(snapshot("marie", {"d0": sent_work, "d0'": STARTED, "d0''": sent_work}))
    assert planned.projects["marie"].duplicates == [2]


def test_tasks_without_a_document_id_are_no_duplicates() -> None:
    planned = plan(snapshot("marie", {"": IDLE, "'": IDLE, "d0": IDLE}))
    assert planned.projects["marie"].duplicates == []


def test_a_started_task_with_another_text_is_a_problem_and_an_idle_one_replaced() -> None:
    old = snapshot("marie", {"d0": IDLE, "d1": STARTED}, text="Ana")
    planned = plan(old, changed="replace")
    assert [(p.kind, p.document) for p in planned.problems] == [("changed-text", "d1")]
    assert planned.projects["marie"].replaced["d0"] == [0]
    assert len(plan(old).problems) == 2
    assert plan(old, changed="keep").problems == []


def test_only_differing_predictions_of_the_same_version_are_changed() -> None:
    predicted = {"d0": DOCUMENTS[0], "d1": DOCUMENTS[1]}
    same = MemoryTaskWriter("marie", VERSIONS).prediction(DOCUMENTS[0], "m")
    digest = MemoryTaskWriter("marie", VERSIONS).prediction_hash(same)
    states = {
        "d0": TaskContent(predictions=(PredictionState(7, "m", digest),)),
        "d1": TaskContent(predictions=(PredictionState(8, "m", "x"), PredictionState(9, "n", "x"))),
    }
    planned = plan(snapshot("marie", states), predictions=predicted, model_version="m")
    marie = planned.projects["marie"]
    assert (list(marie.predictions), list(marie.changed_predictions)) == ([], [8])
    assert (marie.counts.predictions, marie.model_version) == (1, "m")


def test_no_model_version_is_displayed_without_predictions() -> None:
    other = {"other": Document("other", "x", ())}
    assert plan(NEW, predictions=other).projects["lea"].model_version is None


def test_a_name_in_use_that_the_schema_lacks_is_a_problem() -> None:
    states = {"d0": TaskContent(work_key="task 1", names=PERSON), "d1": STARTED}
    states["d2"] = TaskContent(predictions=(PredictionState(9, "old", "x", PERSON),))
    (problem,) = plan(snapshot("marie", states)).problems
    assert problem.kind == "name-in-use"
    assert "2 tasks of «c · marie» (d0, d2) contain the entity label PERSON" in problem.what
    assert "aloi corpus migrate CORPUS --rename PERSON=NEW --server" in problem.fix


def test_predictions_that_are_not_displayed_may_use_other_names() -> None:
    old = TaskContent(predictions=(PredictionState(9, "old", "x", PERSON),))
    settings = {"predictions": {"d0": DOCUMENTS[0]}, "model_version": "m"}
    assert plan(snapshot("marie", {"d0": old}), **settings).problems == []


def test_a_replaced_prediction_may_use_a_name_that_the_schema_lacks() -> None:
    old = TaskContent(predictions=(PredictionState(9, "m", "x", PERSON),))
    settings = {"predictions": {"d0": DOCUMENTS[0]}, "model_version": "m"}
    assert plan(snapshot("marie", {"d0": old}), **settings).problems == []


@pytest.mark.parametrize("recorded", [Versions("1.0", "1"), Versions("1.0", None)])
def test_only_unstarted_tasks_get_new_versions(recorded: Versions) -> None:
    states = {"d0": IDLE, "d1": STARTED}
    planned = plan(snapshot("marie", states, versions=recorded), guide=Guide("1.1", "s", ""))
    marie = planned.projects["marie"]
    assert (marie.upgraded, marie.kept_versions) == ([0], 1)


def test_a_schema_version_that_was_never_recorded_is_no_upgrade() -> None:
    planned = plan(snapshot("marie", {"d0": IDLE}, versions=Versions(None, None)))
    assert planned.projects["marie"].upgraded == []


def test_a_newcomer_gets_unstarted_tasks_only_if_asked() -> None:
    marie = snapshot("marie", dict.fromkeys(["d0", "d1", "d2"], IDLE) | {"d3": STARTED})
    assert sent(plan(marie, NEW), "lea") == []
    planned = plan(marie, NEW, rebalance=True)
    assert sent(planned, "lea") == ["d1", "d2"]
    assert sorted(planned.projects["marie"].deleted) == [1, 2]
    assert planned.projects["marie"].present == 2


def test_started_and_doubly_annotated_documents_do_not_move() -> None:
    marie = snapshot("marie", dict.fromkeys(["d0", "d1"], STARTED) | {"d2": IDLE, "d3": IDLE})
    paul = snapshot("paul", {"d2": IDLE, "d3": IDLE}, first=10)
    planned = plan(marie, paul, NEW, rebalance=True)
    assert sent(planned, "lea") == []
