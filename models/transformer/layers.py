"""The trained layers of a pretrained transformer, in torch (extra `transformers`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, gelu

from aloi.models.transformer.states import MarkedDoc, SubwordStates, stored_states
from aloi.models.transformer.windowed import run_windows

DROPOUT = 0.1
"""The dropout rate of the token vectors."""

MARK_SCALE = 0.02
"""The standard deviation of the initial weights of marks."""


class TokenVectors(nn.Module):
    """The upper layers of a transformer, and a layer that returns one vector per token.

    A token's vector is computed from the mean of its subword vectors. model: the upper layers.
    width: the size of the vectors. marks: the number of columns of the marks of tokens; their
    linear combinations are added to the vectors of subwords below the upper layers.
    """

    def __init__(self, model: Any, width: int, marks: int) -> None:  # noqa: ANN401
        super().__init__()
        self.model = model
        size = model.config.hidden_size
        self.output = nn.Linear(size, width)
        self.norm = nn.LayerNorm(width)
        self.marks = nn.Linear(marks, size, bias=False) if marks else None
        if self.marks is not None:
            nn.init.normal_(self.marks.weight, std=MARK_SCALE)

    @property
    def device(self) -> torch.device:
        """The device that stores the weights."""
        return self.norm.weight.device

    def forward(self, docs: Sequence[MarkedDoc]) -> Tensor:
        """Return the vectors of all tokens of all docs, concatenated. Shape: (tokens, width).

        Tokens without subwords, such as line breaks, have the vector of zeros as their mean.
        """
        states = [stored_states(each.doc) for each in docs]
        inputs = [self._marked(*each) for each in zip(states, docs, strict=True)]
        windows = [
            window
            for vectors, each in zip(inputs, states, strict=True)
            for window in vectors.split(each.lengths.tolist())
        ]
        rows = torch.cat(run_windows(self._run, windows))
        ends = np.cumsum([len(each.vectors) for each in states])
        means = [
            self._mean(vectors, each, len(doc.doc))
            for vectors, each, doc in zip(
                torch.tensor_split(rows, ends[:-1].tolist()), states, docs, strict=True
            )
        ]
        outputs = self.norm(gelu(self.output(torch.cat(means))))
        return dropout(outputs, DROPOUT, self.training)

    def _run(self, vectors: Tensor, mask: Tensor | None) -> Tensor:
        hidden: Tensor = self.model(inputs_embeds=vectors, attention_mask=mask).last_hidden_state
        return hidden.float()

    def _marked(self, states: SubwordStates, doc: MarkedDoc) -> Tensor:
        """Return the vectors of the subwords of a doc, with the marks of their tokens."""
        vectors = torch.from_numpy(states.vectors).to(self.device).float()
        if self.marks is None or doc.marks is None:
            return vectors
        row = torch.from_numpy(states.row).to(self.device)
        marks = self.marks(torch.from_numpy(doc.marks[states.token]).to(self.device))
        return vectors.index_add(0, row, marks)

    def _mean(self, vectors: Tensor, states: SubwordStates, tokens: int) -> Tensor:
        """Return the mean of each token's subword vectors. Shape: (tokens, width)."""
        row = torch.from_numpy(states.row).to(self.device)
        token = torch.from_numpy(states.token).to(self.device)
        count = torch.bincount(token, minlength=tokens).clamp(min=1)
        sums = vectors.new_zeros((tokens, vectors.shape[1])).index_add(0, token, vectors[row])
        return sums / count[:, None]
