"""Types of numpy arrays, and a function that concatenates ranges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
HashArray = npt.NDArray[np.uint64]


def concatenate_ranges(lengths: IntArray) -> IntArray:
    """Return one array that contains the numbers 0 to n - 1 for each n in `lengths`."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
