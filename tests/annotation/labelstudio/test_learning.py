"""A project that learns, with a real Label Studio server: two rounds, one killed training."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import spacy
from label_studio import LabelStudio, User, serving
from light_configs import light_configs
from toy import RIGHTS, SCHEMA, sentence

from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.live_predictions import running_backend
from aloi.annotation.labelstudio.local import home as homes
from aloi.annotation.labelstudio.local import server
from aloi.annotation.labelstudio.request_limits import authorization
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.annotation.learning.history import read_rounds
from aloi.annotation.learning.model import TrainingSettings
from aloi.annotation.learning.round import LearningSettings, RoundResult, run_round
from aloi.annotation.progress import Progress, ignore_progress
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError

NAME = "learning"
LOCAL = "http://127.0.0.1:9090/webhook"

CHILD = """
import sys
from pathlib import Path
from aloi.annotation.labelstudio.access import Access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.learning.model import TrainingSettings
from aloi.annotation.learning.round import LearningSettings, run_round
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.formats.shared.notes import Notes
url, token, corpus, folder, ner, relations = sys.argv[1:]
training = TrainingSettings({"ner": Path(ner), "relations": Path(relations)})
settings = LearningSettings(folder=Path(folder), training=training)
with LabelStudioServer(Access(url, token)) as studio:
    run_round(studio, Corpus.open(Path(corpus)), settings, Notes())
"""


def bare(document: Document) -> Document:
    return Document(document.id, document.text, ())


def make_corpus(path: Path) -> Corpus:
    """Return a corpus without gold, with 14 texts in its inbox."""
    document_files.write([bare(sentence(number)) for number in range(14)], path / "inbox")
    (path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    (path / "splits.toml").write_text("")
    (path / "corpus.toml").write_text(
        f'name = "{NAME}"\nversion = "1"\nlicence = "CC0-1.0"\nrights = {RIGHTS}\n'
    )
    return Corpus.open(path)


class Annotator:
    """An annotator who fetches tasks and submits gold in Label Studio."""

    def __init__(self, client: httpx.Client, studio: LabelStudioServer, corpus: Corpus) -> None:
        self.client = client
        self.project = studio.list_projects(NAME)["lise"].id
        self.writer = LabelStudioTaskWriter("lise", corpus.schema, None, Notes())

    def next_task(self) -> dict[str, object]:
        """Return the task that Label Studio serves for labelling."""
        path = f"/api/projects/{self.project}/next"
        return dict(self.client.get(path).raise_for_status().json())

    def submit(self, task: dict[str, object], **fields: object) -> httpx.Response:
        number = int(str(task["data"]["doc_id"]).removeprefix("d"))  # type: ignore[index]
        annotation = {**self.writer.annotation(sentence(number)), **fields}
        return self.client.post(f"/api/tasks/{task['id']}/annotations", json=annotation)

    def finish(self, count: int) -> list[str]:
        """Finish tasks in the order in which they are served; return the document ids."""
        finished = []
        for _ in range(count):
            task = self.next_task()
            self.submit(task).raise_for_status()
            finished.append(str(task["data"]["doc_id"]))  # type: ignore[index]
        return finished


def scores(annotator: Annotator, version: str) -> dict[str, float]:
    """Return the scores of a model's predictions by document id."""
    parameters = {"project": annotator.project, "fields": "all", "page_size": 100}
    tasks = annotator.client.get("/api/tasks", params=parameters).raise_for_status().json()["tasks"]
    return {
        task["data"]["doc_id"]: each["score"]
        for task in tasks
        for each in task["predictions"]
        if each["model_version"] == version
    }


@pytest.mark.parametrize("label_studio", ["sqlite"], indirect=True)
def test_two_rounds_lose_nothing_when_a_training_is_killed(
    label_studio: LabelStudio, tmp_path: Path
) -> None:
    corpus, configs = make_corpus(tmp_path / "corpus"), light_configs(tmp_path)
    learning = LearningSettings(folder=tmp_path / "learning", training=TrainingSettings(configs))
    lise: User = label_studio.user("lise")
    with (
        LabelStudioServer(Access(label_studio.url, label_studio.token)) as studio,
        label_studio.client(lise.token) as client,
    ):

        def round_() -> RoundResult:
            return run_round(studio, corpus, learning, Notes())

        texts = [bare(sentence(number)) for number in range(12)]
        request = PushRequest(
            corpus=NAME, schema=corpus.schema, documents=texts, annotators=["lise"]
        )
        push(studio, request, Notes())
        annotator = Annotator(client, studio, corpus)

        # Without a model, tasks are served in the order in which they were sent.
        assert annotator.finish(5) == ["d0", "d1", "d2", "d3", "d4"]
        first = round_()
        assert (first.trained, first.sent, first.predictions) == (True, 2, 9)
        version = first.rounds[0].model_version

        # Now the tasks with the lowest scores come first, also among those sent earlier.
        by_score = scores(annotator, version)
        assert by_score.keys() == {f"d{n}" for n in range(5, 14)}
        served = annotator.finish(4)
        assert served == sorted(by_score, key=by_score.__getitem__)[:4]

        # Work that refers to a prediction of an earlier round is saved after the next round.
        opened = annotator.next_task()
        (prediction,) = opened["predictions"]  # type: ignore[misc]

        finished = [*served, *annotator_finish_others(annotator, opened, 1)]
        kill_during_training(label_studio, corpus, learning, configs)
        assert len(read_rounds(learning.history)) == 1
        second = round_()
        assert [each.scored for each in second.rounds] == [0, 5]
        assert annotator.submit(opened, parent_prediction=prediction["id"]).status_code == 201
        assert round_().finished == 11
        assert pulled_as_submitted(learning) >= {f"d{n}" for n in range(5)} | set(finished)
        # A deleted prediction could not be referred to, so predictions of earlier rounds are kept.
        refused = annotator.submit(annotator.next_task(), parent_prediction=10**6)
        assert refused.status_code == 400
        # Label Studio sends no events to local addresses by default.
        with pytest.raises(DataError, match="reserved network address"):
            studio.connect_webhook(studio.list_projects(NAME)["lise"], LOCAL)


class ServerKiller:
    """A progress callback that kills a server at the first message with a given start."""

    def __init__(self, running: LabelStudio, message: str) -> None:
        self.running, self.message, self.done = running, message, False

    def __call__(self, message: str) -> None:
        if not self.done and message.startswith(self.message):
            os.killpg(homes.locking_process(self.running.home), signal.SIGKILL)
            self.done = True


@pytest.mark.label_studio
def test_a_round_goes_on_after_the_server_was_killed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server dies while a model is trained, and before predictions are sent.

    Before, it sends an event with the password for each submitted text.
    """
    monkeypatch.setenv("LABEL_STUDIO_SSRF_PROTECTION_ENABLED", "false")
    spacy.blank("fr").to_disk(tmp_path / "blank")
    corpus, configs = make_corpus(tmp_path / "corpus"), light_configs(tmp_path)
    learning = LearningSettings(folder=tmp_path / "learning", training=TrainingSettings(configs))
    with (
        serving(tmp_path_factory.mktemp("killed")) as running,
        LabelStudioServer(Access(running.url, running.token)) as studio,
        running.client() as client,
    ):

        def round_(progress: Progress = ignore_progress) -> RoundResult:
            return run_round(studio, corpus, learning, Notes(), progress=progress)

        texts = [bare(sentence(number)) for number in range(8)]
        push(
            studio,
            PushRequest(corpus=NAME, schema=corpus.schema, documents=texts, annotators=["lise"]),
            Notes(),
        )
        events: list[None] = []
        with running_backend(
            tmp_path / "blank",
            "127.0.0.1",
            0,
            on_event=lambda: events.append(None),
            password="s3cret",
        ) as (backend, _):
            for headers in ({}, {"Authorization": authorization("s3cret")}):
                project = studio.list_projects(NAME)["lise"]
                studio.connect_webhook(project, f"{backend.url}/webhook", headers)
            finished = Annotator(client, studio, corpus).finish(5)
        assert len(events) == 5
        # A trained model is recorded although the server is away; it is not trained again.
        for message in ("training", "sending predictions"):
            with pytest.raises(DataError, match="does not answer"):
                round_(ServerKiller(running, message))
            assert len(read_rounds(learning.history)) == 1
            server.start(running.home)
        result = round_()
        assert (result.trained, result.finished, len(result.rounds)) == (False, 5, 1)
        assert pulled_as_submitted(learning) == set(finished)
        version = result.rounds[0].model_version
        expected = {f"d{n}" for n in range(14)} - set(finished)
        assert scores(Annotator(client, studio, corpus), version).keys() == expected


def pulled_as_submitted(learning: LearningSettings) -> set[str]:
    """Return the ids of the pulled documents, which must have the submitted annotations."""
    pulled = document_files.read(learning.folder / "passes" / "lise")
    for document in pulled:
        gold = sentence(int(document.id.removeprefix("d")))
        assert len(document.relations) == len(gold.relations)
        spans = [[(e.start, e.end, e.label) for e in x.entities] for x in (document, gold)]
        assert spans[0] == spans[1]
    return {document.id for document in pulled}


def annotator_finish_others(
    annotator: Annotator, opened: dict[str, object], count: int
) -> list[str]:
    """Finish tasks other than the opened one; return the document ids."""
    parameters = {"project": annotator.project, "fields": "all", "page_size": 100}
    listed = annotator.client.get("/api/tasks", params=parameters).raise_for_status().json()
    tasks = [t for t in listed["tasks"] if not t["annotations"] and t["id"] != opened["id"]]
    for task in tasks[:count]:
        annotator.submit(task).raise_for_status()
    return [task["data"]["doc_id"] for task in tasks[:count]]


def kill_during_training(
    label_studio: LabelStudio, corpus: Corpus, learning: LearningSettings, configs: dict[str, Path]
) -> None:
    """Start a round in a process, and kill it as soon as its training has begun."""
    files = [corpus.folder, learning.folder, configs["ner"], configs["relations"]]
    command = [sys.executable, "-c", CHILD, label_studio.url, label_studio.token]
    with subprocess.Popen([*command, *map(str, files)]) as child:
        data = learning.round_folder(2) / "relations" / "train.jsonl"
        deadline = time.monotonic() + 120
        while not data.exists():
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(child.pid, signal.SIGKILL)
