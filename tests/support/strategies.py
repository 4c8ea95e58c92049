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
def documents(
    draw: st.DrawFn,
    *,
    names: st.SearchStrategy[str] = NAMES,
    texts: st.SearchStrategy[str] = TEXTS,
    labels: st.SearchStrategy[str] = NAMES,
    ids: st.SearchStrategy[str] = NAMES,
    attributes: st.SearchStrategy[dict[str, str]] = ATTRIBUTES,
    refs: st.SearchStrategy[str | None] = st.none() | NAMES,  # noqa: B008 - strategies are values
) -> Document:
    """Documents of anything; a format that is choosier gives strategies of its own."""
    text = draw(texts)
    spans = []
    if text:
        positions = st.integers(0, len(text))
        pairs = st.tuples(positions, positions).filter(lambda pair: pair[0] != pair[1])
        spans = [sorted(pair) for pair in draw(st.lists(pairs, max_size=6))]
    mentions = draw(st.lists(names, min_size=len(spans), max_size=len(spans), unique=True))
    entities = tuple(
        Entity(
            id=name,
            start=start,
            end=end,
            label=draw(labels),
            ref=draw(refs),
            attributes=draw(attributes),
            score=draw(SCORES),
        )
        for name, (start, end) in zip(mentions, spans, strict=True)
    )
    relations = ()
    if mentions:
        some = st.sampled_from(mentions)
        arc = st.builds(
            Relation,
            head=some,
            tail=some,
            label=labels,
            id=st.none() | names,
            attributes=attributes,
            score=SCORES,
        )
        relations = tuple(draw(st.lists(arc, max_size=4)))
    meta = draw(st.dictionaries(NAMES.filter("id".__ne__), NAMES | st.integers(0, 9), max_size=2))
    return Document(draw(ids), text, entities, relations, meta)
