"""Weights in few bytes: integers of 8 bits on disk, and their matrix products on a CPU.

Each row of a weight matrix is stored as integers from -127 to 127 and one factor. On a CPU, the
inputs of a linear layer are also rounded to integers, with one factor per row, and the product is
computed with integers. This takes a quarter of the memory and about half of the time of float32.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

MIN_MATRIX_ROWS = 16
"""Smaller matrices are stored in float16."""

FACTOR = "|factor"
"""The suffix of the names of tensors with the factors of a quantised matrix."""

LARGEST = 127


class QuantisedLinear(nn.Module):
    """A linear layer that computes with integers of 8 bits.

    weight: integers. Shape: (outputs, inputs). factor: one number per row of `weight`.
    """

    def __init__(self, weight: Tensor, factor: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("factor", factor)
        self.register_buffer("bias", bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the outputs. Shape: (…, outputs)."""
        rows = inputs.reshape(-1, inputs.shape[-1])
        integers, scale = quantise(rows)
        product = torch._int_mm(integers, self.weight.T) * scale[:, None]
        outputs = product.mul_(self.factor)
        if self.bias is not None:
            outputs.add_(self.bias)
        return outputs.reshape(*inputs.shape[:-1], -1)


def quantise(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows of a matrix as integers, and the factor of each row.

    The product of the integers and the factors is close to the matrix.
    """
    factor = matrix.abs().amax(dim=1).clamp(min=1e-12) / LARGEST
    return (matrix / factor[:, None]).round_().to(torch.int8), factor


def pack(module: nn.Module, *, quantised: bool) -> bytes:
    """Return the parameters and buffers of a module, in the format safetensors.

    quantised: store matrices as integers of 8 bits; all other weights are stored in float16.
    """
    weights = {name: tensor.detach().cpu() for name, tensor in module.state_dict().items()}
    factors = {
        name: weights.pop(_factor(name)) for name in list(weights) if _factor(name) in weights
    }
    tensors: dict[str, Tensor] = {name + FACTOR: factor for name, factor in factors.items()}
    for name, value in weights.items():
        if quantised and name not in factors and value.ndim == 2 and len(value) >= MIN_MATRIX_ROWS:
            tensors[name], tensors[name + FACTOR] = quantise(value.float())
        else:
            tensors[name] = value.half() if value.is_floating_point() else value
    return bytes(save({name: tensor.contiguous() for name, tensor in tensors.items()}))


def _factor(name: str) -> str:
    """Return the name of the factors that belong to the weights of a `QuantisedLinear`."""
    return f"{name.removesuffix('.weight')}.factor"


def unpack(module: nn.Module, data: bytes) -> None:
    """Set the weights of a module to those that `pack` returned, on the CPU, in float32.

    Quantised weights are kept as integers in linear layers if there is no GPU.
    """
    tensors = load(data)
    names = [name for name in tensors if name.endswith(FACTOR)]
    factors = {name.removesuffix(FACTOR): tensors.pop(name) for name in names}
    state = {
        name: tensor.float() * factors[name][:, None] if name in factors else _as_float32(tensor)
        for name, tensor in tensors.items()
    }
    module.load_state_dict(state)
    if torch.cuda.is_available():
        return
    for owner, name, path in list(_linear_layers(module)):
        if (weight := f"{path}.weight") in factors:
            bias = state.get(f"{path}.bias")
            setattr(owner, name, QuantisedLinear(tensors[weight], factors[weight], bias))


def _as_float32(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _linear_layers(module: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """Yield the owner, the name and the path of each linear layer in a module."""
    for path, owner in module.named_modules():
        for name, child in owner.named_children():
            if isinstance(child, nn.Linear):
                yield owner, name, f"{path}.{name}" if path else name
