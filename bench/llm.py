"""The cost of `aloi predict llm:NAME` beside the server's own time.

    python bench/llm.py [DOCUMENTS]

A chat server in a process of its own answers each request after a fixed time. The run has 8
requests in flight. The overhead is the time of the run beyond that of a server that is never idle,
and the peak memory is that of the process that runs `aloi`. One answer in five is a copy with
changed characters, which must be aligned with the text.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

SERVER_SECONDS = 0.2
"""The time that the server takes for an answer."""

IN_FLIGHT = 8
"""The number of requests in flight."""

GARBLED = 5
"""One document in this many has a copy with changed characters."""


def serve(connection: Connection, texts: Path) -> None:
    """Serve the annotated documents of a file until the connection is closed."""
    from chat_server import ChatServer, marked_answer  # noqa: PLC0415 - in the server's process
    from garbling import changed_characters  # noqa: PLC0415

    from aloi.corpus import document_files  # noqa: PLC0415

    answers = {}
    for number, document in enumerate(document_files.read(texts)):
        garbled = changed_characters(document, 0.02, number).copy
        answers[document.text] = marked_answer(document if number % GARBLED else garbled)

    def answer(text: str, request: dict[str, Any]) -> str:
        time.sleep(SERVER_SECONDS)
        return answers[text]

    with ChatServer(answer) as server:
        connection.send(server.url)
        connection.recv()


@contextmanager
def serving(texts: Path) -> Iterator[str]:
    """Yield the address of a server in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, texts))
    process.start()
    yield ours.recv()
    ours.send("stop")
    process.join()


def write_texts(folder: Path, count: int) -> None:
    """Write `count` annotated documents, and the same texts without annotations."""
    from aloi.corpus import document_files  # noqa: PLC0415
    from aloi.corpus.document import Document  # noqa: PLC0415

    gold = document_files.read(ROOT / "corpus" / "gold")
    documents = []
    for number in range(count):
        source = gold[number % len(gold)]
        text = f"{source.text}\n\nDépêche numéro {number}."
        documents.append(Document(f"n{number}", text, source.entities, ()))
    document_files.write(documents, folder / "gold.jsonl")
    blank = (msgspec.structs.replace(each, entities=()) for each in documents)
    document_files.write(blank, folder / "in.jsonl")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        context = multiprocessing.get_context("spawn")
        writer = context.Process(target=write_texts, args=(folder, count))
        writer.start()  # in a process of its own, so that the gold is not in this one's memory
        writer.join()
        with serving(folder / "gold.jsonl") as url:
            measure(folder, url, count)


def measure(folder: Path, url: str, count: int) -> None:
    """Run the annotation and print its overhead and memory."""
    from aloi.corpus.schema import load_schema  # noqa: PLC0415
    from aloi.models.llm.annotation_run import RunOptions, annotate_to_file  # noqa: PLC0415
    from aloi.models.llm.endpoint import ChatEndpoint  # noqa: PLC0415
    from aloi.models.llm.language_model import LanguageModel  # noqa: PLC0415
    from aloi.models.llm.prompt import Prompt  # noqa: PLC0415

    schema = load_schema(ROOT / "corpus" / "schema.toml")
    model = LanguageModel(ChatEndpoint(url, "bench", connections=IN_FLIGHT), Prompt(schema))
    started, processor = time.perf_counter(), time.process_time()
    source, target = str(folder / "in.jsonl"), str(folder / "out.jsonl")
    run = annotate_to_file(model, source, target, RunOptions())
    seconds = time.perf_counter() - started
    ideal = count * SERVER_SECONDS / IN_FLIGHT
    result = {
        "documents": run.documents,
        "without usable answer": len(run.problems),
        "dropped": run.dropped.total(),
        "seconds": round(seconds, 2),
        "overhead ms per document": round(1000 * (seconds - ideal) / count, 2),
        "processor ms per document": round(1000 * (time.process_time() - processor) / count, 2),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
