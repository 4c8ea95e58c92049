"""The vectors of subwords that the frozen part of an encoder stores in a doc."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from spacy.tokens import Doc

from aloi.corpus.problems import DataError, Problem
from aloi.models.arrays import BoolArray, FloatArray, IntArray

EXTENSION = "encoder_states"
"""The extension attribute of docs that stores the states.

Pipelines remove it at their end with spaCy's component `doc_cleaner`, to save memory.
"""

HalfArray = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class SubwordStates:
    """The subwords of a doc, in windows, with one vector per subword.

    vectors: the vectors of the subwords of all windows, concatenated. Shape: (subwords, width).
    content: a mask of the subwords that are not special tokens. lengths: the number of subwords of
    each window, including special tokens. token, row: an alignment, with one entry per pair of a
    token and a subword: the index of the token in the doc, and the row of the subword in `vectors`.
    Tokens without subwords, such as line breaks, have no entry.
    """

    vectors: HalfArray
    content: BoolArray
    lengths: IntArray
    token: IntArray
    row: IntArray

    def store(self, doc: Doc) -> None:
        """Store the states in a doc, in a form that spaCy can serialise."""
        parts = (self.vectors, self.content, self.lengths, self.token, self.row)
        doc._.set(EXTENSION, parts)


class MarkedDoc(NamedTuple):
    """A doc, and marks of its tokens that the trained layers see. Shape: (tokens, marks)."""

    doc: Doc
    marks: FloatArray | None = None


def stored_states(doc: Doc) -> SubwordStates:
    """Return the states that are stored in a doc; raise `DataError` if there are none."""
    parts = doc._.get(EXTENSION)
    if parts is None:
        what = "the doc has no vectors of the component aloi_encoder"
        fix = "Put aloi_encoder before the components that use it, and do not disable it"
        raise DataError([Problem("no-encoder", what, fix)])
    return SubwordStates(*parts)


if not Doc.has_extension(EXTENSION):
    Doc.set_extension(EXTENSION, default=None)
