"""Token vectors from a pretrained transformer, in torch (extra `transformers`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch
from spacy.tokens import Doc
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.checkpoint import checkpoint

from aloi.models.transformer.windows import SubwordAlignment

WINDOWS_PER_BATCH = 16
"""The maximum number of windows that are encoded at once."""


class Window(NamedTuple):
    """A window of subwords.

    ids: the vocabulary ids. content: a mask of the subwords that are not special tokens.
    """

    ids: Tensor
    content: Tensor


class Encoder(nn.Module):
    """A transformer that returns one vector per token: the mean of its subword vectors.

    The subword vectors are from the last layer. model, tokenizer: objects of the library
    transformers. size: the maximum number of subwords in a window, including special tokens;
    neighbouring windows overlap by a quarter of the size.
    """

    def __init__(self, model: Any, tokenizer: Any, size: int) -> None:  # noqa: ANN401
        super().__init__()
        self.model, self.tokenizer, self.size = model, tokenizer, size
        self.width: int = model.config.hidden_size

    @property
    def device(self) -> torch.device:
        """The device that stores the weights."""
        device: torch.device = next(self.model.parameters()).device
        return device

    def forward(self, docs: Sequence[Doc]) -> Tensor:
        """Return the vectors of all tokens of all docs, concatenated. Shape: (tokens, width).

        Tokens without subwords, such as line breaks, get zero vectors.
        """
        tokenized = [self._tokenize(doc) for doc in docs]
        vectors = iter(self._encode([window for windows, _ in tokenized for window in windows]))
        return torch.cat(
            [
                self._pool(torch.cat(list(islice(vectors, len(windows)))), alignment, len(doc))
                for (windows, alignment), doc in zip(tokenized, docs, strict=True)
            ]
        )

    def _pool(self, vectors: Tensor, alignment: SubwordAlignment, tokens: int) -> Tensor:
        """Return the mean of each token's subword vectors.

        vectors: the subword vectors of all windows of a doc. tokens: the number of tokens.
        """
        row = torch.from_numpy(alignment.row).to(self.device)
        token = torch.from_numpy(alignment.token).to(self.device)
        count = torch.bincount(token, minlength=tokens).clamp(min=1)
        sums = vectors.new_zeros((tokens, self.width)).index_add(0, token, vectors[row])
        return sums / count[:, None]

    def _tokenize(self, doc: Doc) -> tuple[list[Window], SubwordAlignment]:
        """Return the windows of a doc, and the alignment of its tokens with subwords."""
        overlap = self.size // 4
        encoding = self.tokenizer(
            doc.text,
            truncation=True,
            max_length=self.size,
            stride=overlap,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        contents = [torch.tensor(mask) == 0 for mask in encoding["special_tokens_mask"]]
        characters = [
            np.array(offsets, dtype=np.int64)[content.numpy()]
            for offsets, content in zip(encoding["offset_mapping"], contents, strict=True)
        ]
        starts = np.array([token.idx for token in doc], dtype=np.int64)
        ends = starts + np.array([len(token) for token in doc], dtype=np.int64)
        windows = [
            Window(torch.tensor(ids), content)
            for ids, content in zip(encoding["input_ids"], contents, strict=True)
        ]
        return windows, SubwordAlignment.align(starts, ends, characters, overlap=overlap)

    def _encode(self, windows: Sequence[Window]) -> list[Tensor]:
        """Return the subword vectors of each window, without special tokens.

        Windows of similar length are encoded together to reduce padding.
        """
        many = len(windows) > WINDOWS_PER_BATCH
        layer = recompute_activations(self._last_layer) if many else self._last_layer
        by_length = sorted(range(len(windows)), key=lambda number: len(windows[number].ids))
        vectors: dict[int, Tensor] = {}
        for first in range(0, len(windows), WINDOWS_PER_BATCH):
            numbers = by_length[first : first + WINDOWS_PER_BATCH]
            ids = [windows[number].ids for number in numbers]
            padded = pad_sequence(ids, batch_first=True, padding_value=self.tokenizer.pad_token_id)
            mask = pad_sequence([torch.ones_like(each) for each in ids], batch_first=True)
            hidden = layer(padded.to(self.device), mask.to(self.device))
            for number, rows in zip(numbers, hidden, strict=True):
                content = windows[number].content.to(self.device)
                vectors[number] = rows[: len(content)][content]
        return [vectors[number] for number in range(len(windows))]

    def _last_layer(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden: Tensor = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return hidden.float()


def recompute_activations(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return `function` in a wrapper that saves memory during training.

    Backpropagation recomputes the activations of the function instead of storing them.
    """
    return partial(checkpoint, function, use_reentrant=False)
