"""Detokenization, tokens cut at mentions, tokens of the source."""

import pytest

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import (
    Token,
    TokenWriteOptions,
    detokenize,
    source_tokens,
    split_tokens,
    token_layer,
)
from aloi.corpus.problems import DataError


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
    assert detokenize(words.split(), lang="fr")[0] == text


def test_other_languages_get_no_no_break_space() -> None:
    words = ["Mr.", "Roy", "said", ":", "«", "Hello", "!", "»"]
    assert detokenize(words)[0] == "Mr. Roy said: «Hello!»"


def test_offsets_of_tokens() -> None:
    words = ["L'", "ONU", "!"]
    text, tokens = detokenize(words)
    assert [text[token.start : token.end] for token in tokens] == words


def words_of(document: Document, tokens: list[Token]) -> list[str]:
    return [document.text[token.start : token.end] for token in tokens]


def test_tokens_are_cut_at_the_edges_of_mentions() -> None:
    entities = (
        Entity(id="e1", start=0, end=5, label="ORG"),
        Entity(id="e2", start=13, end=18, label="PER"),
    )
    document = Document("d", "Apple's anti-Trump ad", entities)
    tokens = split_tokens(document, TokenWriteOptions(), Notes())
    assert words_of(document, tokens) == ["Apple", "'", "s", "anti-", "Trump", "ad"]
    whole = split_tokens(document, TokenWriteOptions(tokens="expand"), Notes())
    assert words_of(document, whole) == ["Apple'", "s", "anti-Trump", "ad"]
    english = split_tokens(document, TokenWriteOptions(lang="en"), Notes())
    assert words_of(document, english) == ["Apple", "'s", "anti", "-", "Trump", "ad"]


def test_an_unknown_language_is_an_error() -> None:
    with pytest.raises(DataError, match="no tokenizer for 'qq'"):
        split_tokens(Document("d", "x", ()), TokenWriteOptions(lang="qq"), Notes())


def test_tokens_of_the_source_are_used() -> None:
    text = "l'été, New York"
    tokens = [Token(0, 5), Token(5, 6), Token(7, 15)]
    document = Document("d", text, (), (), token_layer(text, tokens))
    assert document.meta == {"tokens": "0 5;5 6;7 15"}
    assert split_tokens(document, TokenWriteOptions(), Notes()) == tokens


@pytest.mark.parametrize(
    "layer",
    [
        "0 3",  # a word is missing
        "0 3;4 9",  # beyond the text
        "0 3;2 8",  # overlapping
        "0 3;3 4;4 8",  # white space is no token
        "0 8 9",
        8,
    ],
)
def test_tokens_that_do_not_fit_the_text_are_ignored_with_a_note(layer: object) -> None:
    document = Document("d", "Ana dort", (), (), {"tokens": layer})
    notes = Notes()
    assert source_tokens(document) is None
    assert words_of(document, split_tokens(document, TokenWriteOptions(), notes)) == [
        "Ana",
        "dort",
    ]
    assert notes.counts == {"tokens of the source ignored because they do not fit the text": 1}
