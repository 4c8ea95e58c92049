"""A torch module in a Thinc model: reading a checkpoint, steps of training, bytes to keep."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import srsly
import torch
from safetensors.torch import load_model, save_model
from thinc.api import Optimizer, Shim
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from transformers import AutoConfig, AutoModel, AutoTokenizer

from aloi.corpus.problems import DataError, Problem
from aloi.models.transformer.encoder import Encoder

Floats = npt.NDArray[np.float32]

PACE = 10
"""How many times faster the new layers learn than the pretrained ones."""


class Network(Shim):
    """An encoder and a head on it, on the GPU if torch sees one.

    head: makes the module of an encoder and a number of outputs.
    """

    def __init__(self, head: Callable[[Encoder, int], nn.Module]) -> None:
        super().__init__(None)
        self.head = head

    def start(self, weights: str | None, window: int, outputs: int) -> None:
        """Read a pretrained encoder and put a new head on it."""
        model, tokenizer = _checkpoint(weights)
        limits = tokenizer.model_max_length, model.config.max_position_embeddings - 2
        self._set(model, tokenizer, size=min(window, *limits), outputs=outputs)

    def _set(self, model: Any, tokenizer: Any, *, size: int, outputs: int) -> None:  # noqa: ANN401
        encoder = Encoder(model.float(), tokenizer, size)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model, self._optimizer = self.head(encoder, outputs).to(device), None

    def __call__(
        self, inputs: tuple[Sequence[Any], float], is_train: bool
    ) -> tuple[Floats, Callable[[Floats], None]]:
        """The scores of some inputs, and what takes their gradient down to the weights."""
        if parent_process() is not None:
            torch.set_num_threads(1)  # a forked process waits for ever for its parent's threads
        module, device = self._model.train(is_train), self._model.encoder.device
        half = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        with (
            torch.set_grad_enabled(is_train),
            torch.autocast(device.type, dtype=torch.bfloat16, enabled=half),
        ):
            scores = module(*inputs).float()

        def backprop(gradient: Floats) -> None:
            scores.backward(torch.from_numpy(gradient).to(device))

        return scores.detach().cpu().numpy(), backprop

    def finish_update(self, optimizer: Optimizer) -> None:
        """One step of AdamW on the gradients since the last, at the optimizer's present rate."""
        if self._optimizer is None:
            self._optimizer = _adamw(self._model, optimizer)
        for group in self._optimizer.param_groups:
            group["lr"] = optimizer.learn_rate * group["pace"]
        if optimizer.grad_clip:
            clip_grad_norm_(self._model.parameters(), optimizer.grad_clip)
        self._optimizer.step()
        self._optimizer.zero_grad()

    def to_bytes(self) -> bytes:
        """Weights, tokenizer and configuration: all that prediction needs."""
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

    def from_bytes(self, data: bytes) -> Network:
        """Read what `to_bytes` gave."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, content in srsly.msgpack_loads(data).items():
                (folder / file).write_bytes(content)
            model = AutoModel.from_config(AutoConfig.from_pretrained(folder))
            sizes = json.loads((folder / "network.json").read_text(encoding="utf-8"))
            self._set(model, AutoTokenizer.from_pretrained(folder), **sizes)
            load_model(self._model, str(folder / "network.safetensors"))
        return self


def _checkpoint(weights: str | None) -> tuple[Any, Any]:
    """The encoder and the tokenizer of a checkpoint; raises `DataError` if there is none."""
    if weights is None:
        fix = "Name a checkpoint, a folder or on the hub: --set paths.weights=…"
        raise DataError([Problem("no-weights", "no pretrained weights are named", fix)])
    fix = "Give a folder with config.json, model.safetensors and tokenizer.json"
    try:
        model = AutoModel.from_pretrained(weights)
        tokenizer = AutoTokenizer.from_pretrained(weights)
    except (OSError, ValueError) as error:
        what = f"cannot be read as a checkpoint: {str(error).splitlines()[0]}"
        raise DataError([Problem("bad-weights", what, fix, file=weights)]) from error
    if not tokenizer.is_fast:
        what = "has no fast tokenizer, which tells the place of each sub-word"
        raise DataError([Problem("bad-weights", what, fix, file=weights)])
    return model, tokenizer


def _adamw(module: nn.Module, settings: Optimizer) -> AdamW:
    """AdamW with groups of their own pace; vectors, such as biases, do not decay."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, weight in module.named_parameters():
        groups.setdefault((name.startswith("encoder."), weight.ndim > 1), []).append(weight)
    return AdamW(
        [
            {
                "params": weights,
                "pace": 1 if pretrained else PACE,
                "weight_decay": settings.L2 if matrix else 0.0,
            }
            for (pretrained, matrix), weights in groups.items()
        ],
        betas=(settings.b1, settings.b2),
        eps=settings.eps,
    )
