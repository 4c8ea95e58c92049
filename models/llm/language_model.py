"""A language model as annotator: requests, repairs, passes and windows of one document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.languages.language import language_of
from aloi.models.llm.answer_store import AnswerStore, StoredAnswer, request_key
from aloi.models.llm.answers import Reading, read_answer
from aloi.models.llm.endpoint import Answer, AnswerError, ChatEndpoint, Message
from aloi.models.llm.prompt import Prompt, repair_message
from aloi.models.llm.shots import Shots
from aloi.models.llm.voting import vote
from aloi.models.llm.windows import Findings, merge_windows, split_windows

MODEL_PREFIX = "llm:"
"""The prefix of the model name in predictions and on the command line."""

DETAILS = "llm"
"""The metadata key for the examples that were shown and the items that were dropped."""

REPAIR_SHARE = 0.25
"""If at least this share of the marked items is dropped, the model is asked once more."""

SEVERAL_PASSES_TEMPERATURE = 0.7
"""The temperature of several passes; a single pass has temperature 0."""

FINGERPRINT_LENGTH = 12
"""The number of hexadecimal digits of the fingerprint in the model name of predictions."""


@dataclass
class Outcome:
    """The annotation of a document, or the reason why there is none, and what it took.

    `asked` is the number of requests that were sent, `reused` the number of stored answers, and
    `tokens` the prompt and completion tokens of the sent requests.
    """

    original: Document
    document: Document | None = None
    failure: str = ""
    asked: int = 0
    reused: int = 0
    tokens: tuple[int, int] = (0, 0)
    dropped: Counter[str] = field(default_factory=Counter)
    shots: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class LanguageModel:
    """A chat model that annotates documents under a schema.

    shots: examples for the prompt. passes: the number of answers for each text; from two on,
    mentions and relations get the share of the passes that contain them as score. parameters:
    further keys of each request; a value of None removes a key that is sent otherwise.
    """

    endpoint: ChatEndpoint
    prompt: Prompt
    shots: Shots | None = None
    passes: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of everything except the text that decides the answers."""
        return request_key(
            [
                self.endpoint.base_url,
                self.endpoint.model,
                self.prompt.sha256,
                self.shots.sha256 if self.shots else None,
                self.passes,
                dict(self.parameters),
            ]
        )

    @property
    def name(self) -> str:
        """The model name that predictions record."""
        return f"{MODEL_PREFIX}{self.endpoint.model} {self.fingerprint[:FINGERPRINT_LENGTH]}"

    def annotate(self, document: Document, store: AnswerStore) -> Outcome:
        """Return a document with the model's mentions and relations.

        The annotations of the input are ignored, and its metadata are kept. If no answer for a part
        of the text can be used, the outcome contains the reason instead. Raises `DataError` if the
        endpoint cannot be used.
        """
        outcome = Outcome(document)
        language = self.prompt.language(document.meta)
        parts = []
        try:
            for window in split_windows(document.text, language_of(document.meta)):
                text = document.text[window.start : window.end]
                parts.append((window, self._annotate_text(text, language, store, outcome)))
        except AnswerError as error:
            outcome.failure = str(error)
            return outcome
        found = merge_windows(parts)
        details: dict[str, Any] = {}
        if outcome.shots:
            details["shots"] = sorted(set(outcome.shots))
        if outcome.dropped:
            details["dropped"] = dict(sorted(outcome.dropped.items()))
        meta = {**document.meta, "model": self.name, **({DETAILS: details} if details else {})}
        outcome.document = Document(
            document.id, document.text, found.entities, found.relations, meta
        )
        return outcome

    def _annotate_text(
        self, text: str, language: str, store: AnswerStore, outcome: Outcome
    ) -> Findings:
        """Return what the passes found in a window; raise `AnswerError` if all of them failed."""
        if not text.strip():
            return Findings((), ())
        shots = self.shots.nearest(text) if self.shots else []
        outcome.shots += [shot.id for shot in shots]
        messages = self.prompt.messages(text, shots, language)
        readings: list[Reading] = []
        failures: list[AnswerError] = []
        for number in range(self.passes):
            request = _Request(self, messages, text, language, self._parameters(number, text))
            try:
                readings.append(request.ask(store, outcome))
            except AnswerError as error:
                failures.append(error)
        if not readings:
            raise failures[0]
        outcome.dropped["passes without a usable answer"] += len(failures)
        for reading in readings:
            outcome.dropped.update(reading.dropped)
        outcome.dropped = +outcome.dropped
        if self.passes == 1:
            return readings[0].findings
        return vote([each.findings for each in readings], self.prompt.schema.symmetric)

    def _parameters(self, number: int, text: str) -> dict[str, Any]:
        """Return the parameters of a pass; the answer may have as many tokens as characters."""
        parameters: dict[str, Any] = {"temperature": 0, "max_tokens": len(text) + 1024}
        if self.passes > 1:
            parameters |= {"temperature": SEVERAL_PASSES_TEMPERATURE, "seed": number}
        parameters |= self.parameters
        return {name: value for name, value in parameters.items() if value is not None}


@dataclass(frozen=True)
class _Request:
    """One request for the annotation of a text, which is repaired at most once."""

    model: LanguageModel
    messages: Sequence[Message]
    text: str
    language: str
    parameters: Mapping[str, Any]

    def ask(self, store: AnswerStore, outcome: Outcome) -> Reading:
        """Return the better one of the answer and its repair, if a repair was necessary."""
        answers: list[StoredAnswer] = []
        try:
            reading, reason = self._read(self.messages, answers, store, outcome)
            if reason:
                repaired = self._repair(reason, answers, store, outcome)
                reading = min(
                    (each for each in (reading, repaired) if each is not None),
                    key=lambda each: each.lost,
                    default=None,
                )
            if reading is None:
                raise AnswerError(reason)
        except AnswerError:
            self._keep(answers, store, usable=False)
            raise
        self._keep(answers, store, usable=True)
        return reading

    def _repair(
        self, reason: str, answers: list[StoredAnswer], store: AnswerStore, outcome: Outcome
    ) -> Reading | None:
        said = {"role": "assistant", "content": answers[-1].answer.text}
        messages = [*self.messages, said, repair_message(reason, self.language)]
        try:
            return self._read(messages, answers, store, outcome)[0]
        except AnswerError:
            return None

    def _read(
        self,
        messages: Sequence[Message],
        answers: list[StoredAnswer],
        store: AnswerStore,
        outcome: Outcome,
    ) -> tuple[Reading | None, str]:
        """Return the reading of an answer and the reason for a repair; either may be empty."""
        answer = self._answer(messages, answers, store, outcome)
        if answer.finish == "length":
            raise AnswerError(f"the answer was cut off after {answer.completion_tokens} tokens")
        marker = self.model.prompt.marker(self.language)
        try:
            reading = read_answer(answer.text, self.text, self.model.prompt.schema, prompt=marker)
        except AnswerError as error:
            return None, str(error)
        if reading.lost > REPAIR_SHARE * reading.marked:
            return reading, ", ".join(f"{kind}: {n}" for kind, n in reading.dropped.items())
        return reading, ""

    def _answer(
        self,
        messages: Sequence[Message],
        answers: list[StoredAnswer],
        store: AnswerStore,
        outcome: Outcome,
    ) -> Answer:
        """Return the stored answer to messages, or ask for one; add a new answer to `answers`."""
        endpoint = self.model.endpoint
        key = request_key([endpoint.base_url, endpoint.model, messages, dict(self.parameters)])
        answer = store.find(key)
        if answer is not None:
            outcome.reused += 1
            answers.append(StoredAnswer("", "", "", True, answer))
            return answer
        answer = endpoint.complete(messages, self.parameters)
        outcome.asked += 1
        sent, received = outcome.tokens
        outcome.tokens = sent + answer.prompt_tokens, received + answer.completion_tokens
        answers.append(
            StoredAnswer(key, self.model.fingerprint, outcome.original.id, False, answer)
        )
        return answer

    def _keep(self, answers: list[StoredAnswer], store: AnswerStore, *, usable: bool) -> None:
        """Store the answers that were not taken from the store."""
        for each in answers:
            if each.key:
                store.add(msgspec.structs.replace(each, usable=usable))
