"""A wrapper that makes a torch module part of a Thinc model.

The wrapper implements loading, prediction, training steps and serialisation.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import srsly
import torch
from safetensors.torch import load_model, save_model
from thinc.api import Optimizer, Shim
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from transformers import AutoConfig, AutoModel, AutoTokenizer

from aloi.corpus.problems import DataError, Problem
from aloi.models.arrays import FloatArray
from aloi.models.transformer.encoder import Encoder

HEAD_RATE_FACTOR = 10
"""The learning rate of the new layers, divided by that of the pretrained layers."""


class TorchNetwork(Shim):
    """A torch module that consists of an encoder and a head; it uses a GPU if torch finds one.

    head: a function that returns the module for an encoder and a number of outputs.
    """

    def __init__(self, head: Callable[[Encoder, int], nn.Module]) -> None:
        super().__init__(None)
        self.head = head

    def load_checkpoint(self, weights: str | None, window: int, *, outputs: int) -> None:
        """Load a pretrained encoder and add a new head.

        Raises `DataError` if the checkpoint cannot be read.
        """
        model, tokenizer = _read_checkpoint(weights)
        limits = tokenizer.model_max_length, model.config.max_position_embeddings - 2
        self._set_module(model, tokenizer, size=min(window, *limits), outputs=outputs)

    def _set_module(
        self,
        model: Any,  # noqa: ANN401
        tokenizer: Any,  # noqa: ANN401
        *,
        size: int,
        outputs: int,
    ) -> None:
        encoder = Encoder(model.float(), tokenizer, size)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model, self._optimizer = self.head(encoder, outputs).to(device), None

    def __call__(
        self, inputs: tuple[Sequence[Any], float], is_train: bool
    ) -> tuple[FloatArray, Callable[[FloatArray], None]]:
        """Return the scores, and a function that backpropagates their gradient.

        inputs: the docs or candidates to score, and the dropout rate.
        """
        if parent_process() is not None:
            torch.set_num_threads(1)  # in a fork, torch would wait for the parent's threads
        module, device = self._model.train(is_train), self._model.encoder.device
        bfloat16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        with (
            torch.set_grad_enabled(is_train),
            torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16),
        ):
            scores = module(*inputs).float()

        def backprop(gradient: FloatArray) -> None:
            scores.backward(torch.from_numpy(gradient).to(device))

        return scores.detach().cpu().numpy(), backprop

    def finish_update(self, optimizer: Optimizer) -> None:
        """Update the weights with AdamW, at the current learning rate of `optimizer`."""
        if self._optimizer is None:
            self._optimizer = _make_adamw(self._model, optimizer)
        for group in self._optimizer.param_groups:
            group["lr"] = optimizer.learn_rate * group["rate_factor"]
        if optimizer.grad_clip:
            clip_grad_norm_(self._model.parameters(), optimizer.grad_clip)
        self._optimizer.step()
        self._optimizer.zero_grad()

    def to_bytes(self) -> bytes:
        """Return the weights, the tokeniser and the configuration as bytes."""
        encoder = self._model.encoder
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            encoder.model.config.save_pretrained(folder)
            encoder.tokenizer.save_pretrained(folder)
            save_model(self._model, str(folder / "network.safetensors"))
            sizes = {"size": encoder.size, "outputs": self._model.output.out_features}
            (folder / "network.json").write_text(json.dumps(sizes), encoding="utf-8")
            files = {file.name: file.read_bytes() for file in sorted(folder.iterdir())}
        packed: bytes = srsly.msgpack_dumps(files)
        return packed

    def from_bytes(self, data: bytes) -> TorchNetwork:
        """Read bytes that `to_bytes` returned, and return the network."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, content in srsly.msgpack_loads(data).items():
                (folder / file).write_bytes(content)
            model = AutoModel.from_config(AutoConfig.from_pretrained(folder))
            sizes = json.loads((folder / "network.json").read_text(encoding="utf-8"))
            self._set_module(model, AutoTokenizer.from_pretrained(folder), **sizes)
            load_model(self._model, str(folder / "network.safetensors"))
        return self


def _read_checkpoint(weights: str | None) -> tuple[Any, Any]:
    """Return the model and the tokeniser of a checkpoint.

    Raises `DataError` if the checkpoint cannot be read, or if it has no fast tokeniser.
    """
    if weights is None:
        what = "paths.weights is not set: no pretrained checkpoint to start from"
        fix = "Set a folder or a name on the Hugging Face hub: --set paths.weights=…"
        raise DataError([Problem("no-weights", what, fix)])
    fix = "Use a checkpoint folder with config.json, model.safetensors and tokenizer.json"
    try:
        model = AutoModel.from_pretrained(weights)
        tokenizer = AutoTokenizer.from_pretrained(weights)
    except (OSError, ValueError) as error:
        what = f"cannot read the checkpoint: {str(error).splitlines()[0]}"
        raise DataError([Problem("bad-weights", what, fix, file=weights)]) from error
    if not tokenizer.is_fast:
        what = "the checkpoint has no fast tokenizer, which subword offsets require"
        raise DataError([Problem("bad-weights", what, fix, file=weights)])
    return model, tokenizer


def _make_adamw(module: nn.Module, settings: Optimizer) -> AdamW:
    """Return an AdamW optimiser; parameters are grouped by learning rate and weight decay.

    Weight decay applies to matrices only, not to vectors such as biases.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, weight in module.named_parameters():
        groups.setdefault((name.startswith("encoder."), weight.ndim > 1), []).append(weight)
    return AdamW(
        [
            {
                "params": weights,
                "rate_factor": 1 if is_pretrained else HEAD_RATE_FACTOR,
                "weight_decay": settings.L2 if is_matrix else 0.0,
            }
            for (is_pretrained, is_matrix), weights in groups.items()
        ],
        betas=(settings.b1, settings.b2),
        eps=settings.eps,
    )
