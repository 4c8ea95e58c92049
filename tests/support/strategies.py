"""Documents of any Unicode text, with nested, equal and crossing spans, for hypothesis."""

from hypothesis import strategies as st

from aloi.corpus.document import Document, Entity, Relation

TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("[]()\\+#@= \n\r\t\u00a0\u202f\u0301\u200d🇫👩‍é"),
    ),
    max_size=60,
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
ATTRIBUTES = st.dictionaries(
    NAMES.filter(lambda name: name not in ("id", "score")), NAMES, max_size=2
)
SCORES = st.none() | st.floats(0, 1)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    text = draw(TEXTS)
    spans = []
    if text:
        positions = st.integers(0, len(text))
        pairs = st.tuples(positions, positions).filter(lambda pair: pair[0] != pair[1])
        spans = [sorted(pair) for pair in draw(st.lists(pairs, max_size=6))]
    ids = draw(st.lists(NAMES, min_size=len(spans), max_size=len(spans), unique=True))
    entities = tuple(
        Entity(
            id_, start, end, draw(NAMES), draw(st.none() | NAMES), draw(ATTRIBUTES), draw(SCORES)
        )
        for id_, (start, end) in zip(ids, spans, strict=True)
    )
    relations = ()
    if ids:
        some = st.sampled_from(ids)
        arc = st.builds(Relation, some, some, NAMES, st.none() | NAMES, ATTRIBUTES, SCORES)
        relations = tuple(draw(st.lists(arc, max_size=4)))
    meta = draw(st.dictionaries(NAMES.filter("id".__ne__), NAMES | st.integers(0, 9), max_size=2))
    return Document(draw(NAMES), text, entities, relations, meta)


def crosses(document: Document) -> bool:
    """Whether two mentions overlap without one containing the other."""
    spans = {(entity.start, entity.end) for entity in document.entities}
    return any(a < c < b < d for a, b in spans for c, d in spans)
