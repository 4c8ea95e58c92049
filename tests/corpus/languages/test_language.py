"""The languages: complete files, and rules for tokens, sentences and spaces."""

from collections.abc import Iterator
from string import Formatter
from typing import Any

import msgspec
import pytest

from aloi.corpus.formats.shared.tokens import detokenize, tokenize
from aloi.corpus.languages.language import (
    DEFAULT_LANGUAGE,
    Language,
    assumed_language,
    common_language,
    find_language,
    language_codes,
    load_language,
)
from aloi.corpus.segmentation import sentence_starts

ENGLISH, FRENCH = load_language("en"), load_language("fr")


def messages(language: Language) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each message of a language."""
    sections: dict[str, dict[str, Any]] = msgspec.to_builtins(language.texts)
    for section, texts in sections.items():
        for name, text in texts.items():
            yield f"{section}.{name}", text


def replaced(text: str) -> set[str | None]:
    """Return the words in braces of a message."""
    return {field for _, field, _, _ in Formatter().parse(text)} - {None}


@pytest.mark.parametrize("code", language_codes())
def test_every_message_has_the_same_replaced_words_as_in_french(code: str) -> None:
    default = dict(messages(FRENCH))
    for name, text in messages(load_language(code)):
        assert text.strip(), name
        assert replaced(text) == replaced(default[name]), name


def test_french_is_first_and_english_is_there() -> None:
    assert language_codes()[0] == DEFAULT_LANGUAGE == "fr"
    assert "en" in language_codes()


@pytest.mark.parametrize("code", ["en", "en-GB", "EN_us"])
def test_a_language_is_found_by_its_primary_code(code: str) -> None:
    assert find_language(code) == ENGLISH


@pytest.mark.parametrize("code", [None, "", "tlh", 3])
def test_other_codes_give_the_default_language(code: object) -> None:
    assert find_language(code) == FRENCH


def test_a_note_says_which_documents_are_taken_for_french() -> None:
    metas = [{"lang": "fr"}, {}, {"lang": "de-AT"}, {"lang": 3}]
    note = "3 of 4 documents are treated as French: their metadata (`lang`) state"
    assert assumed_language(metas) == f"{note} the language 3, de-AT, which aloi does not know"
    assert assumed_language([{"lang": "fr"}, {"lang": "en-GB"}]) is None
    assert assumed_language(metas[:2]) == (
        "1 of 2 documents are treated as French: their metadata (`lang`) state no language"
    )


def test_documents_of_several_languages_get_the_default() -> None:
    english, french = {"lang": "en"}, {"lang": "fr"}
    assert common_language([english, english]) == ENGLISH
    assert common_language([english, french]) == FRENCH
    assert common_language([]) == FRENCH


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        (ENGLISH, "Russia's U.N. envoy didn't say", "Russia 's U.N. envoy did n't say"),
        (FRENCH, "L'envoyé d’Haïti à l'O.N.U.", "L' envoyé d’ Haïti à l' O.N.U."),
    ],
)
def test_tokens(language: Language, text: str, words: str) -> None:
    found = [text[start:end] for start, end in tokenize(text, language)]
    assert found == words.split()
    assert detokenize(found, lang=language.code)[0] == text


def test_sentences_of_english() -> None:
    text = "Mr. Roy met Gen. Lee. She left at 5 p.m. on Monday. No. 10 is silent."
    starts = sentence_starts(text, ENGLISH)
    assert [text[start:].split(maxsplit=1)[0] for start in starts] == ["Mr.", "She", "No."]
    assert len(sentence_starts(text, FRENCH)) > len(starts)
