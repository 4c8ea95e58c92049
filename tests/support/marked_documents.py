"""Documents from texts with marked mentions: `Le [président](ROLE) [Macron](PER)`."""

import re
from typing import Any

from aloi.corpus.document import Document, Entity

_MENTION = re.compile(r"\[([^\[\]]*)\]\((\w+)(?:#([\w-]+))?\)")


def marked_document(marked: str, id_: str = "d", **meta: Any) -> Document:
    """Return a document with the marked mentions; `#ref` after a label is the ref.

    Mentions are numbered e1, e2 … in text order and are not nested.
    """
    text, entities, end = "", [], 0
    for number, match in enumerate(_MENTION.finditer(marked), start=1):
        text += marked[end : match.start()]
        surface, label, ref = match.groups()
        entities.append(
            Entity(
                id=f"e{number}", start=len(text), end=len(text) + len(surface), label=label, ref=ref
            )
        )
        text += surface
        end = match.end()
    return Document(id_, text + marked[end:], tuple(entities), (), meta)


def refs_of(document: Document) -> list[tuple[str, str | None]]:
    """Return the surface and the ref of each mention."""
    return [(document.surface(each), each.ref) for each in document.entities]
