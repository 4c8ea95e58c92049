"""Sentences, by a rule that can be stated.

A sentence ends with a line, or after `!`, `?`, `…` or a full stop that does not follow a single
letter (an initial, an acronym with points), closing quotes and brackets included, where white
space follows and then something that is not a small letter.
"""

from __future__ import annotations

import re

_END = re.compile(
    r"""\n+|(?:[!?…]|(?<!\b\w)\.)+["»”’)\]]*(?:\s*[»”])?\s+(?![\sa-zàâäéèêëîïôöùûüçœæ])"""
)


def sentence_starts(text: str) -> list[int]:
    """Where each sentence begins, in code points; the first is 0."""
    return [0, *(match.end() for match in _END.finditer(text) if match.end() < len(text))]
