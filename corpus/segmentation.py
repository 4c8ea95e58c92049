"""Segmentation of plain text by simple rules: sentences and word n-grams.

A sentence ends at a line break. It also ends after `!`, `?`, `…` or a full stop if white space
follows and the next word does not begin with a lower-case letter. Closing quotes and brackets
after the punctuation mark belong to the sentence. A full stop after a single letter (an initial,
or `U.N.`) or after an abbreviation of the language does not end a sentence.
"""

from __future__ import annotations

import re
from functools import cache

from aloi.corpus.languages.language import DEFAULT_LANGUAGE, Language, SentenceRules, load_language

NGRAM_WORDS = 13
"""Default length of word n-grams.

Brown et al. (2020, appendix C) use n-grams of this length to measure the overlap between texts.
Shorter n-grams are often stock phrases or official names.
"""


def sentence_starts(text: str, language: Language | None = None) -> list[int]:
    """Return the offset of each sentence, in code points; the first offset is 0.

    `language` is the language of the text (default: the default language).
    """
    pattern = _sentence_end((language or load_language(DEFAULT_LANGUAGE)).sentences)
    return [0, *(match.end() for match in pattern.finditer(text) if match.end() < len(text))]


@cache
def _sentence_end(rules: SentenceRules) -> re.Pattern[str]:
    """Return the pattern of the end of a sentence, with the white space that follows."""
    full_stop = "".join(rf"(?<!\b{word})" for word in (r"\w", *rules.abbreviations)) + r"\."
    closing = r"""["»”’)\]]*(?:\s*[»”])?"""
    return re.compile(rf"\n+|(?:[!?…]|{full_stop})+{closing}\s+(?![\s{rules.lowercase}])")


def word_ngrams(text: str, length: int = NGRAM_WORDS) -> set[tuple[str, ...]]:
    """Return all sequences of `length` consecutive words, in lower case and without punctuation."""
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
