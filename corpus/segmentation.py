"""Segmentation of plain text by simple rules: sentences and word n-grams.

A sentence ends at a line break. It also ends after `!`, `?`, `…` or a full stop if white space
follows and the next word does not begin with a lower-case letter. Closing quotes and brackets
after the punctuation mark belong to the sentence. A full stop after a single letter (an initial,
or `U.N.`) does not end a sentence.
"""

from __future__ import annotations

import re

NGRAM_WORDS = 13
"""Default length of word n-grams.

Brown et al. (2020, appendix C) use n-grams of this length to measure the overlap between texts.
Shorter n-grams are often stock phrases or official names.
"""

_SENTENCE_END = re.compile(
    r"""\n+|(?:[!?…]|(?<!\b\w)\.)+["»”’)\]]*(?:\s*[»”])?\s+(?![\sa-zàâäéèêëîïôöùûüçœæ])"""
)


def sentence_starts(text: str) -> list[int]:
    """Return the offset of each sentence, in code points; the first offset is 0."""
    return [0, *(match.end() for match in _SENTENCE_END.finditer(text) if match.end() < len(text))]


def word_ngrams(text: str, length: int = NGRAM_WORDS) -> set[tuple[str, ...]]:
    """Return all sequences of `length` consecutive words, in lower case and without punctuation."""
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
