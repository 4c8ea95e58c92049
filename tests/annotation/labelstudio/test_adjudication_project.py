"""Adjudication of several annotators' work, and practice, on a real Label Studio server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from label_studio import LabelStudio

from aloi.annotation.compare.adjudication import AdjudicationCase, build_cases
from aloi.annotation.compare.content import extract_content
from aloi.annotation.compare.pass_agreement import compare_passes
from aloi.annotation.compare.passes import Passes, read_passes
from aloi.annotation.compare.questions import version_of
from aloi.annotation.exchange.pull import pull_projects, select_projects
from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.guidelines import guide_for
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.adjudication_project import ProjectDecisions, decide_in_project
from aloi.annotation.labelstudio.adjudication_tasks import DECISION_TAG
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.annotation.practice.exercises import shipped_course, update_practice
from aloi.annotation.server_protocol import Project, StoredTask
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes

FOLDER = Path(__file__).parents[3] / "corpus"
CORPUS = Corpus.open(FOLDER)
ARTICLE = FOLDER / "restricted" / "2026-02-04-xi-poutine.json"
DECIDED, OPEN = "2015-07-13-crise-grecque", "1979-12-21-lancaster-house"


@pytest.fixture
def server(label_studio: LabelStudio) -> Iterator[LabelStudioServer]:
    with LabelStudioServer(Access(label_studio.url, label_studio.token)) as opened:
        yield opened


def passes_over(*ids: str) -> Passes:
    """Return the corpus's passes over the documents with these ids."""
    versions = {
        annotator: [each for each in documents if each.id in ids]
        for annotator, documents in read_passes([FOLDER / "passes"]).items()
    }
    return {annotator: documents for annotator, documents in versions.items() if documents}


def label_and_pull(
    server: LabelStudioServer, name: str, passes: Passes, out: Path
) -> list[AdjudicationCase]:
    """Push passes as finished work, pull them, and return the cases of what was pulled."""
    for annotator, documents in passes.items():
        request = PushRequest(
            corpus=name,
            schema=CORPUS.schema,
            documents=documents,
            annotators=[annotator],
            finished=True,
        )
        push(server, request, Notes())
    projects = select_projects(server, name).values()
    assert not pull_projects(server, projects, out, Notes()).problems
    return build_cases(read_passes([out]), CORPUS.schema)


def decide(server: LabelStudioServer, name: str, cases: list[AdjudicationCase]) -> ProjectDecisions:
    guide = guide_for(CORPUS.schema)
    return decide_in_project(server, name, cases, CORPUS.schema, guide=guide, notes=Notes())


def fetch_all(server: LabelStudioServer, project: Project) -> list[StoredTask]:
    tasks = [task.id for task in server.list_tasks(project)]
    return list(server.fetch_tasks(project, tasks))


def submit(label_studio: LabelStudio, url: str, result: list[dict[str, Any]]) -> None:
    """Submit results as the work on a task."""
    with label_studio.client() as client:
        task = url.rpartition("task=")[2]
        work = {"result": result}
        client.post(f"/api/tasks/{task}/annotations/", json=work).raise_for_status()


def regions(document: Document) -> list[dict[str, Any]]:
    """Return a document's annotations as results."""
    writer = LabelStudioTaskWriter("", CORPUS.schema, None, Notes())
    return list(writer.annotation(document)["result"])


def answered(case: AdjudicationCase, annotator: str) -> list[dict[str, Any]]:
    """Return the results of a task in which all answers choose an annotator's version."""
    answer = {"choices": [version_of(annotator)]}
    common = {"type": "choices", "to_name": "text", "value": answer}
    return [
        *regions(case.draft()),
        *(
            {"id": f"x{index}", "from_name": f"{DECISION_TAG}{index}", **common}
            for index in range(len(case.questions))
        ),
    ]


def test_decided_documents_become_gold(
    label_studio: LabelStudio, server: LabelStudioServer, tmp_path: Path
) -> None:
    name = f"loop-{tmp_path.name[-12:]}"
    passes = passes_over(DECIDED, OPEN)
    cases = label_and_pull(server, name, passes, tmp_path)
    pulled = compare_passes(read_passes([tmp_path]), CORPUS.schema).coefficients
    assert pulled.to_json() == compare_passes(passes, CORPUS.schema).coefficients.to_json()
    by_id = {case.first.id: case for case in cases}

    first = decide(server, name, cases)
    assert (first.gold, set(first.open)) == ({}, {DECIDED, OPEN})
    submit(label_studio, first.open[DECIDED], answered(by_id[DECIDED], "modele-1"))
    submit(label_studio, first.open[OPEN], regions(by_id[OPEN].draft()))

    second = decide(server, name, cases)
    assert (set(second.gold), second.open) == ({DECIDED}, {OPEN: first.open[OPEN]})
    assert [(each.kind, each.document) for each in second.problems] == [("undecided", OPEN)]
    content = extract_content(second.gold[DECIDED], CORPUS.schema)
    assert content == extract_content(by_id[DECIDED].versions["modele-1"], CORPUS.schema)
    assert "@" in second.gold[DECIDED].meta["adjudicated_by"]
    assert decide(server, name, cases).gold == second.gold


def test_an_outdated_task_is_replaced_unless_it_has_work(
    label_studio: LabelStudio, server: LabelStudioServer, tmp_path: Path
) -> None:
    name = f"outdated-{tmp_path.name[-12:]}"
    versions = {annotator: document for annotator, (document,) in passes_over(OPEN).items()}
    case = AdjudicationCase(versions, CORPUS.schema)
    decide(server, name, [case])
    last = versions["modele-3"]
    changed = msgspec.structs.replace(last, relations=last.relations[1:])
    other = AdjudicationCase({**versions, "modele-3": changed}, CORPUS.schema)
    replaced = decide(server, name, [other])
    (task,) = fetch_all(server, replaced.project)
    assert task.payload["data"]["versions_sha256"] == other.versions_hash

    submit(label_studio, replaced.open[OPEN], answered(other, "modele-1"))
    kept = decide(server, name, [case])
    assert [problem.kind for problem in kept.problems] == ["changed-version"]
    assert (kept.gold, set(kept.open)) == ({}, {OPEN})


def test_the_passes_over_the_article_become_its_gold(
    label_studio: LabelStudio, server: LabelStudioServer, tmp_path: Path
) -> None:
    if not ARTICLE.is_file():
        pytest.skip("corpus/restricted/ is missing")
    name, (gold,) = f"article-{tmp_path.name[-12:]}", document_files.read(ARTICLE)
    cases = label_and_pull(server, name, read_passes([ARTICLE.parent / "passes"]), tmp_path)
    (case,) = cases
    submit(label_studio, decide(server, name, cases).open[gold.id], answered(case, "modele-2"))
    pulled = decide(server, name, cases).gold[gold.id]
    expected = extract_content(case.versions["modele-2"], CORPUS.schema)
    assert extract_content(pulled, CORPUS.schema) == expected
    assert pulled.text == gold.text
    assert pulled.meta["annotators"] == ["modele-1", "modele-2"]
    assert pulled.meta.keys() >= {"adjudicated_by", "adjudicated_at", "guideline_version"}


def test_exercises_are_sent_once_and_read_when_finished(
    label_studio: LabelStudio, server: LabelStudioServer, tmp_path: Path
) -> None:
    course, name = shipped_course(), tmp_path.name[-12:]
    session = update_practice(server, name, course, notes=Notes())
    assert (session.finished, session.problems) == ({}, [])
    first = next(server.list_tasks(session.project)).id
    submit(
        label_studio, server.task_url(session.project, first), regions(course.exercises[0].answers)
    )
    session = update_practice(server, name, course, notes=Notes())
    assert len(list(server.list_tasks(session.project))) == len(course.exercises)
    assert list(session.corrections().values()) == [[]]
