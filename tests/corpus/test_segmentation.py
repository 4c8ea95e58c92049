"""Sentence boundaries and word n-grams."""

from aloi.corpus.segmentation import sentence_starts, word_ngrams


def sentences(text: str) -> list[str]:
    starts = sentence_starts(text)
    return [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def test_sentence_ends() -> None:
    assert sentences("PARIS\nIl part. « Oui ! » Elle reste… Fin") == [
        "PARIS",
        "Il part.",
        "« Oui ! »",
        "Elle reste…",
        "Fin",
    ]


def test_initials_abbreviations_and_decimals_do_not_end_a_sentence() -> None:
    for text in ("M. Kofi A. Annan parle", "le 8 déc. dernier", "Quoi ? dit-elle", "3.5 millions"):
        assert sentences(text) == [text]


def test_word_ngrams_ignore_case_and_punctuation() -> None:
    assert word_ngrams("Ana, ANA va.", 2) == {("ana", "ana"), ("ana", "va")}
    assert word_ngrams("Ana", 2) == set()
