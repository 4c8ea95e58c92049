"""A replay of `aloi annotate next` on documents of the corpus, as if they were a user's own texts.

    python bench/learning.py [STEPS]

Needs the server started by `aloi annotate start`, or the server given by LABEL_STUDIO_URL and
LABEL_STUDIO_API_KEY. The 20 documents are texts without annotations at first. In each round, the
next five documents in the order in which Label Studio serves them get their gold annotations
through the server's API; then a round runs. Printed are F1 on the documents that are not labelled
yet, F1 on the corpus's dev split, and the history of prequential scores. STEPS is the number of
training steps (default: 200).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.labelstudio.access import find_access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.annotation.learning.history import rounds_sheet, score_counts
from aloi.annotation.learning.model import TrainingSettings
from aloi.annotation.learning.round import LearningSettings, run_round
from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import Schema
from aloi.eval.reports.sheets import markdown_table
from aloi.models.prediction.pipelines import load_pipeline, predict_documents

CORPUS = Path(__file__).parents[1] / "corpus"
DOCUMENTS = 20
BATCH = 5


def make_user_corpus(folder: Path, name: str, documents: list[Document]) -> Corpus:
    """Write a corpus folder with the texts of documents in its inbox; return the corpus."""
    document_files.write(bare_texts(documents), folder / "inbox")
    (folder / "schema.toml").write_bytes((CORPUS / "schema.toml").read_bytes())
    (folder / "splits.toml").write_text("")
    manifest = f'name = "{name}"\nversion = "1"\nlicence = "CC-BY-4.0"\n'
    (folder / "corpus.toml").write_text(manifest)
    return Corpus.open(folder)


def submit_next(
    studio: LabelStudioServer, project: int, writer: LabelStudioTaskWriter, gold: dict[str, Any]
) -> str:
    """Submit gold as the work on the task that is served next; return the document's id."""
    task = json.loads(studio._request("GET", f"api/projects/{project}/next"))
    id_ = str(task["data"]["doc_id"])
    work = json.dumps(writer.annotation(gold[id_])).encode()
    studio._request("POST", f"api/tasks/{task['id']}/annotations", work)
    return id_


def f1(pipeline: Path, gold: list[Document], schema: Schema) -> str:
    """Return F1 of mentions and relations as text; `–` if there is nothing to score."""
    predicted = predict_documents(load_pipeline(str(pipeline)), gold)
    values = [each.f1 for each in score_counts(gold, predicted, schema)]
    return " / ".join("–" if value is None else f"{value:.3f}" for value in values)


def steps_settings(steps: int) -> TrainingSettings:
    """Return the settings of trainings with a number of steps."""
    return TrainingSettings(
        overrides={"training.max_steps": steps, "training.eval_frequency": max(steps // 4, 1)}
    )


def replay(studio: LabelStudioServer, folder: Path, training: TrainingSettings) -> None:
    """Run the rounds and print their scores."""
    source = Corpus.open(CORPUS)
    documents, dev = list(source.split("train"))[:DOCUMENTS], list(source.split("dev"))
    gold = {document.id: document for document in documents}
    corpus = make_user_corpus(folder / "corpus", f"replay {time.time():.0f}", documents)
    settings = LearningSettings(folder=folder / "learning", training=training)
    request = PushRequest(
        corpus=corpus.manifest.name,
        schema=corpus.schema,
        documents=bare_texts(documents),
        annotators=["user"],
    )
    project = push(studio, request, Notes())["user"].project
    writer = LabelStudioTaskWriter("user", corpus.schema, None, Notes())
    labelled: list[str] = []
    while len(labelled) < DOCUMENTS:
        labelled += [submit_next(studio, project.id, writer, gold) for _ in range(BATCH)]
        started = time.monotonic()
        result = run_round(studio, corpus, settings, Notes())
        seconds = time.monotonic() - started
        pipeline = settings.pipeline(len(result.rounds))
        rest = [document for document in documents if document.id not in labelled]
        print(
            f"round {len(result.rounds)}: {len(labelled)} labelled, {seconds:.0f} s; F1 of "
            f"mentions / relations on the other {len(rest)}: "
            f"{f1(pipeline, rest, corpus.schema) if rest else '–'}; "
            f"on dev ({len(dev)}): {f1(pipeline, dev, corpus.schema)}",
            flush=True,
        )
    print(markdown_table(rounds_sheet(result.rounds)))


def bare_texts(documents: list[Document]) -> list[Document]:
    """Return documents without annotations and metadata."""
    return [Document(document.id, document.text, ()) for document in documents]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch, LabelStudioServer(find_access()) as server:
        replay(server, Path(scratch), steps_settings(int(sys.argv[1]) if sys.argv[1:] else 200))
