"""Documents whose mentions are flat and begin and end with words, for the token formats."""

from collections.abc import Sequence

from hypothesis import strategies as st

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.tokens import detokenize

WORDS = ("Ana", "Roy", "l'", "Oise", "«", "»", "(", ")", ".", ",", "!", "1,5", "#", "_", '"')
LABELS = st.sampled_from(("PER", "LOC", "a-b", "é.x"))
REFS = (None, "Q142", "w:a|b")
IDS = st.text(
    st.characters(exclude_categories=["Cs", "C", "Z"]) | st.sampled_from("/ %."),
    min_size=1,
    max_size=8,
).filter(lambda id_: id_ == id_.strip())


@st.composite
def tokenised(draw: st.DrawFn, *, gaps: Sequence[str] = ()) -> Document:
    """Words with `gaps` between them; without gaps, lines of words as `detokenize` sets them."""
    text, spans = "", []
    for words in draw(st.lists(st.lists(st.sampled_from(WORDS), min_size=1), max_size=3)):
        if not gaps:
            text += "\n" if text else ""
            line, tokens = detokenize(words)
            spans += [(len(text) + token.start, len(text) + token.end) for token in tokens]
            text += line
            continue
        for word in words:
            text += draw(st.sampled_from(gaps)) if text else ""
            spans.append((len(text), len(text) + len(word)))
            text += word
    return Document(draw(IDS), text, tuple(draw(mentions(spans))))


@st.composite
def mentions(draw: st.DrawFn, spans: Sequence[tuple[int, int]]) -> list[Entity]:
    """Mentions of up to three of these words each, one after the other."""
    found: list[Entity] = []
    position = 0
    while position < len(spans):
        length = draw(st.integers(0, 3))
        if length:
            start, end = spans[position][0], spans[position : position + length][-1][1]
            ref = draw(st.sampled_from(REFS))
            found.append(
                Entity(id=f"e{len(found) + 1}", start=start, end=end, label=draw(LABELS), ref=ref)
            )
        position += max(length, 1)
    return found
