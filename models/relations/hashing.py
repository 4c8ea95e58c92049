"""Hashes of feature columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from aloi.models.arrays import FloatArray, HashArray

_MULTIPLIER, _MIXER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


def hash_columns(template: int, *columns: HashArray) -> HashArray:
    """Return one hash per row, computed from the template number and the values in the columns.

    The order of the columns affects the hashes.
    """
    state: Any = np.uint64((template + 1) * int(_MULTIPLIER) % 2**64)
    with np.errstate(over="ignore"):
        for column in columns:
            state = (state ^ column) * _MIXER
            state = state ^ (state >> np.uint64(29))
        return np.asarray(state * _MULTIPLIER, dtype=np.uint64)


def hash_bits(hashes: HashArray) -> FloatArray:
    """Return the 64 bits of each hash, as 1 (set) or -1 (not set). Shape: (hashes, 64)."""
    bits = np.unpackbits(hashes[:, None].view(np.uint8), axis=1)
    return np.asarray(bits, dtype=np.float32) * 2 - 1
