"""Running torch modules over windows of subwords, on a CPU or a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import parent_process

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torch.utils.checkpoint import checkpoint

WINDOWS_TOGETHER = {"cuda": 16}
"""The maximum number of windows that a kind of device encodes at once; all others: one."""

MAX_STORED_WINDOWS = 16
"""With more windows in a training step, backpropagation computes the activations anew."""


def to_device(module: nn.Module) -> nn.Module:
    """Move a module to the first GPU, if torch finds one, and return it."""
    return module.to("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def computation(device: torch.device, *, is_train: bool) -> Iterator[None]:
    """Run torch with gradients only in training, and in bfloat16 on GPUs that support it."""
    if parent_process() is not None:
        torch.set_num_threads(1)  # in a fork, torch would wait for the parent's threads
    bfloat16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    with (
        torch.set_grad_enabled(is_train),
        torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16),
    ):
        yield


def run_windows(
    layers: Callable[[Tensor, Tensor | None], Tensor],
    windows: Sequence[Tensor],
    *,
    padding: float = 0,
) -> list[Tensor]:
    """Return the output vectors of each window.

    layers: a function of padded windows and a mask of the places that are not padding (None if
    there is no padding, which is faster). windows: one row per subword: its number in the
    vocabulary, or a vector. On a GPU, windows of similar length are computed together; on a CPU,
    the padding would cost more time than it saves. If there are many windows, backpropagation
    computes the activations anew instead of storing them, which saves memory.
    """
    if len(windows) > MAX_STORED_WINDOWS and torch.is_grad_enabled():
        layers = recompute_activations(layers)
    together = WINDOWS_TOGETHER.get(windows[0].device.type, 1) if windows else 1
    by_length = sorted(range(len(windows)), key=lambda number: len(windows[number]))
    vectors: dict[int, Tensor] = {}
    for first in range(0, len(windows), together):
        numbers = by_length[first : first + together]
        parts = [windows[number] for number in numbers]
        padded = pad_sequence(parts, batch_first=True, padding_value=padding)
        for number, rows in zip(numbers, layers(padded, _mask(parts)), strict=True):
            vectors[number] = rows[: len(windows[number])]
    return [vectors[number] for number in range(len(windows))]


def _mask(windows: Sequence[Tensor]) -> Tensor | None:
    """Return a mask of the places that are not padding, or None if no window is padded."""
    sizes = torch.tensor([len(each) for each in windows], device=windows[0].device)
    if sizes.min() == sizes.max():
        return None
    return (torch.arange(int(sizes.max()), device=sizes.device) < sizes[:, None]).long()


def recompute_activations(
    layers: Callable[[Tensor, Tensor | None], Tensor],
) -> Callable[..., Tensor]:
    """Return a function that computes its activations anew in backpropagation."""
    return lambda *inputs: checkpoint(layers, *inputs, use_reentrant=False)
