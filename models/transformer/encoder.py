"""The spaCy component `aloi_encoder`: the frozen part of a pretrained transformer.

It computes the vectors of all subwords of a doc once. The networks of entities and relations, which
have trained layers of their own, continue from these vectors (aloi.models.transformer.layers).
"""

# spaCy evaluates the type annotations of `initialize` and of the factory at run time. Therefore
# this module does not import `annotations` from `__future__`.
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
import srsly
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import get_package_path, minibatch

from aloi.corpus.optional_dependencies import need
from aloi.models.transformer.states import SubwordStates
from aloi.models.transformer.windows import SubwordAlignment

MAX_CACHED_SUBWORDS = 2_000_000
"""The maximum number of subword vectors that are kept during training."""

MODEL_FILE = "model"
"""The file of the component in the folder of a pipeline."""


class EncoderSettings(msgspec.Struct, frozen=True):
    """The settings of a `FrozenEncoder`.

    weights: the folder of a checkpoint, or its name on the Hugging Face Hub; only `initialize`
    reads it. frozen: the number of layers above the word embeddings. window: the maximum number of
    subwords that are encoded together. words: an installed pipeline whose words the vocabulary
    keeps; without it, the vocabulary stays complete. quantised: store the weights as integers.
    """

    weights: str | None
    frozen: int
    window: int
    words: str | None
    quantised: bool


class FrozenEncoder:
    """A component that stores subword vectors in docs; its weights are never trained.

    After `initialize`, the vectors of each text are computed once and kept in memory, because a
    training reads the same texts many times.
    """

    def __init__(self, name: str, settings: EncoderSettings) -> None:
        self.name, self.settings = name, settings
        self.model: Any = None
        self.tokenizer: Any = None
        self.size = settings.window
        self._cache: dict[str, SubwordStates] | None = None
        self._cached_subwords = 0

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
    ) -> None:
        """Read the checkpoint, keep its lower layers, and reduce its vocabulary.

        The vocabulary keeps the subwords of the examples and of the words of `settings.words`.
        Raises `DataError` if the checkpoint cannot be read.
        """
        from aloi.models.transformer import checkpoint, pruning  # noqa: PLC0415

        whole = checkpoint.read_checkpoint(self.settings.weights)
        self.tokenizer = checkpoint.read_tokenizer(str(self.settings.weights))
        limits = self.tokenizer.model_max_length, whole.config.max_position_embeddings - 2
        self.size = min(self.settings.window, *limits)
        lower = checkpoint.lower_part(whole, self.settings.frozen)
        if self.settings.words is not None:
            texts = (example.reference.text for example in get_examples())
            words = chain(texts, _words(self.settings.words))
            self.tokenizer = pruning.reduce_vocabulary(lower, self.tokenizer, words)
        self._set_model(lower)
        self._cache, self._cached_subwords = {}, 0

    def _set_model(self, model: Any) -> None:  # noqa: ANN401
        from aloi.models.transformer.windowed import to_device  # noqa: PLC0415

        self.model = to_device(model).eval().requires_grad_(requires_grad=False)

    def __call__(self, doc: Doc) -> Doc:
        """Store the subword vectors of a doc in the doc."""
        self.set_vectors([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 16) -> Iterator[Doc]:
        """Yield the docs with their subword vectors."""
        for docs in minibatch(stream, batch_size):  # type: ignore[no-untyped-call]
            self.set_vectors(docs)
            yield from docs

    def set_vectors(self, docs: Sequence[Doc]) -> None:
        """Store the subword vectors of each doc in the doc."""
        cache = self._cache or {}
        new = [doc for doc in docs if doc.text not in cache]
        computed = dict(zip([id(doc) for doc in new], self._compute(new), strict=True))
        for doc in docs:
            states = computed.get(id(doc)) or cache[doc.text]
            self._remember(doc.text, states)
            states.store(doc)

    def _remember(self, text: str, states: SubwordStates) -> None:
        if self._cache is None or text in self._cache:
            return
        if self._cached_subwords + len(states.vectors) <= MAX_CACHED_SUBWORDS:
            self._cache[text] = states
            self._cached_subwords += len(states.vectors)

    def _compute(self, docs: Sequence[Doc]) -> list[SubwordStates]:
        import torch  # noqa: PLC0415

        from aloi.models.transformer.windowed import computation, run_windows  # noqa: PLC0415

        device = self.model.device
        encodings = [self._tokenize(doc.text) for doc in docs]
        ids = [
            torch.tensor(numbers, device=device)
            for encoding in encodings
            for numbers in encoding["input_ids"]
        ]
        with computation(device, is_train=False):
            vectors = iter(run_windows(self._run, ids, padding=self.tokenizer.pad_token_id))
        return [
            _states(doc, encoding, [next(vectors) for _ in encoding["input_ids"]], self.size // 4)
            for doc, encoding in zip(docs, encodings, strict=True)
        ]

    def _run(self, ids: Any, mask: Any) -> Any:  # noqa: ANN401 - tensors
        return self.model(input_ids=ids, attention_mask=mask).last_hidden_state

    def _tokenize(self, text: str) -> Any:  # noqa: ANN401
        return self.tokenizer(
            text,
            truncation=True,
            max_length=self.size,
            stride=self.size // 4,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return the weights, the tokeniser and the configuration as bytes."""
        from aloi.models.transformer import checkpoint, quantised  # noqa: PLC0415

        content = {
            "files": checkpoint.saved_files(self.model.config, self.tokenizer),
            "size": self.size,
            "weights": quantised.pack(self.model, quantised=self.settings.quantised),
        }
        packed: bytes = srsly.msgpack_dumps(content)
        return packed

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Read bytes that `to_bytes` returned, and return the component."""
        from aloi.models.transformer import checkpoint, quantised  # noqa: PLC0415

        content = srsly.msgpack_loads(data)
        self.tokenizer, self.size = checkpoint.saved_tokenizer(content["files"]), content["size"]
        whole = checkpoint.random_model(content["files"])
        lower = checkpoint.lower_part(whole, self.settings.frozen)
        quantised.unpack(lower, content["weights"])
        self._set_model(lower)
        self._cache = None
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the component to a folder."""
        Path(path).mkdir(parents=True, exist_ok=True)
        (Path(path) / MODEL_FILE).write_bytes(self.to_bytes())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Read a folder that `to_disk` wrote, and return the component."""
        return self.from_bytes((Path(path) / MODEL_FILE).read_bytes())


def _states(
    doc: Doc,
    encoding: Any,  # noqa: ANN401
    windows: Sequence[Any],
    overlap: int,
) -> SubwordStates:
    """Return the states of a doc.

    encoding: the output of the tokeniser. windows: the vectors of each window.
    """
    contents = [np.array(mask) == 0 for mask in encoding["special_tokens_mask"]]
    characters = [
        np.array(offsets, dtype=np.int64).reshape(-1, 2)[content]
        for offsets, content in zip(encoding["offset_mapping"], contents, strict=True)
    ]
    starts = np.array([token.idx for token in doc], dtype=np.int64)
    ends = starts + np.array([len(token) for token in doc], dtype=np.int64)
    alignment = SubwordAlignment.align(starts, ends, characters, overlap=overlap)
    content = np.concatenate(contents)
    lengths = np.array([len(each) for each in contents], dtype=np.int64)
    row = np.flatnonzero(content)[alignment.row]
    vectors = np.concatenate([window.cpu().numpy().astype(np.float16) for window in windows])
    return SubwordStates(vectors, content, lengths, alignment.token, row)


def _words(pipeline: str) -> list[str]:
    """Return the words of an installed pipeline: the strings of its vocabulary."""
    files = get_package_path(pipeline).glob("*/vocab/strings.json")
    return [word for file in files for word in json.loads(file.read_text(encoding="utf-8"))]


@Language.factory(
    "aloi_encoder",
    default_config={
        "weights": None,
        "frozen": 6,
        "window": 512,
        "words": None,
        "quantised": True,
    },
)
def make_frozen_encoder(
    nlp: Language,
    name: str,
    weights: str | None,
    frozen: int,
    window: int,
    words: str | None,
    quantised: bool,
) -> FrozenEncoder:
    """Return a new component; `nlp.add_pipe("aloi_encoder")` calls this function.

    The settings are those of `EncoderSettings`. Raises `DataError` if torch or transformers is not
    installed.
    """
    need("torch", extra="transformers")
    need("transformers", extra="transformers")
    return FrozenEncoder(name, EncoderSettings(weights, frozen, window, words, quantised))
