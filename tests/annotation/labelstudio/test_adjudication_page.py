"""Two annotators label one document in browsers, and a third person adjudicates by keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Desk, chromium
from click.testing import Result
from label_studio import LabelStudio
from typer.testing import CliRunner

from aloi.annotation.exchange.pull import pull_projects, select_projects
from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import load_schema

pytestmark = [pytest.mark.slow, pytest.mark.label_studio]

SCHEMA = Path(__file__).parents[3] / "corpus" / "schema.toml"
TEXT = "Le président russe Poutine est à Moscou. Pékin soutient Téhéran."


@pytest.fixture
def server(label_studio: LabelStudio) -> Iterator[LabelStudioServer]:
    with LabelStudioServer(Access(label_studio.url, label_studio.token)) as opened:
        yield opened


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "corpus.toml").write_text('name = "desk"\nversion = "1"\nlicence = "x"\n')
    (folder / "schema.toml").write_text(SCHEMA.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "splits.toml").write_text("")
    return folder


def mention(surface: str, label: str, **values: Any) -> Entity:
    start = TEXT.index(surface)
    return Entity(id=surface, start=start, end=start + len(surface), label=label, **values)


def document(role: str, town: str, ref: str, attributes: dict[str, str]) -> Document:
    """Return a version of the document; the annotators differ in all four arguments."""
    entities = (
        mention(role, "ROLE"),
        mention("Poutine", "PER", ref=ref),
        mention("Moscou", town, ref="moscou"),
        mention("Pékin", "LOC", attributes=attributes),
        mention("Téhéran", "LOC"),
    )
    relations = (
        Relation(head="Poutine", tail=role, label="HAS_ROLE"),
        Relation(head="Poutine", tail="Moscou", label="REPRESENTS"),
    )
    return Document("d", TEXT, entities, relations)


PREDICTED = {
    "marie": document("président russe", "LOC", "poutine", {"metonymy": "government"}),
    "paul": document("président", "ORG", "vladimir-poutine", {}),
}
"""The pre-annotated versions, to which each annotator adds a relation in another direction."""

ARCS = {"marie": ("Téhéran", "Pékin"), "paul": ("Pékin", "Téhéran")}

DECISIONS = {
    "n° 1 bornes": "B ROLE «président»[2]",
    "n° 2 ref": "B vladimir-poutine[4]",
    "n° 3 type": "A LOC «Moscou»[5]",
    "n° 4 metonymy": "A government[7]",
    "n° 5 relation": "A «Téhéran» SUPPORTS → «Pékin»[9]",
}
"""The adjudicator's decisions: the title of the card, and the answer with its key."""


def label(label_studio: LabelStudio, server: LabelStudioServer, name: str) -> None:
    """Sign up an annotator, who completes a pre-annotated document in a browser."""
    request = PushRequest(
        corpus="desk",
        schema=load_schema(SCHEMA),
        documents=[Document("d", TEXT, ())],
        annotators=[name],
        predictions={"d": PREDICTED[name]},
        model_version="m",
    )
    project = push(server, request, Notes())[name].project
    (task,) = server.list_tasks(project)
    user = label_studio.user(name)
    with chromium() as browser:
        desk = Desk(browser, label_studio.url)
        desk.log_in(user.email, user.password)
        desk.open(project.id, task.id)
        desk.relate(*ARCS[name], "SUPPORTS")
        desk.submit()


def adjudicate(label_studio: LabelStudio, corpus: Path, *options: str) -> Result:
    passes, gold = corpus.parent / "passes", corpus.parent / "gold"
    call = ["annotate", "adjudicate", passes, "--corpus", corpus, "--out", gold, *options]
    access = {"LABEL_STUDIO_URL": label_studio.url, "LABEL_STUDIO_API_KEY": label_studio.token}
    return CliRunner().invoke(app, list(map(str, call)), env=access)


def test_gold_contains_what_two_annotators_gave_and_an_adjudicator_decided(
    label_studio: LabelStudio, server: LabelStudioServer, corpus: Path, tmp_path: Path
) -> None:
    for name in PREDICTED:
        label(label_studio, server, name)
    projects = select_projects(server, "desk").values()
    assert not pull_projects(server, projects, tmp_path / "passes", Notes()).problems
    sent = adjudicate(label_studio, corpus)
    assert (sent.exit_code, "undecided: d: " in sent.output) == (0, True), sent.output

    eve = label_studio.user("eve")
    project = select_projects(server, "desk", ["adjudication"])["adjudication"]
    (task,) = server.list_tasks(project)
    with chromium("1366,768") as browser:
        desk = Desk(browser, label_studio.url)
        desk.log_in(eve.email, eve.password)
        desk.open(project.id, task.id)
        cards = desk.find(".aloi-cards").text
        for title, answer in DECISIONS.items():
            assert title in cards
            assert answer in cards
            desk.answer(answer[-2])
        desk.submit()
    done = adjudicate(label_studio, corpus)
    assert (done.exit_code, "gold: 1 of 1 document" in done.output) == (0, True), done.output

    (gold,) = document_files.read(tmp_path / "gold")
    surfaces = {each.id: gold.surface(each) for each in gold.entities}
    assert {
        (surfaces[e.id], e.label, e.ref, e.attributes.get("metonymy")) for e in gold.entities
    } == {
        ("président", "ROLE", None, None),
        ("Poutine", "PER", "vladimir-poutine", None),
        ("Moscou", "LOC", "moscou", None),
        ("Pékin", "LOC", None, "government"),
        ("Téhéran", "LOC", None, None),
    }
    assert {(surfaces[r.head], r.label, surfaces[r.tail]) for r in gold.relations} == {
        ("Poutine", "HAS_ROLE", "président"),
        ("Poutine", "REPRESENTS", "Moscou"),
        ("Téhéran", "SUPPORTS", "Pékin"),
    }
    assert gold.meta["annotators"] == ["marie", "paul"]
    assert gold.meta["adjudicated_by"] == eve.email
