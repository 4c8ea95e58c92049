"""Documents that formats with one sentence per line can hold, for hypothesis."""

import msgspec
from hypothesis import strategies as st
from json_formats import on_tokens
from strategies import documents

from aloi.corpus.document import Document


@st.composite
def in_sentences(draw: st.DrawFn) -> Document:
    """Any text that begins with a token; relations only if the text is one line."""
    document = draw(on_tokens(documents()))
    start = len(document.text) - len(document.text.lstrip())
    if start:
        document = Document(document.id, document.text.lstrip(), ())
    if "\n" in document.text:
        document = msgspec.structs.replace(document, relations=())
    return document
