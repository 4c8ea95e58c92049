"""Detokenization by the rules of French typography."""

import pytest

from aloi.corpus.formats.shared.tokens import detokenize


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Qu' il vienne , dit - on .", "Qu'il vienne, dit - on."),
        ("« Oui ! » , dit Luc ( hier ) …", "«\u00a0Oui\u00a0!\u00a0», dit Luc (hier)…"),
        ("Qui ? L’ ONU : aujourd' hui ;", "Qui\u00a0? L’ONU\u00a0: aujourd' hui\u00a0;"),
        ("", ""),
    ],
)
def test_spacing_of_french_text(words: str, text: str) -> None:
    assert detokenize(words.split())[0] == text


def test_offsets_of_tokens() -> None:
    words = ["L'", "ONU", "!"]
    text, tokens = detokenize(words)
    assert [text[token.start : token.end] for token in tokens] == words
