"""A wrapper that makes a torch module part of a Thinc model.

The wrapper implements loading, prediction, training steps and serialisation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import srsly
import torch
from thinc.api import Optimizer, Shim
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW

from aloi.models.arrays import FloatArray
from aloi.models.transformer import checkpoint, quantised
from aloi.models.transformer.layers import TokenVectors
from aloi.models.transformer.states import MarkedDoc
from aloi.models.transformer.windowed import computation, to_device

WEIGHT_DECAY = 0.01
"""The decoupled weight decay of matrices."""

MAX_GRADIENT_NORM = 1.0
"""The limit on the norm of all gradients together."""


class TrainedLayers(Shim):
    """The torch module `TokenVectors` in a Thinc model; it uses a GPU if torch finds one.

    frozen: the number of layers in the component `aloi_encoder`. trained: the number of layers
    above them; further layers of the checkpoint are left out. width: the size of the vectors of
    tokens. marks: the number of marks of a token. rate: the learning rate of the pretrained layers,
    divided by that of the new layers. quantised: store the weights as integers.
    """

    def __init__(
        self, frozen: int, trained: int, *, width: int, marks: int, rate: float, quantised: bool
    ) -> None:
        super().__init__(None)
        self.frozen, self.trained, self.width, self.marks = frozen, trained, width, marks
        self.rate, self.quantised = rate, quantised
        self._optimizer: AdamW | None = None

    def load_checkpoint(self, weights: str | None) -> None:
        """Load the upper layers of a checkpoint; raise `DataError` if it cannot be read."""
        self._set_layers(checkpoint.read_checkpoint(weights))

    def _set_layers(self, whole: Any) -> None:  # noqa: ANN401 - a model of transformers
        layers = checkpoint.upper_part(whole, self.frozen, self.trained)
        self._model = to_device(TokenVectors(layers, self.width, self.marks))
        self._optimizer = None

    def __call__(
        self, docs: Sequence[MarkedDoc], is_train: bool
    ) -> tuple[FloatArray, Callable[[FloatArray], None]]:
        """Return the vectors of all tokens, and a function that backpropagates their gradient."""
        module = self._model.train(is_train)
        with computation(module.device, is_train=is_train):
            vectors = module(docs).float()

        def backprop(gradient: FloatArray) -> None:
            vectors.backward(torch.from_numpy(gradient).to(vectors.device))

        return vectors.detach().cpu().numpy(), backprop

    def finish_update(self, optimizer: Optimizer) -> None:
        """Update the weights with AdamW, at the current learning rate of `optimizer`."""
        if self._optimizer is None:
            self._optimizer = self._make_adamw(optimizer)
        for group in self._optimizer.param_groups:
            group["lr"] = optimizer.learn_rate * group["rate"]
        clip_grad_norm_(self._model.parameters(), MAX_GRADIENT_NORM)
        self._optimizer.step()
        self._optimizer.zero_grad()

    def _make_adamw(self, settings: Optimizer) -> AdamW:
        """Return an AdamW optimiser; parameters are grouped by learning rate and weight decay.

        Weight decay applies to matrices only, not to vectors such as biases.
        """
        groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
        for name, weight in self._model.named_parameters():
            groups.setdefault((name.startswith("model."), weight.ndim > 1), []).append(weight)
        return AdamW(
            [
                {
                    "params": weights,
                    "rate": self.rate if is_pretrained else 1.0,
                    "weight_decay": WEIGHT_DECAY if is_matrix else 0.0,
                }
                for (is_pretrained, is_matrix), weights in groups.items()
            ],
            betas=(settings.b1, settings.b2),
            eps=settings.eps,
        )

    def to_bytes(self) -> bytes:
        """Return the weights and the configuration as bytes."""
        content = {
            "files": checkpoint.saved_files(self._model.model.config),
            "weights": quantised.pack(self._model, quantised=self.quantised),
        }
        packed: bytes = srsly.msgpack_dumps(content)
        return packed

    def from_bytes(self, data: bytes) -> TrainedLayers:
        """Read bytes that `to_bytes` returned, and return the shim."""
        content = srsly.msgpack_loads(data)
        self._set_layers(checkpoint.random_model(content["files"]))
        quantised.unpack(self._model, content["weights"])
        return self
