"""Where sentences begin."""

from aloi.corpus.sentences import sentence_starts


def sentences(text: str) -> list[str]:
    starts = sentence_starts(text)
    return [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def test_ends_of_sentences() -> None:
    assert sentences("PARIS\nIl part. « Oui ! » Elle reste… Fin") == [
        "PARIS",
        "Il part.",
        "« Oui ! »",
        "Elle reste…",
        "Fin",
    ]


def test_what_does_not_end_a_sentence() -> None:
    for text in ("M. Kofi A. Annan parle", "le 8 déc. dernier", "Quoi ? dit-elle", "3.5 millions"):
        assert sentences(text) == [text]
