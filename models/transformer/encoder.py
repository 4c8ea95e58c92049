"""Token vectors from a pretrained transformer, in torch, which the extra `transformers` brings."""

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

from aloi.models.transformer.windows import Pieces

WINDOWS = 16
"""Windows that are encoded at once."""


class Window(NamedTuple):
    """What the encoder reads at once: sub-word numbers, and which of them are of the text."""

    ids: Tensor
    content: Tensor


class Encoder(nn.Module):
    """Vectors of tokens: the mean of their sub-words' vectors in the last layer.

    model, tokenizer: of transformers. size: the most sub-words in a window, special ones included;
    a window shares a quarter as many with the one before.
    """

    def __init__(self, model: Any, tokenizer: Any, size: int) -> None:  # noqa: ANN401
        super().__init__()
        self.model, self.tokenizer, self.size = model, tokenizer, size
        self.width: int = model.config.hidden_size

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = next(self.model.parameters()).device
        return device

    def forward(self, docs: Sequence[Doc]) -> Tensor:
        """The vectors of all tokens, doc after doc: (tokens, width); 0 where no sub-word is."""
        read = [self._read(doc) for doc in docs]
        vectors = iter(self._encode([window for windows, _ in read for window in windows]))
        return torch.cat(
            [
                self._pooled(torch.cat(list(islice(vectors, len(windows)))), pieces, len(doc))
                for (windows, pieces), doc in zip(read, docs, strict=True)
            ]
        )

    def _pooled(self, vectors: Tensor, pieces: Pieces, tokens: int) -> Tensor:
        """The mean of each token's sub-words, whose vectors are those of all the doc's windows."""
        row = torch.from_numpy(pieces.row).to(self.device)
        token = torch.from_numpy(pieces.token).to(self.device)
        count = torch.bincount(token, minlength=tokens).clamp(min=1)
        sums = vectors.new_zeros((tokens, self.width)).index_add(0, token, vectors[row])
        return sums / count[:, None]

    def _read(self, doc: Doc) -> tuple[list[Window], Pieces]:
        """A doc's windows, and which of their sub-words make up each token."""
        shared = self.size // 4
        found = self.tokenizer(
            doc.text,
            truncation=True,
            max_length=self.size,
            stride=shared,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        content = [torch.tensor(mask) == 0 for mask in found["special_tokens_mask"]]
        characters = [
            np.array(offsets, dtype=np.int64)[own.numpy()]
            for offsets, own in zip(found["offset_mapping"], content, strict=True)
        ]
        starts = np.array([token.idx for token in doc], dtype=np.int64)
        ends = starts + np.array([len(token) for token in doc], dtype=np.int64)
        windows = [
            Window(torch.tensor(ids), own)
            for ids, own in zip(found["input_ids"], content, strict=True)
        ]
        return windows, Pieces.of(starts, ends, characters, shared=shared)

    def _encode(self, windows: Sequence[Window]) -> list[Tensor]:
        """The vectors of each window's own sub-words; windows of like length go together."""
        layer = lean(self._last_layer) if len(windows) > WINDOWS else self._last_layer
        by_length = sorted(range(len(windows)), key=lambda number: len(windows[number].ids))
        vectors: dict[int, Tensor] = {}
        for first in range(0, len(windows), WINDOWS):
            numbers = by_length[first : first + WINDOWS]
            ids = [windows[number].ids for number in numbers]
            padded = pad_sequence(ids, batch_first=True, padding_value=self.tokenizer.pad_token_id)
            mask = pad_sequence([torch.ones_like(each) for each in ids], batch_first=True)
            hidden = layer(padded.to(self.device), mask.to(self.device))
            for number, each in zip(numbers, hidden, strict=True):
                content = windows[number].content.to(self.device)
                vectors[number] = each[: len(content)][content]
        return [vectors[number] for number in range(len(windows))]

    def _last_layer(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden: Tensor = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return hidden.float()


def lean(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The function, whose activations are computed again for the gradient instead of kept."""
    return partial(checkpoint, function, use_reentrant=False)
