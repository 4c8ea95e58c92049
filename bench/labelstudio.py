"""Speed of a push to Label Studio compared with the import of the Label Studio client.

    python bench/labelstudio.py [TASKS]

Creates projects on the server started by `aloi annotate start`, or on the server given by
LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY. Push and import send the same tasks, each with 3,000
characters, 40 predicted mentions and 8 predicted relations. Each method runs in a separate process,
to measure its peak memory.
"""

from __future__ import annotations

import resource
import sys
import time
from multiprocessing import get_context

from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.labelstudio.access import find_access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.labelling_interface import labelling_interface
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import EntityType, RelationType, Schema

SCHEMA = Schema("bench", "1", {"PER": EntityType()}, {"MEETS": RelationType(("PER",), ("PER",))})
TEXT = "mot " * 750
IMPORT_BATCH = 1000
"""Number of tasks that the client imports at once."""


def documents(number: int) -> list[Document]:
    """Return documents with the same text and the same annotations, similar to predictions."""
    entities = tuple(
        Entity(id=f"e{k}", start=12 * k, end=12 * k + 3, label="PER", score=0.5 + k / 100)
        for k in range(40)
    )
    relations = tuple(Relation(head=f"e{k}", tail=f"e{k + 1}", label="MEETS") for k in range(8))
    return [Document(f"d{k}", TEXT, entities, relations) for k in range(number)]


def push_documents(number: int, name: str) -> tuple[float, float]:
    """Push documents; return the seconds and the peak memory in GB."""
    predicted = documents(number)
    predictions = {document.id: document for document in predicted}
    delivery = PushRequest(
        corpus=name,
        schema=SCHEMA,
        documents=predicted,
        annotators=["ours"],
        predictions=predictions,
    )
    with LabelStudioServer(find_access()) as studio:
        start = time.perf_counter()
        push(studio, delivery, Notes())
        return time.perf_counter() - start, _peak()


def import_tasks(number: int, name: str) -> tuple[float, float]:
    """Import the same tasks with the client; return the seconds and the peak memory in GB.

    The time to build the tasks is not included.
    """
    sender = LabelStudioTaskWriter("bare", SCHEMA, None, Notes())
    tasks = [
        {**sender.task(document), "predictions": [sender.prediction(document, "aloi")]}
        for document in documents(number)
    ]
    with LabelStudioServer(find_access()) as studio:
        project = studio.create_project(
            f"{name} · import", {"label_config": labelling_interface(SCHEMA)}
        )
        start = time.perf_counter()
        for first in range(0, number, IMPORT_BATCH):
            studio._client.projects.import_tasks(
                project.id, request=tasks[first : first + IMPORT_BATCH]
            )
        return time.perf_counter() - start, _peak()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


METHODS = (push_documents, import_tasks)


def main() -> None:
    """Run push and import twice, in alternating order, and print their cost."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for turn in range(2):
        name = f"bench-{int(time.time())}"
        for method in METHODS[::-1] if turn else METHODS:
            with get_context("spawn").Pool(1) as pool:
                seconds, peak = pool.apply(method, (number, name))
            speed = number / seconds
            print(f"{method.__name__:>14}: {seconds:6.1f} s, {speed:6.0f}/s, {peak:.2f} GB")


if __name__ == "__main__":
    main()
