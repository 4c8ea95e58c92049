"""Word vectors in the token arrays."""

import numpy as np
import pytest
from spacy.language import Language
from spacy.vectors import Vectors

from aloi.models.relations.doc_arrays import TokenArrays


def test_word_vectors_are_standardised(nlp: Language) -> None:
    """Mean 0 and variance 1; 0 for words without a vector, and for the rows around the doc."""
    nlp.vocab.set_vector("Ana", np.array([3, 1], dtype=np.float32))
    vectors = TokenArrays.from_docs([nlp.make_doc("Ana Rome")], static=2).vector
    np.testing.assert_allclose(vectors, [[0, 0], [1, -1], [0, 0], [0, 0]], atol=1e-4)


def test_floret_vectors_are_supported(nlp: Language) -> None:
    table = np.arange(8, dtype=np.float32).reshape(4, 2) ** 2
    nlp.vocab.vectors = Vectors(data=table, mode="floret", minn=2, maxn=3, hash_count=1)
    vectors = TokenArrays.from_docs([nlp.make_doc("Ana")], static=2).vector
    assert np.ptp(vectors[1]) == pytest.approx(2, abs=1e-4)
