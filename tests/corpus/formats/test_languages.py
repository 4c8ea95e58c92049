"""Token formats keep mentions in languages that have no French elision."""

import pytest
from conversions import there_and_back

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import registry

TEXTS = {
    "en": ("Apple's CEO doesn't like O'Neill's U.S. plan.", "Apple", "O'Neill", "U.S."),
    "de": ("Die EU-Kommission trifft Merkels Außenminister.", "EU", "Merkel", "Außenminister"),
    "it": ("Nell'Italia dell'Ottocento, l'Aquila c'era.", "Italia", "Ottocento", "Aquila"),
    "ca": ("L'Anna va a Sant Cugat-n'hi.", "Anna", "Sant Cugat"),
    "fi": ("Helsingissä EU:n huippukokous.", "Helsingissä", "EU"),
    "zh": ("习近平在北京会见普京。", "习近平", "北京", "普京"),
    "ar": ("وصل ماكرون إلى برلين.", "ماكرون", "برلين"),
}
"""A text and its mentions by language; some mentions end inside words of the tokenizer."""

WORDS_ONLY = {"spert", "crossre", "docred", "conll"}
"""Formats without white space: a text is rebuilt, so that a mention cut into words gets spaces."""

FORMATS = [
    name
    for name in registry.FORMAT_MODULES
    if "lang" in registry.load_format(name).WriteOptions.__struct_fields__
]


def test_all_token_formats_are_tested() -> None:
    kept = [n for n in registry.FORMAT_MODULES if registry.load_format(n).CAPABILITIES.tokens]
    assert set(kept) - set(FORMATS) == {"webanno"}  # cuts no tokens: it has parts of tokens


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("tokenizer", [True, False])
def test_mentions_keep_their_words(name: str, tokenizer: bool) -> None:
    for lang, (text, *surfaces) in TEXTS.items():
        starts = [text.index(surface) for surface in surfaces]
        entities = tuple(
            Entity(id=f"e{n}", start=start, end=start + len(surface), label="X")
            for n, (start, surface) in enumerate(zip(starts, surfaces, strict=True), start=1)
        )
        writing = (f"lang={lang}",) if tokenizer else ()
        (read,) = there_and_back([Document("d", text, entities)], name, writing=writing)
        if name in WORDS_ONLY:
            assert [s.replace(" ", "") for s in map(read.surface, read.entities)] == [
                surface.replace(" ", "") for surface in surfaces
            ]
        else:
            assert (read.text, read.entities) == (text, entities)
