"""Two annotators' work on a real Label Studio: adjudicated there, and practice corrected."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from label_studio import LabelStudio

from aloi.annotation.compare.adjudication import Case, cases
from aloi.annotation.compare.disagreements import content
from aloi.annotation.compare.pass_agreement import agree
from aloi.annotation.compare.passes import Passes, read_passes
from aloi.annotation.guidelines import guide_for
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.adjudication_project import Decisions, adjudicate
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.pull import Reader, passes, pull_server
from aloi.annotation.labelstudio.push import Delivery, push
from aloi.annotation.labelstudio.tasks import Sender
from aloi.annotation.practice.exercises import exercises, practise
from aloi.corpus import document_files
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes

FOLDER = Path(__file__).parents[3] / "corpus"
CORPUS = Corpus.open(FOLDER)
ARTICLE = FOLDER / "restricted" / "2026-02-04-xi-poutine.json"
DECIDED, LEFT = "2015-07-13-crise-grecque", "1979-12-21-lancaster-house"


@pytest.fixture
def studio(label_studio: LabelStudio) -> Iterator[LabelStudioServer]:
    with LabelStudioServer(Access(label_studio.url, label_studio.token)) as opened:
        yield opened


def labelled(studio: LabelStudioServer, name: str, work: Passes, out: Path) -> list[Case]:
    """The cases of passes that were finished on the server and pulled from there."""
    for annotator, documents in work.items():
        delivery = Delivery(
            corpus=name,
            schema=CORPUS.schema,
            documents=documents,
            annotators=[annotator],
            finished=True,
        )
        push(studio, delivery, Notes())
    projects = studio.projects(name)
    chosen = [projects[annotator] for annotator in passes(projects)]
    assert not pull_server(studio, chosen, out, Reader(Notes())).problems
    found, alone = cases(read_passes([out]), CORPUS.schema)
    assert not alone
    return found


def decisions(studio: LabelStudioServer, name: str, found: list[Case]) -> Decisions:
    guide = guide_for(CORPUS.schema)
    return adjudicate(studio, name, found, CORPUS.schema, guide=guide, notes=Notes())


def submit(label_studio: LabelStudio, page: str, document: Document) -> None:
    """Submit a document's annotations on a task as its decision."""
    result: dict[str, Any] = Sender("", CORPUS.schema, None, Notes()).annotation(document)
    with label_studio.client() as client:
        task = page.rpartition("task=")[2]
        client.post(f"/api/tasks/{task}/annotations/", json=result).raise_for_status()


def test_disagreements_are_decided_on_the_server_and_become_gold(
    label_studio: LabelStudio, studio: LabelStudioServer, tmp_path: Path
) -> None:
    name = f"loop-{tmp_path.name[-12:]}"
    whole = read_passes([FOLDER / "passes"])
    two = {
        annotator: [each for each in documents if each.id in (DECIDED, LEFT)]
        for annotator, documents in whole.items()
    }
    found = labelled(studio, name, two, tmp_path)
    there = agree(read_passes([tmp_path]), CORPUS.schema).coefficients
    assert there.to_json() == agree(two, CORPUS.schema).coefficients.to_json()

    first = decisions(studio, name, found)
    assert (first.gold, set(first.open)) == ({}, {DECIDED, LEFT})
    (gold,) = (each for each in CORPUS.documents if each.id == DECIDED)
    submit(label_studio, first.open[DECIDED], gold)
    marked = next(case.marked() for case in found if case.first.id == LEFT)

    second = decisions(studio, name, found)
    assert (set(second.gold), second.open) == ({DECIDED}, {LEFT: first.open[LEFT]})
    assert content(second.gold[DECIDED], CORPUS.schema) == content(gold, CORPUS.schema)
    assert "@" in second.gold[DECIDED].meta["adjudicated_by"]
    assert decisions(studio, name, found).gold == second.gold

    submit(label_studio, first.open[LEFT], document_files.read(tmp_path / "modele-1")[0])
    assert LEFT in decisions(studio, name, found).gold
    assert marked.relations  # what had been open there


def test_a_version_that_changes_is_sent_anew_unless_somebody_has_decided(
    label_studio: LabelStudio, studio: LabelStudioServer, tmp_path: Path
) -> None:
    name = f"anew-{tmp_path.name[-12:]}"
    whole = read_passes([FOLDER / "passes"])
    versions = {
        annotator: next(each for each in documents if each.id == LEFT)
        for annotator, documents in whole.items()
    }
    case = Case(versions, CORPUS.schema)
    decisions(studio, name, [case])
    last = versions["modele-3"]
    changed = msgspec.structs.replace(last, relations=last.relations[1:])
    other = Case({**versions, "modele-3": changed}, CORPUS.schema)
    again = decisions(studio, name, [other])
    tasks = list(studio.tasks(again.project))
    assert [task["data"]["versions_sha256"] for task in tasks] == [other.basis]

    submit(label_studio, again.open[LEFT], versions["modele-1"])
    kept = decisions(studio, name, [case])
    assert [problem.kind for problem in kept.problems] == ["changed-version"]
    assert LEFT in kept.gold


def test_the_articles_passes_become_its_gold(
    label_studio: LabelStudio, studio: LabelStudioServer, tmp_path: Path
) -> None:
    if not ARTICLE.is_file():
        pytest.skip("no corpus/restricted/ here")
    name, (gold,) = f"article-{tmp_path.name[-12:]}", document_files.read(ARTICLE)
    found = labelled(studio, name, read_passes([ARTICLE.parent / "passes"]), tmp_path)
    submit(label_studio, decisions(studio, name, found).open[gold.id], gold)
    pulled = decisions(studio, name, found).gold[gold.id]
    assert content(pulled, CORPUS.schema) == content(gold, CORPUS.schema)
    assert pulled.text == gold.text
    assert pulled.meta["annotators"] == ["modele-1", "modele-2"]
    assert pulled.meta.keys() >= {"adjudicated_by", "adjudicated_at", "guideline_version"}


def test_practice_is_given_once_and_read_when_finished(
    label_studio: LabelStudio, studio: LabelStudioServer, tmp_path: Path
) -> None:
    given, name = exercises(), tmp_path.name[-12:]
    project, done, problems = practise(studio, name, given, notes=Notes())
    assert (done, problems) == ({}, [])
    first = next(iter(studio.tasks(project)))["id"]
    submit(label_studio, project.page(first), given[0].answers)
    _, done, _ = practise(studio, name, given, notes=Notes())
    assert len(list(studio.tasks(project))) == len(given)
    assert [given[0].corrections(work, CORPUS.schema) for work in done.values()] == [[]]
