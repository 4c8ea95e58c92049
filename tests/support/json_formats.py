"""Files read in a format through the registry, damaged JSON, and mentions that fall on tokens."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from strategies import documents

from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import parse_options
from aloi.corpus.formats.shared.tokens import align_mentions, tokenize
from aloi.corpus.problems import DataError

FUZZING = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
"""How long to look for content that crashes a reader."""

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 2**70) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)


def read(
    content: str | bytes, name: str, *options: str, notes: Notes | None = None
) -> list[Document]:
    """The documents in a file of this content, options given as key=value."""
    module = registry.load_format(name)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sample.json"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        parsed = parse_options(module.ReadOptions, options)
        return list(registry.read(str(file), format_=name, options=parsed, notes=notes))


def written(document: Document, name: str, *options: str, notes: Notes | None = None) -> str:
    """What a format's writer makes of one document."""
    module = registry.load_format(name)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "out.json"
        parsed = parse_options(module.WriteOptions, options)
        registry.write([document], str(file), format_=name, options=parsed, notes=notes)
        return file.read_bytes().decode()


def survives(content: bytes, name: str) -> None:
    """Whatever the content, there are documents or told problems; anything else raises."""
    try:
        read(content, name)
    except DataError as error:
        assert error.problems  # noqa: PT017 - whether it raises is the content's affair


@st.composite
def damaged(draw: st.DrawFn, good: str) -> bytes:
    """A good file with a value of its JSON replaced, or some of its bytes."""
    if draw(st.booleans()):
        lines = good.splitlines() if _loads(good) is None else [good]
        values = [json.loads(line) for line in lines]
        for value in values:
            _damage(draw, value)
        return "\n".join(map(json.dumps, values)).encode()
    content = good.encode()
    start, end = sorted(draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    return content[:start] + draw(st.binary(max_size=5)) + content[end:]


def _loads(content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _damage(draw: st.DrawFn, value: Any) -> None:
    """Replace one value somewhere inside."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        inner = value[key]
        if not isinstance(inner, dict | list) or draw(st.integers(0, 4)) == 0:
            value[key] = draw(JUNK)
            return
        value = inner


@st.composite
def on_tokens(draw: st.DrawFn, source: st.SearchStrategy[Document] | None = None) -> Document:
    """A document whose mentions all begin and end with a token: what token formats can hold."""
    document = draw(documents() if source is None else source)
    laid = align_mentions(document, tokenize(document.text), policy="drop", notes=Notes())
    starts, ends = zip(*tokenize(document.text), strict=True) if laid else ((), ())
    entities = tuple(m.entity for m in laid if m.entity.start in starts and m.entity.end in ends)
    ids = {entity.id for entity in entities}
    relations = tuple(r for r in document.relations if r.head in ids and r.tail in ids)
    return Document(document.id, document.text, entities, relations, document.meta)


@st.composite
def visible(draw: st.DrawFn, source: st.SearchStrategy[Document] | None = None) -> Document:
    """A document whose mentions do not begin or end with white space: tokens are cut at them."""
    document = draw(documents() if source is None else source)
    entities = []
    for entity in document.entities:
        surface = document.surface(entity)
        if word := surface.strip():
            start = entity.start + surface.index(word)
            end = start + len(word)
            entities.append(msgspec.structs.replace(entity, start=start, end=end))
    ids = {entity.id for entity in entities}
    relations = tuple(r for r in document.relations if r.head in ids and r.tail in ids)
    return msgspec.structs.replace(document, entities=tuple(entities), relations=relations)


SPACED = st.lists(
    st.sampled_from(["Ana", "été", "1,5", "-", "\U0001d4d0", "l", "’", "O.N.U."])
).map(" ".join)
"""Texts that are their tokens with one space between them."""
LINES = st.lists(SPACED.filter(bool)).map("\n".join)
"""Lines of such texts."""


@st.composite
def clustered(draw: st.DrawFn, source: st.SearchStrategy[Document]) -> Document:
    """A document whose mentions often share a ref, and a label."""
    document = draw(source)
    refs, labels = st.sampled_from([None, "q", "r"]), st.sampled_from("AB")
    entities = tuple(
        msgspec.structs.replace(entity, ref=draw(refs), label=draw(labels))
        for entity in document.entities
    )
    return Document(document.id, document.text, entities, document.relations, document.meta)
