"""GLiNER as annotator: the labels of a schema are found by their descriptions, without training.

Models that also predict relations (GLiNER-relex) are asked for the relations of the schema. Source:
Zaratiana et al. 2024, GLiNER: Generalist Model for Named Entity Recognition using Bidirectional
Transformer.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.optional_dependencies import need
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.scale.input_summary import InputSummary
from aloi.corpus.schema import Schema
from aloi.models.llm.prompt import LANGUAGES, prompt_language
from aloi.models.llm.windows import Findings, Window, merge_windows
from aloi.models.zero_shot.prompts import Prompts, schema_prompts
from aloi.models.zero_shot.word_windows import split_words, without_crossing

MODEL_PREFIX = "gliner:"
"""The prefix of the model name in predictions and on the command line."""

THRESHOLD = 0.5
"""The lowest score of a mention or relation, the default of the library."""

MAX_WORD_LENGTH = 1000
"""A document with a longer word, in characters, is refused: memory grows with its square."""

MIN_SUBWORDS = 32
"""The number of subwords of the text that must fit into the model beside the prompts."""

MAX_ERROR_LENGTH = 300
"""The number of characters of an error message of the library that are shown."""

FINGERPRINT_LENGTH = 12
"""The number of hexadecimal digits of a model's SHA-256 in the name that predictions record."""

_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


@dataclass(frozen=True)
class GlinerModel:
    """A GLiNER model that annotates documents under a schema.

    model: an object of the library gliner. prompts: the prompts by language. name, sha256: the name
    that predictions record, and the SHA-256 of the model's files.
    """

    model: Any
    schema: Schema
    prompts: dict[str, Prompts]
    name: str
    sha256: str

    @classmethod
    def load(cls, path: str, schema: Schema) -> GlinerModel:
        """Load a model from a folder, or from the Hugging Face hub if `path` is like `ORG/NAME`.

        Raises `DataError` if the library is not installed, if `path` is not a model, or if a label
        of the schema has no description.
        """
        folder = _model_folder(path)
        model = _load(folder, path)
        relations = bool(schema.relations) and _finds_relations(model)
        prompts = {lang: schema_prompts(schema, lang, relations=relations) for lang in LANGUAGES}
        sha256 = _folder_sha256(folder)
        name = f"{MODEL_PREFIX}{Path(path).name} {sha256[:FINGERPRINT_LENGTH]}"
        loaded = cls(model, schema, prompts, name, sha256)
        for language in LANGUAGES:
            loaded.max_subwords(language)
        return loaded

    def origin(self, summary: InputSummary) -> dict[str, str]:
        """Return everything that determines the predictions on an input."""
        options = f"{self.prompts} {self.schema.symmetric}"
        return {
            "model": self.sha256,
            "input": summary.sha256,
            "options": hashlib.sha256(options.encode()).hexdigest(),
            "version": f"aloi {version('aloi')}, gliner {version('gliner')}",
        }

    def check(self, document: Document) -> list[Problem]:
        """Return a problem if a word of a document is too long for the model."""
        words = self.model.data_processor.words_splitter(document.text)
        longest = max((len(word) for word, _, _ in words), default=0)
        if longest <= MAX_WORD_LENGTH:
            return []
        what = f"a word has {longest} characters, but at most {MAX_WORD_LENGTH} are possible"
        return [Problem("long-word", what, "Divide the word, or remove the document", document.id)]

    def annotate(self, document: Document) -> Document:
        """Return a document with the model's mentions and relations, and their scores.

        The annotations of the input are ignored, and its metadata are kept.
        """
        language = prompt_language(self.schema, document.meta)
        windows = self._split(document.text, language)
        texts = [document.text[window.start : window.end] for window in windows]
        found = self._find(texts, self.prompts[language])
        merged = merge_windows(without_crossing(zip(windows, found, strict=True)))
        meta = {**document.meta, "model": self.name}
        return Document(document.id, document.text, merged.entities, merged.relations, meta)

    def max_subwords(self, language: str) -> int:
        """Return the number of subwords of a text that fit into the model beside the prompts.

        Raises `DataError` if there are too few.
        """
        prompts, config = self.prompts[language], self.model.config
        words = [part for text in prompts.entities.values() for part in (config.ent_token, text)]
        for text in prompts.relations.values():
            words += [config.rel_token, text]
        tokenizer = self.model.data_processor.transformer_tokenizer
        prompt = tokenizer([*words, config.sep_token], is_split_into_words=True)["input_ids"]
        free: int = tokenizer.model_max_length - len(prompt)
        if free >= MIN_SUBWORDS:
            return free
        what = (
            f"the descriptions of {self.schema} have {len(prompt)} subwords, but the model accepts "
            f"at most {tokenizer.model_max_length} with the text"
        )
        fix = "Shorten the descriptions in the schema, or use a model for longer texts"
        raise DataError([Problem("long-descriptions", what, fix)])

    def _split(self, text: str, language: str) -> list[Window]:
        processor, config = self.model.data_processor, self.model.config
        words = list(processor.words_splitter(text))
        encoded = processor.transformer_tokenizer(
            [word for word, _, _ in words],
            is_split_into_words=True,
            add_special_tokens=False,
            verbose=False,
        )
        subwords = Counter(encoded.word_ids())
        return split_words(
            text,
            [(start, end) for _, start, end in words],
            [subwords[number] for number in range(len(words))],
            max_words=config.max_len,
            max_subwords=self.max_subwords(language),
            overlap=2 * config.max_width,
        )

    def _find(self, texts: list[str], prompts: Prompts) -> Iterator[Findings]:
        """Yield the findings in each text, with offsets in that text."""
        settings: dict[str, Any] = {"flat_ner": False, "threshold": THRESHOLD}
        if prompts.relations:
            settings["relations"] = list(prompts.relations.values())
        if not texts:
            return
        found = self.model.inference(texts, prompts.entities, **settings)
        mentions, relations = found if isinstance(found, tuple) else (found, [[]] * len(texts))
        labels = {prompt: label for label, prompt in prompts.relations.items()}
        for listed, related in zip(mentions, relations, strict=True):
            entities = [_entity(number, each) for number, each in enumerate(listed)]
            yield Findings(tuple(entities), tuple(self._relations(entities, related, labels)))

    def _relations(
        self, entities: Sequence[Entity], found: Iterable[dict[str, Any]], labels: dict[str, str]
    ) -> Iterator[Relation]:
        """Yield each relation that the schema allows once."""
        seen = set()
        for each in sorted(found, key=lambda relation: -relation["score"]):
            label = labels[each["relation"]]
            head, tail = (entities[each[end]["entity_idx"]] for end in ("head", "tail"))
            symmetric = label in self.schema.symmetric
            ends = tuple(sorted((head.id, tail.id))) if symmetric else (head.id, tail.id)
            allowed = self.schema.relations[label].allows(head.label, tail.label)
            if head is not tail and allowed and (label, ends) not in seen:
                seen.add((label, ends))
                yield Relation(head=head.id, tail=tail.id, label=label, score=each["score"])


def _entity(number: int, found: dict[str, Any]) -> Entity:
    return Entity(
        id=f"m{number}",
        start=found["start"],
        end=found["end"],
        label=found["label"],
        score=found["score"],
    )


def _finds_relations(model: Any) -> bool:  # noqa: ANN401 - the library has no types
    return getattr(model.config, "relations_layer", None) is not None


def _model_folder(path: str) -> Path:
    """Return the folder of a model; a name of the hub is downloaded or taken from the cache."""
    need("gliner", extra="gliner")
    folder = Path(path)
    if (folder / "gliner_config.json").is_file():
        return folder
    if folder.exists():
        raise _not_a_model(path, "it contains no gliner_config.json")
    if not _HUB_NAME.fullmatch(path):
        raise _not_a_model(path, "there is no such folder")
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - optional

    try:
        return Path(snapshot_download(path))
    except Exception as error:  # the library raises many types of errors
        reason = f"there is no such folder, and the hub has no such model: {_first_line(error)}"
        raise _not_a_model(path, reason) from error


def _load(folder: Path, path: str) -> Any:  # noqa: ANN401 - the library has no types
    """Return the model in a folder; a folder that the user gave must contain all its files."""
    import torch  # noqa: PLC0415 - optional
    from gliner import GLiNER  # noqa: PLC0415 - optional

    device = "cuda" if torch.cuda.is_available() else "cpu"
    given = folder == Path(path)
    try:
        return GLiNER.from_pretrained(str(folder), local_files_only=given, map_location=device)
    except Exception as error:  # the library raises many types of errors for damaged files
        raise _not_a_model(path, _first_line(error)) from error


def _first_line(error: Exception) -> str:
    message = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {message:.{MAX_ERROR_LENGTH}}"


def _not_a_model(path: str, reason: str) -> DataError:
    fix = "Use a folder that GLiNER's save_pretrained wrote, or a name on the hub such as ORG/NAME"
    return DataError([Problem("bad-model", f"not a GLiNER model: {reason}", fix, file=path)])


def _folder_sha256(folder: Path) -> str:
    """Return one SHA-256 for all files in a folder."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        with file.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{file.relative_to(folder)}\0{content}\0".encode())
    return total.hexdigest()
