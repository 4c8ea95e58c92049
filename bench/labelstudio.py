"""Pushing to Label Studio against a bare import: `python bench/labelstudio.py [TASKS]`.

Needs a server that may be filled: one started by `aloi annotate start`, or one that
LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY name. Both ways send the same tasks: 3,000 characters, 40
mentions and 8 relations predicted. Each runs in a process of its own, so that the peak of memory is
its own.
"""

from __future__ import annotations

import resource
import sys
import time
from multiprocessing import get_context

from aloi.annotation.exchange.push import PushRequest, push
from aloi.annotation.labelstudio.access import find_access
from aloi.annotation.labelstudio.client import LabelStudioServer
from aloi.annotation.labelstudio.interface import labelling_interface
from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import EntityType, RelationType, Schema

SCHEMA = Schema("bench", "1", {"PER": EntityType()}, {"MEETS": RelationType(("PER",), ("PER",))})
TEXT = "mot " * 750
BARE = 1000
"""How many tasks the bare loop imports at once."""


def documents(number: int) -> list[Document]:
    """Documents of one text, as a model would have annotated them."""
    entities = tuple(
        Entity(f"e{k}", 12 * k, 12 * k + 3, "PER", score=0.5 + k / 100) for k in range(40)
    )
    relations = tuple(Relation(f"e{k}", f"e{k + 1}", "MEETS") for k in range(8))
    return [Document(f"d{k}", TEXT, entities, relations) for k in range(number)]


def ours(number: int, name: str) -> tuple[float, float]:
    """Seconds, and GB at the peak, to push documents."""
    found = documents(number)
    predictions = {document.id: document for document in found}
    delivery = PushRequest(
        corpus=name,
        schema=SCHEMA,
        documents=found,
        annotators=["ours"],
        predictions=predictions,
    )
    with LabelStudioServer(find_access()) as studio:
        start = time.perf_counter()
        push(studio, delivery, Notes())
        return time.perf_counter() - start, _peak()


def bare(number: int, name: str) -> tuple[float, float]:
    """The same for the client's own import, called in a loop; tasks are made beforehand."""
    sender, found = LabelStudioTaskWriter("bare", SCHEMA, None, Notes()), documents(number)
    tasks = [sender.task(d, predictions=[sender.prediction(d, "aloi")]) for d in found]
    with LabelStudioServer(find_access()) as studio:
        project = studio.create_project(
            f"{name} · bare", {"label_config": labelling_interface(SCHEMA)}
        )
        start = time.perf_counter()
        for first in range(0, number, BARE):
            studio._client.projects.import_tasks(project.id, request=tasks[first : first + BARE])
        return time.perf_counter() - start, _peak()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Run both ways, twice in turn, and print what they took."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for turn in range(2):
        name = f"bench-{int(time.time())}"
        for way in (bare, ours) if turn else (ours, bare):
            with get_context("spawn").Pool(1) as pool:
                seconds, peak = pool.apply(way, (number, name))
            print(f"{way.__name__:>5}: {seconds:6.1f} s, {number / seconds:6.0f}/s, {peak:.2f} GB")


if __name__ == "__main__":
    main()
