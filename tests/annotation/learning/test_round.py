"""Rounds of a project that learns, with a server in memory and quick trainings."""

from pathlib import Path
from typing import Any

import pytest
from light_configs import light_configs
from memory_server import MemoryServer
from toy import RIGHTS, SCHEMA, sentence

from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.learning.history import read_rounds
from aloi.annotation.learning.model import TrainingSettings
from aloi.annotation.learning.round import LearningSettings, RoundResult, run_round
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.models.training.job import TrainingJob


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Return a corpus without gold, with 12 texts in its inbox."""
    path = tmp_path / "corpus"
    texts = [sentence(number) for number in range(12)]
    document_files.write([Document(d.id, d.text, ()) for d in texts], path / "inbox")
    (path / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    (path / "splits.toml").write_text("")
    (path / "corpus.toml").write_text(
        f'name = "toy"\nversion = "1"\nlicence = "CC0-1.0"\nrights = {RIGHTS}\n'
    )
    return Corpus.open(path)


@pytest.fixture
def server(corpus: Corpus) -> MemoryServer:
    """Return a server to which the first ten texts were sent."""
    server = MemoryServer()
    texts = [Document(d.id, d.text, ()) for d in map(sentence, range(10))]
    request = PushRequest(corpus="toy", schema=corpus.schema, documents=texts, annotators=["marie"])
    push(server, request, Notes())
    return server


@pytest.fixture
def learning(tmp_path: Path) -> LearningSettings:
    return LearningSettings(
        folder=tmp_path / "learning", training=TrainingSettings(light_configs(tmp_path))
    )


def finish(server: MemoryServer, *numbers: int) -> None:
    for number in numbers:
        server.submit("toy/marie", sentence(number))


def predictions(server: MemoryServer) -> dict[str, list[str]]:
    """Return the model versions of the predictions of each document's task."""
    (tasks,) = server.tasks.values()
    return {
        task["document"].id: [each["model_version"] for each in task["predictions"]]
        for task in tasks.values()
    }


def test_too_little_work_trains_nothing(
    server: MemoryServer, corpus: Corpus, learning: LearningSettings
) -> None:
    finish(server, 0, 1, 2, 3)
    result = run_round(server, corpus, learning, Notes())
    assert (result.trained, result.finished, result.rounds) == (False, 4, [])
    assert result.reason == "4 documents new or changed; the next training needs 5"
    assert len(document_files.read(learning.folder / "passes")) == 4


def test_two_rounds_survive_an_interrupted_training(
    server: MemoryServer,
    corpus: Corpus,
    learning: LearningSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def round_() -> RoundResult:
        return run_round(server, corpus, learning, Notes())

    finish(server, 0, 1, 2, 3, 4)
    first = round_()
    version = first.rounds[0].model_version
    # The five open tasks and the two new texts get predictions; the finished tasks keep theirs.
    assert (first.trained, first.sent, first.predictions) == (True, 2, 7)
    assert predictions(server) == {f"d{n}": [] if n < 5 else [version] for n in range(12)}
    assert server.displayed == {"toy/marie": version}

    again = round_()
    assert (again.trained, again.sent, again.predictions) == (False, 0, 0)

    finish(server, 5, 6, 7, 8, 9)
    run = TrainingJob.run

    def interrupted(job: TrainingJob, **settings: Any) -> None:
        if job.kind == "relations":
            raise KeyboardInterrupt
        run(job, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingJob, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            round_()
    assert len(document_files.read(learning.folder / "passes")) == 10
    assert len(read_rounds(learning.history)) == 1

    second = round_()
    assert second.trained
    assert [each.scored for each in second.rounds] == [0, 5]
    assert second.rounds[1].mentions.tp + second.rounds[1].mentions.fn == 15
    assert predictions(server)["d10"] == [version, second.rounds[1].model_version]
    assert predictions(server)["d5"] == [version]
