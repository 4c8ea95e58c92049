"""Prediction over a collection in shards, each by one worker, wherever it runs.

The output is a folder: `documents/`, a file a shard; `errors/`, the documents that made the model
fail, a file for each shard that has any; and `manifest.jsonl`, which says first what all was made
from, then, a line a shard, what is done. A shard is done again unless its line is there, its input
is the same, and the file is what the line says. Workers and driver share the folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
from spacy.language import Language

from aloi.corpus.document import Document
from aloi.corpus.files import atomic_text_file, write_bytes
from aloi.corpus.formats import registry
from aloi.corpus.formats.detection import RUN_MANIFEST
from aloi.corpus.locks import lock_file
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.scale import cluster
from aloi.corpus.scale.shards import Shard, ShardSummary
from aloi.models.prediction import pipelines as prediction

SUFFIXES = {"native": ".jsonl", "parquet": ".parquet"}
"""The formats of the shards that are written."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A shard that is done: what it was made from, what came of it, and the file that holds it.

    `input` and `sha256` are those of the shard read and of the file; `failed` documents are not
    among the `documents`.
    """

    name: str
    input: str
    documents: int
    failed: int
    entities: int
    relations: int
    bytes: int
    sha256: str


Task = tuple[Shard, str, Entry | None]
"""A shard, the SHA-256 of its input, and the entry that says it is done."""

Work = Callable[[Task], Entry]


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document that made the model fail, and how."""

    id: str
    error: str


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the output is made from: the first four parts decide what becomes of a shard."""

    model: str
    options: str
    version: str
    format: str
    input: str
    documents: int
    shards: int

    def changes(self, before: Origin) -> list[str]:
        """The parts because of which nothing of a run before can be kept."""
        decisive = ("model", "options", "version", "format")
        return [part for part in decisive if getattr(self, part) != getattr(before, part)]


@dataclass(frozen=True)
class Output:
    """The folder of a run."""

    folder: Path
    format: str

    @property
    def manifest(self) -> Path:
        """Where the manifest stands."""
        return self.folder / RUN_MANIFEST

    def documents(self, name: str) -> Path:
        """The file of a shard's documents."""
        return self.folder / "documents" / f"{name}{SUFFIXES[self.format]}"

    def errors(self, name: str) -> Path:
        """The file of a shard's failures."""
        return self.folder / "errors" / f"{name}.jsonl"

    def found(self) -> tuple[Origin | None, dict[str, Entry]]:
        """What the manifest says, a torn last line left out; (None, {}) without one.

        Raises `DataError` for a folder of something else.
        """
        names = {path.name for path in self.folder.iterdir()} if self.folder.exists() else set()
        if not names - {lock_file(self.folder).name}:
            return None, {}
        try:
            first, *lines = self.manifest.read_bytes().split(b"\n")[:-1]
            entries = [msgspec.json.decode(line, type=Entry) for line in lines]
            return msgspec.json.decode(first, type=Origin), {each.name: each for each in entries}
        except (OSError, ValueError) as error:
            what = f"is no output of a run over shards: {error}"
            where = str(self.manifest)
            raise DataError(
                [Problem("bad-output", what, "Give a new folder", file=where)]
            ) from error

    def write_manifest(self, origin: Origin, entries: Iterable[Entry]) -> None:
        """Write the manifest whole."""
        with atomic_text_file(self.manifest) as stream:
            for line in (origin, *entries):
                stream.write(msgspec.json.encode(line).decode() + "\n")

    def clear(self, names: Iterable[str]) -> None:
        """Remove the files of some shards, and what was left half-written."""
        for name in names:
            self.documents(name).unlink(missing_ok=True)
            self.errors(name).unlink(missing_ok=True)
        lock = lock_file(self.folder).name
        for file in self.folder.rglob(".*"):
            if file.is_file() and file.suffix not in SUFFIXES.values() and file.name != lock:
                file.unlink()

    def failures(self) -> Iterator[Problem]:
        """Every document that made the model fail."""
        fix = "Mend or leave out the document, or remove this file, then run the same command again"
        for name, entry in self.found()[1].items():
            file = self.errors(name)
            for line in file.read_bytes().splitlines() if entry.failed else ():
                failure = msgspec.json.decode(line, type=Failure)
                yield Problem("model-failed", failure.error, fix, failure.id, file=str(file))


@dataclass(frozen=True)
class Run:
    """What is to be done, by the name of the shard, and what is done already.

    `changes`: the parts of the origin because of which nothing of a run before is kept.
    """

    output: Output
    origin: Origin
    tasks: dict[str, Task]
    changes: list[str]

    @classmethod
    def over(cls, looks: Iterable[ShardSummary], output: Output, origin: Origin) -> Run:
        """A run over the shards that were looked at; raises `DataError` for a folder in use.

        What the folder has of shards that are no more, or of another origin, is removed.
        """
        before, entries = output.found()
        changes = origin.changes(before) if before else []
        tasks: dict[str, Task] = {}
        for look in looks:
            known = None if changes else entries.get(look.shard.name)
            same = known is not None and known.input == look.sha256
            tasks[look.shard.name] = look.shard, look.sha256, known if same else None
        gone = entries.keys() - {name for name, (*_, known) in tasks.items() if known}
        Output(output.folder, before.format if before else output.format).clear(gone)
        return cls(output, origin, tasks, changes)

    @property
    def done(self) -> int:
        """How many shards are done already, going by the manifest."""
        return sum(known is not None for *_, known in self.tasks.values())

    def go(self, make: Callable[[], Work], *, workers: int) -> Iterator[Entry | DataError]:
        """Do what is not done; the manifest has each shard as soon as it is."""
        done = {name: known for name, (*_, known) in self.tasks.items() if known}
        self.output.write_manifest(self.origin, done.values())
        tasks = list(self.tasks.values())
        with self.output.manifest.open("ab", buffering=0) as stream:
            for number, entry in cluster.map_unordered(make, tasks, workers=workers):
                shard, _, known = tasks[number]
                if isinstance(entry, DataError):
                    done.pop(shard.name, None)
                    yield DataError(problem.at(file=shard.path) for problem in entry.problems)
                    continue
                if entry != known:
                    done[shard.name] = entry
                    stream.write(msgspec.json.encode(entry) + b"\n")
                yield entry
        ordered = (done[name] for name in self.tasks if name in done)
        self.output.write_manifest(self.origin, ordered)


def annotator(model: str, fingerprint: str, output: Output, *, gold_entities: bool) -> Work:
    """What a worker does with each shard; the pipeline is loaded here, once.

    Raises `DataError` if it is not the one with this fingerprint, which the driver has.
    """
    nlp = prediction.load(model)
    if prediction.fingerprint(nlp) != fingerprint:
        what, fix = "is another pipeline on this node", "Give all nodes the same"
        raise DataError([Problem("bad-model", what, fix, file=model)])
    return partial(_annotate, nlp, output, gold_entities=gold_entities)


def _annotate(nlp: Language, output: Output, task: Task, *, gold_entities: bool) -> Entry:
    """Predict on a shard and write its files, unless they are there."""
    shard, sha256, known = task
    file, errors = output.documents(shard.name), output.errors(shard.name)
    if known is not None and _is_whole(file, known) and errors.exists() == bool(known.failed):
        return known
    annotated = Annotated(nlp, shard.documents(), gold_entities=gold_entities)
    count = registry.write(annotated, str(file), format_=output.format)
    errors.unlink(missing_ok=True)
    if annotated.failures:
        lines = (msgspec.json.encode(failure) + b"\n" for failure in annotated.failures)
        write_bytes(errors, b"".join(lines))
    failed, size = len(annotated.failures), file.stat().st_size
    sums = (annotated.entities, annotated.relations)
    return Entry(shard.name, sha256, count, failed, *sums, size, _sha256(file))


@dataclass
class Annotated:
    """Documents as the model annotates them; those that make it fail are set aside.

    The counts grow as the documents are taken.
    """

    nlp: Language
    source: Iterable[Document]
    gold_entities: bool = field(kw_only=True)
    failures: list[Failure] = field(default_factory=list)
    entities: int = 0
    relations: int = 0

    def __iter__(self) -> Iterator[Document]:
        for batch in prediction.batches(self.source, self.nlp.batch_size):
            for document in self._fine(batch):
                self.entities += len(document.entities)
                self.relations += len(document.relations)
                yield document

    def _fine(self, batch: list[Document]) -> list[Document]:
        """A batch but for what fails, which is found one by one."""
        try:
            return list(prediction.predict(self.nlp, batch, gold_entities=self.gold_entities))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other documents go on
            if len(batch) > 1:
                return [fine for document in batch for fine in self._fine([document])]
            told = " ".join(f"{type(error).__name__}: {error}".split())
            self.failures.append(Failure(batch[0].id, told))
            return []


def _is_whole(file: Path, entry: Entry) -> bool:
    return file.exists() and file.stat().st_size == entry.bytes and _sha256(file) == entry.sha256


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
