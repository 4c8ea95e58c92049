"""One round of a project that learns: pull, train if enough changed, predict, push.

Each step can be repeated after an interruption. Finished work is read from the server again if it
was not written. A round is recorded only when its model is complete; until then, a repeated call
scores with the model of the previous round and resumes the training. Predictions are sent to every
task that has none of the current model, so an interrupted push is completed by the next call.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aloi.annotation.exchange.assignment import mean_score
from aloi.annotation.exchange.pull import PullReport, pull_corpus, select_projects
from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.exchange.refs import RefTable
from aloi.annotation.learning.gold import (
    GoldSoFar,
    default_rights,
    gold_so_far,
    split_train_dev,
)
from aloi.annotation.learning.history import (
    Round,
    RoundCounts,
    count_changed,
    describe_wait,
    needed_changes,
    read_rounds,
    score_counts,
    write_rounds,
)
from aloi.annotation.learning.model import PIPELINE, RoundModel, TrainingSettings
from aloi.annotation.learning.task_predictions import (
    OpenTasks,
    find_open_tasks,
    send_predictions,
)
from aloi.annotation.progress import Progress, ignore_progress
from aloi.annotation.server_protocol import AnnotationServer
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.guides import Guide
from aloi.corpus.locks import locked
from aloi.corpus.problems import Problem
from aloi.corpus.schema import require_valid
from aloi.models.prediction.pipelines import load_pipeline, predict_documents

HISTORY_FILE = "rounds.json"
"""The file in the learning folder with the rounds and their scores."""

PASSES = "passes"
"""The folder in the learning folder with the finished work, by annotator."""

ROUND_PREFIX = "round"
"""The first word of the name under which the predictions of a round are sent."""

NO_MENTIONS = "train and dev need at least one document with mentions each"
"""Why no training is possible."""


@dataclass(frozen=True, kw_only=True)
class LearningSettings:
    """The settings of a project that learns.

    `folder` contains the pulled work, the models and the history. `accounts` contains the account
    of an annotator, by annotator. `guide` is displayed to annotators.
    """

    folder: Path
    training: TrainingSettings = field(default_factory=TrainingSettings)
    accounts: Mapping[str, str] = field(default_factory=dict)
    guide: Guide | None = None

    @property
    def history(self) -> Path:
        """The history file."""
        return self.folder / HISTORY_FILE

    def round_folder(self, number: int) -> Path:
        """Return the folder with the data and models of a round."""
        return self.folder / "models" / f"round-{number}"

    def pipeline(self, number: int) -> Path:
        """Return the folder of the pipeline trained in a round."""
        return self.round_folder(number) / PIPELINE

    def newest_pipeline(self) -> Path | None:
        """Return the folder of the newest pipeline, or None before the first round."""
        rounds = read_rounds(self.history)
        return self.pipeline(rounds[-1].number) if rounds else None


def learning_folder(corpus: Corpus) -> Path:
    """Return the default folder for what is learned from a corpus."""
    return Path(".learning") / corpus.manifest.name


@dataclass(frozen=True, kw_only=True)
class RoundResult:
    """The result of a round.

    `rounds` are all rounds so far. `trained` is true if the last of them was trained now; otherwise
    `reason` says why not. `finished` is the number of documents with an annotator's finished work.
    `sent` is the number of documents sent to annotators, `predictions` the number of tasks with new
    predictions. `problems` describes work that could not be read or used.
    """

    rounds: Sequence[Round]
    trained: bool
    reason: str
    finished: int
    sent: int = 0
    predictions: int = 0
    problems: Sequence[Problem] = ()


def run_round(
    server: AnnotationServer,
    corpus: Corpus,
    settings: LearningSettings,
    notes: Notes,
    *,
    progress: Progress = ignore_progress,
) -> RoundResult:
    """Pull finished work, train if enough changed, and send predictions for the open tasks.

    Raise `NoProjectError` if the corpus has no project, and `DataError` if another process works in
    the same folder.
    """
    with locked(settings.folder):
        return _RoundRun(server, corpus, settings, notes, progress).run()


@dataclass(frozen=True)
class _RoundRun:
    """A call of `run_round`."""

    server: AnnotationServer
    corpus: Corpus
    settings: LearningSettings
    notes: Notes
    progress: Progress

    def run(self) -> RoundResult:
        report = self.pull()
        gold = gold_so_far(self.corpus, self.settings.folder / PASSES)
        rounds = read_rounds(self.settings.history)
        reason = self.learn(gold, rounds)
        sent, predictions = self.predict(gold, rounds[-1]) if rounds else (0, 0)
        return RoundResult(
            rounds=rounds,
            trained=not reason,
            reason=reason,
            finished=gold.finished,
            sent=sent,
            predictions=predictions,
            problems=report.problems,
        )

    def pull(self) -> PullReport:
        return pull_corpus(
            self.server,
            self.corpus.manifest.name,
            self.settings.folder / PASSES,
            self.notes,
            accounts=self.settings.accounts,
            schema=self.corpus.schema,
            progress=self.progress,
        )

    def learn(self, gold: GoldSoFar, rounds: list[Round]) -> str:
        """Train a round and add it to `rounds`; return "", or why there is no training."""
        hashes = gold.hashes()
        changed, needed = count_changed(hashes, rounds), needed_changes(rounds)
        if changed < needed:
            return describe_wait(changed, needed)
        model = self.next_model(gold, len(rounds) + 1)
        if model is None:
            return NO_MENTIONS
        scored, mentions, relations = self.score_new(gold, rounds)
        fingerprint = model.fit(self.progress)
        number = len(rounds) + 1
        new = Round(
            number=number,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            model_version=f"{ROUND_PREFIX} {number} {fingerprint}",
            documents=hashes,
            changed=changed,
            scored=scored,
            mentions=mentions,
            relations=relations,
        )
        rounds.append(new)
        write_rounds(self.settings.history, rounds)
        shutil.rmtree(self.settings.round_folder(number - 2), ignore_errors=True)
        return ""

    def next_model(self, gold: GoldSoFar, number: int) -> RoundModel | None:
        """Return the model to train, or None if there are not enough mentions."""
        data = split_train_dev(gold.usable.values(), self.corpus)
        if data is None:
            return None
        return RoundModel(
            self.settings.round_folder(number),
            *data,
            self.corpus.folder / self.corpus.manifest.schema,
            default_rights(self.corpus, gold.usable.values()),
            self.settings.training,
        )

    def score_new(
        self, gold: GoldSoFar, rounds: Sequence[Round]
    ) -> tuple[int, RoundCounts, RoundCounts]:
        """Score the last round's model on the documents that no training has used.

        Return the number of documents, and the counts of mentions and relations.
        """
        used = {id_ for each in rounds for id_ in each.documents}
        new = [document for id_, document in gold.usable.items() if id_ not in used]
        if not rounds or not new:
            return 0, RoundCounts(), RoundCounts()
        self.progress(f"scoring the model of round {len(rounds)} on {len(new)} new documents")
        nlp = load_pipeline(str(self.settings.pipeline(len(rounds))))
        return (len(new), *score_counts(new, predict_documents(nlp, new), self.corpus.schema))

    def predict(self, gold: GoldSoFar, last: Round) -> tuple[int, int]:
        """Send the documents without a task, and predictions for all tasks without work.

        Predicted mentions get refs from the gold so far. Return the numbers of documents and of
        predictions.
        """
        texts, refs = gold.unlabelled, RefTable.from_corpus(self.corpus, [*gold.usable.values()])
        projects = self.open_tasks(texts, last)
        new = {id_ for id_ in texts if not any(id_ in each.known for each in projects)}
        wanted = new | {id_ for each in projects for id_ in each.tasks}
        listed = self.predict_texts([texts[id_] for id_ in sorted(wanted)], last)
        predicted = {document.id: refs.fill(document) for document in listed}
        if new:
            ordered = _uncertain_first(predicted[id_] for id_ in sorted(new))
            documents = [texts[each.id] for each in ordered]
            self.push(documents, [each.annotator for each in projects], refs)
            projects = self.open_tasks(texts, last)
        return len(new), sum(self.send(each, predicted, last) for each in projects)

    def open_tasks(self, texts: Mapping[str, Document], last: Round) -> list[OpenTasks]:
        projects = select_projects(self.server, self.corpus.manifest.name)
        return [
            find_open_tasks(self.server, name, project, texts, last.model_version)
            for name, project in projects.items()
        ]

    def predict_texts(self, texts: Sequence[Document], last: Round) -> list[Document]:
        """Return the predictions of the last round's model."""
        if not texts:
            return []
        self.progress(f"predicting {len(texts)} documents")
        nlp = load_pipeline(str(self.settings.pipeline(last.number)))
        return list(require_valid(predict_documents(nlp, texts), self.corpus.schema))

    def push(
        self, documents: Sequence[Document], annotators: Sequence[str], refs: RefTable
    ) -> None:
        request = PushRequest(
            corpus=self.corpus.manifest.name,
            schema=self.corpus.schema,
            documents=documents,
            annotators=annotators,
            guide=self.settings.guide,
            refs=refs,
        )
        push(self.server, request, self.notes, progress=self.progress)

    def send(self, tasks: OpenTasks, predicted: Mapping[str, Document], last: Round) -> int:
        self.progress(f"sending predictions to {tasks.project.title}")
        version = last.model_version
        writer = self.server.task_writer(tasks.annotator, self.corpus.schema, None, self.notes)
        return send_predictions(self.server, writer, tasks, predicted, version)


def _uncertain_first(predicted: Iterable[Document]) -> list[Document]:
    """Return predictions by mean score, lowest first; predictions without scores come last."""
    return sorted(predicted, key=lambda each: 1.0 if (m := mean_score(each)) is None else m)
