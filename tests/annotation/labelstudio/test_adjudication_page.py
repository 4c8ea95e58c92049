"""Two annotators label one document in browsers, and a third person adjudicates by keys."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import Desk, chromium
from click.testing import Result
from label_studio import LabelStudio, User
from typer.testing import CliRunner

from aloi.annotation.exchange.pull import pull_projects, select_projects
from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity
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


def mention(surface: str, label: str) -> Entity:
    start = TEXT.index(surface)
    return Entity(id=surface, start=start, end=start + len(surface), label=label)


PREDICTED = (mention("Poutine", "PER"), mention("Pékin", "LOC"), mention("Téhéran", "LOC"))
"""The pre-annotated mentions, which both annotators keep."""


def mark_as_marie(desk: Desk) -> None:
    desk.mark("président russe", "6")
    desk.mark("Moscou", "2")
    desk.refer("Moscou", "moscou")
    desk.refer("Poutine", "poutine")
    desk.choose("Pékin", "q")
    desk.relate("Poutine", "président russe", "HAS_ROLE")
    desk.relate("Poutine", "Moscou", "LOCATED_IN")
    desk.relate("Téhéran", "Pékin", "SUPPORTS")


def mark_as_paul(desk: Desk) -> None:
    desk.mark("président", "6")
    desk.mark("Moscou", "3")
    desk.refer("Moscou", "moscou")
    desk.refer("Poutine", "vladimir-poutine")
    desk.relate("Poutine", "président", "HAS_ROLE")
    desk.relate("Poutine", "Moscou", "LOCATED_IN")
    desk.relate("Pékin", "Téhéran", "SUPPORTS")


DECISIONS = {
    "n° 1 bornes": "B ROLE «président»[2]",
    "n° 2 ref": "B vladimir-poutine[4]",
    "n° 3 type": "A LOC «Moscou»[5]",
    "n° 4 metonymy": "A government[7]",
    "n° 5 relation": "A «Téhéran» SUPPORTS → «Pékin»[9]",
}
"""The adjudicator's decisions: the title of the card, and the answer with its key."""


def label(
    label_studio: LabelStudio, server: LabelStudioServer, name: str, mark: Callable[[Desk], None]
) -> User:
    """Sign up an annotator, who labels the document in a browser."""
    user = label_studio.user(name)
    project = select_projects(server, "desk", [name])[name]
    (task,) = server.list_tasks(project)
    with chromium() as browser:
        desk = Desk(browser, label_studio.url)
        desk.log_in(user.email, user.password)
        desk.open(project.id, task.id)
        mark(desk)
        desk.submit()
    return user


def adjudicate(label_studio: LabelStudio, corpus: Path, *options: str) -> Result:
    passes, gold = corpus.parent / "passes", corpus.parent / "gold"
    call = ["annotate", "adjudicate", passes, "--corpus", corpus, "--out", gold, *options]
    access = {"LABEL_STUDIO_URL": label_studio.url, "LABEL_STUDIO_API_KEY": label_studio.token}
    return CliRunner().invoke(app, list(map(str, call)), env=access)


@pytest.mark.parametrize("label_studio", ["sqlite"], indirect=True)  # one database is enough
def test_gold_contains_what_two_annotators_gave_and_an_adjudicator_decided(
    label_studio: LabelStudio, server: LabelStudioServer, corpus: Path, tmp_path: Path
) -> None:
    request = PushRequest(
        corpus="desk",
        schema=load_schema(SCHEMA),
        documents=[Document("d", TEXT, ())],
        annotators=["marie", "paul"],
        double=1.0,
        predictions={"d": Document("d", TEXT, PREDICTED)},
        model_version="m",
    )
    push(server, request, Notes())
    label(label_studio, server, "marie", mark_as_marie)
    label(label_studio, server, "paul", mark_as_paul)
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
            desk.press(answer[-2])
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
        ("Poutine", "LOCATED_IN", "Moscou"),
        ("Téhéran", "SUPPORTS", "Pékin"),
    }
    assert gold.meta["annotators"] == ["marie", "paul"]
    assert gold.meta["adjudicated_by"] == eve.email
