"""Annotation of a file, folder or stream by a language model; a run can be stopped and resumed.

Documents are written in the order of the input, through the journal that all predictions use. The
answers are stored in `OUT.answers`, so that no answer is paid for twice, and `OUT.manifest.toml`
describes the run.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from aloi.corpus import document_files
from aloi.corpus.atomic_files import write_bytes
from aloi.corpus.corpus_folder import Corpus, is_corpus
from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.languages.language import language_of
from aloi.corpus.locks import lock_output
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.rights import is_restricted
from aloi.corpus.scale.input_summary import InputSummary, summarize_input
from aloi.corpus.scale.journal import Journal
from aloi.corpus.streams import STANDARD_STREAM, on_disk
from aloi.models.llm.answer_store import AnswerStore
from aloi.models.llm.language_model import DETAILS, LanguageModel, Outcome
from aloi.models.llm.windows import split_windows
from aloi.models.prediction.resuming import Notify, notify_stopped, resume_journal

ITEMS_PER_WORKER = 4
"""The number of documents per connection that are in progress or not yet written."""

MAX_FIRST_FAILURES = 10
"""If the first documents have no usable answer, the run stops after this many."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a run may do.

    max_documents: annotate only the first documents of the input. max_tokens: stop after this
    number of prompt and completion tokens. price: the price of a million prompt tokens and of a
    million completion tokens. allow_restricted: send texts that may not be redistributed.
    """

    max_documents: int | None = None
    max_tokens: int | None = None
    price: tuple[float, float] | None = None
    allow_restricted: bool = False

    def cost(self, tokens: tuple[int, int]) -> float | None:
        """Return the price of prompt and completion tokens, or None if no price is known."""
        if self.price is None:
            return None
        return sum(number * each for number, each in zip(tokens, self.price, strict=True)) / 1e6


@dataclass
class AnnotationRun:
    """The progress and the result of a run.

    `documents` is the number of documents in the output, `resumed` how many of them an earlier run
    wrote. `problems` contains one problem for each document without a usable answer. `tokens` are
    the prompt and completion tokens of this run's requests. `dropped` counts what was dropped from
    the answers for the documents in the output, by kind.
    """

    total: int
    options: RunOptions
    documents: int = 0
    resumed: int = 0
    asked: int = 0
    reused: int = 0
    tokens: tuple[int, int] = (0, 0)
    dropped: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count the outcome of a document; raise `DataError` if the run must stop."""
        sent, received = self.tokens
        self.tokens = sent + outcome.tokens[0], received + outcome.tokens[1]
        self.asked += outcome.asked
        self.reused += outcome.reused
        if outcome.document is None:
            self.problems.append(_failure(outcome.original.id, outcome.failure))
        else:
            self.documents += 1
            self.dropped.update(outcome.dropped)
        if not self.documents and len(self.problems) >= MAX_FIRST_FAILURES:
            raise DataError(self.problems)

    def check_budget(self) -> None:
        """Raise `DataError` if this run has used its tokens."""
        limit = self.options.max_tokens
        if limit is not None and sum(self.tokens) >= limit:
            what = f"the run stopped after {sum(self.tokens)} tokens (--max-tokens {limit})"
            fix = "Repeat the command to annotate the remaining documents"
            raise DataError([*self.problems, Problem("token-limit", what, fix)])

    def __str__(self) -> str:
        done = f"{self.documents + len(self.problems)} of {self.total} documents"
        cost = self.options.cost(self.tokens)
        price = "" if cost is None else f", estimated cost {cost:.4f}"
        return f"{done}, {sum(self.tokens)} tokens{price}"


def _failure(document: str, reason: str) -> Problem:
    fix = "The document is not in the output; repeat the command to ask for it again"
    return Problem("bad-answer", reason, fix, document)


def annotate_to_file(
    model: LanguageModel,
    source: str,
    target: str,
    options: RunOptions,
    *,
    show: Callable[[str], object] = lambda step: None,
    notify: Notify = lambda message: None,
) -> AnnotationRun:
    """Annotate the documents of `source` and write those with usable answers to `target`.

    source: a file or folder in any format, or "-". target: a JSON Lines file, a folder, or "-".
    show: called with the progress after each document. notify: called with messages.

    Raises `DataError` if the endpoint cannot be used, if the input has problems, or if a limit is
    reached; if the target is a file, the same call then resumes the run.
    """
    with on_disk(source) as copied, lock_output(target):
        inputs = _InputCheck(str(copied.path), model, options)
        summary = summarize_input(str(copied.path), inputs.problems)
        model = inputs.model_without_inputs()
        if not model.endpoint.is_loopback:
            notify(f"the texts are sent to {model.endpoint.base_url}, outside this machine")
        run = AnnotationRun(
            min(summary.documents, options.max_documents or summary.documents), options
        )
        store = AnswerStore(None if target == STANDARD_STREAM else _beside(target, "answers"))
        annotated = partial(_annotate, model, store, run, show=show)
        if target == STANDARD_STREAM or document_files.is_folder(Path(target)):
            registry.write(annotated(summary, ()), target, format_="native")
        else:
            journal = Journal(Path(target), _origin(model, summary))
            _annotate_to_journal(journal, run, partial(annotated, summary), notify)
        if target != STANDARD_STREAM:
            _write_manifest(_beside(target, "manifest.toml"), model, run, store)
        return run


def _beside(target: str, suffix: str) -> Path:
    return Path(target).with_name(f"{Path(target).name}.{suffix}")


def _origin(model: LanguageModel, summary: InputSummary) -> dict[str, str]:
    return {
        "model": f"{model.endpoint.model} at {model.endpoint.base_url}",
        "input": summary.sha256,
        "options": model.fingerprint,
        "version": f"aloi {version('aloi')}",
    }


@dataclass
class _InputCheck:
    """A check of the input, which also finds the examples that are documents of the input."""

    source: str
    model: LanguageModel
    options: RunOptions

    def __post_init__(self) -> None:
        corpus = is_corpus(Path(self.source))
        self._restricted = Corpus.open(Path(self.source)).restricted_ids if corpus else frozenset()
        self._examples = {x.text for x in self.model.shots.documents} if self.model.shots else set()
        self._ids: set[str] = set()
        self._texts: set[str] = set()

    def problems(self, document: Document) -> list[Problem]:
        """Return a problem if the text must not be sent."""
        if self._examples:
            self._ids.add(document.id)
            beginning = document.text[
                : split_windows(document.text, language_of(document.meta))[0].end
            ]
            self._texts |= {beginning} & self._examples
        restricted = document.id in self._restricted or is_restricted(document.meta)
        if not restricted or self.options.allow_restricted:
            return []
        what = "the text may not be redistributed, so it is not sent to a language model"
        fix = "Remove the document from IN, or add --allow-restricted if you may send its text"
        return [Problem("restricted-text", what, fix, document.id)]

    def model_without_inputs(self) -> LanguageModel:
        """Return the model without examples that are documents of the input."""
        if self.model.shots is None:
            return self.model
        shots = self.model.shots.without(self._ids, self._texts)
        shots.nearest("")  # build the index here, not in every thread
        model = self.model
        return LanguageModel(model.endpoint, model.prompt, shots, model.passes, model.parameters)


def _annotate(
    model: LanguageModel,
    store: AnswerStore,
    run: AnnotationRun,
    summary: InputSummary,
    done: Iterable[_Written],
    *,
    show: Callable[[str], object],
) -> Iterator[Document]:
    """Yield the annotated documents in order; an earlier run wrote the documents `done`."""
    written = list(done)
    documents = islice(summary.read(), run.total)
    _skip_written(documents, written, run)
    annotate = partial(model.annotate, store=store)
    for outcome in _map_threads(annotate, documents, workers=model.endpoint.connections):
        run.add(outcome)
        show(str(run))
        if outcome.document is not None:
            yield outcome.document
        run.check_budget()


def _skip_written(
    documents: Iterator[Document], written: list[_Written], run: AnnotationRun
) -> None:
    """Consume the documents up to the last written one; those not written had no usable answer."""
    run.documents = run.resumed = len(written)
    for each in written:
        run.dropped.update(each.meta.get(DETAILS, {}).get("dropped", {}))
    ids = {each.id for each in written}
    while ids:
        document = next(documents, None)
        if document is None:
            return
        if document.id in ids:
            ids.remove(document.id)
        else:
            reason = "an earlier run, which was resumed, got no usable answer"
            run.problems.append(_failure(document.id, reason))


def _annotate_to_journal(
    journal: Journal,
    run: AnnotationRun,
    annotate: Callable[[Iterable[_Written]], Iterator[Document]],
    notify: Notify,
) -> None:
    """Write the documents that are not yet in the journal."""
    resume_journal(journal, notify)
    with journal.partial.open("rb") as stream:
        done = [msgspec.json.decode(line, type=_Written) for line in stream]
    try:
        with journal.stream() as output:
            document_files.write_lines(annotate(done), output)
    except (KeyboardInterrupt, DataError):
        notify_stopped(journal, notify)
        raise


class _Written(msgspec.Struct):
    """The id and the metadata of a written document; its other keys are not decoded."""

    id: str
    meta: dict[str, Any]


def _map_threads(
    function: Callable[[Document], Outcome], items: Iterable[Document], *, workers: int
) -> Iterator[Outcome]:
    """Apply a function to documents in threads, and yield the results in order.

    After the first error in a thread, no thread starts another document.
    """
    pending: deque[Future[Outcome]] = deque()
    errors: list[BaseException] = []

    def apply(item: Document) -> Outcome:
        if errors:
            raise errors[0]
        try:
            return function(item)
        except BaseException as error:
            errors.append(error)
            raise

    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                pending.append(pool.submit(apply, item))
                if len(pending) >= ITEMS_PER_WORKER * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _write_manifest(
    path: Path, model: LanguageModel, run: AnnotationRun, store: AnswerStore
) -> None:
    """Write what a paper must say about a run."""
    totals = store.totals(model.fingerprint)
    tokens = totals.prompt_tokens, totals.completion_tokens
    cost = run.options.cost(tokens)
    manifest: dict[str, Any] = {
        "model": model.endpoint.model,
        "endpoint": model.endpoint.base_url,
        "recorded_as": model.name,
        "schema": str(model.prompt.schema),
        "guide": model.prompt.guide.version if model.prompt.guide else "",
        "prompt_sha256": model.prompt.sha256,
        "examples": model.shots.sha256 if model.shots else "",
        "passes": model.passes,
        "parameters": {k: v for k, v in model.parameters.items() if v is not None},
        "documents": run.documents,
        "without_usable_answer": [problem.document for problem in run.problems],
        "dropped": dict(sorted(run.dropped.items())),
        **msgspec.to_builtins(totals),
        **({} if cost is None else {"estimated_cost": cost}),
        "aloi": version("aloi"),
    }
    write_bytes(path, tomli_w.dumps(manifest).encode())
