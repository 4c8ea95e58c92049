"""Documents that formats with one sentence per line can hold, for hypothesis."""

import msgspec
from hypothesis import strategies as st
from json_formats import on_tokens
from strategies import documents

from aloi.corpus.document import Document


@st.composite
def in_sentences(draw: st.DrawFn) -> Document:
    """Any text; relations only if the text is one line."""
    document = draw(on_tokens(documents()))
    if "\n" in document.text:
        document = msgspec.structs.replace(document, relations=())
    return document
