"""The strings in a pipeline's vocabulary: names that only the annotation contains are left out.

spaCy stores every string that it sees, also the refs and ids of the training documents. Predictions
do not need them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from spacy.language import Language
from spacy.strings import get_string_id

from aloi.corpus.document import Document

STRINGS_FILE = "vocab/strings.json"
"""The file of a pipeline folder with all strings of its vocabulary."""


def annotation_names(documents: Iterable[Document]) -> set[str]:
    """Return the ids and refs of documents and mentions, and the attributes of mentions."""
    names: set[str] = set()
    for document in documents:
        names.add(document.id)
        for entity in document.entities:
            names |= {entity.id, entity.ref or "", *entity.attributes, *entity.attributes.values()}
    return names


def remove_names(folder: Path, nlp: Language, names: set[str]) -> int:
    """Remove names from the vocabulary in the folder of a pipeline; return how many were removed.

    Kept are the names that are words: forms, norms, shapes, prefixes or suffixes of tokens, keys of
    word vectors, and labels of components.
    """
    file = folder / STRINGS_FILE
    strings: list[str] = json.loads(file.read_text(encoding="utf-8"))
    candidates = names.intersection(strings)
    kept = _words(nlp, candidates) | {
        label for labels in nlp.pipe_labels.values() for label in labels
    }
    removed = candidates - kept
    if removed:
        left = [string for string in strings if string not in removed]
        file.write_text(json.dumps(left, ensure_ascii=False, indent=2), encoding="utf-8")
    return len(removed)


def _words(nlp: Language, names: set[str]) -> set[str]:
    """Return the names that are words of the vocabulary."""
    ids = {get_string_id(name): name for name in names}
    used: set[int] = set()
    for lexeme in nlp.vocab:
        used |= {lexeme.orth, lexeme.lower, lexeme.norm, lexeme.shape, lexeme.prefix, lexeme.suffix}
    return {name for key, name in ids.items() if key in used or key in nlp.vocab.vectors}
