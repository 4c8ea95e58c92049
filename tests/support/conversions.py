"""Documents written in a format and read back, through the registry as users do."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from aloi.corpus.document import Document, Relation
from aloi.corpus.formats import registry
from aloi.corpus.formats.shared.capabilities import reduce_document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import parse_options
from aloi.corpus.formats.shared.tokens import TOKENS_KEY


def there_and_back(
    documents: Iterable[Document],
    name: str,
    *,
    writing: tuple[str, ...] = (),
    reading: tuple[str, ...] = (),
) -> list[Document]:
    """What a format's reader makes of what its writer wrote, options given as key=value."""
    module = registry.load_format(name)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "out")
        options = parse_options(module.WriteOptions, writing)
        registry.write(documents, path, format_=name, options=options)
        parsed = parse_options(module.ReadOptions, reading)
        return [*map(without_tokens, registry.read(path, format_=name, options=parsed))]


def without_tokens(document: Document) -> Document:
    """The document without the tokens that the readers of token formats keep."""
    meta = {key: value for key, value in document.meta.items() if key != TOKENS_KEY}
    return msgspec.structs.replace(document, meta=meta)


def held(document: Document, name: str) -> Document:
    """The document reduced to what a format holds: what reading back must give."""
    return reduce_document(document, registry.load_format(name).CAPABILITIES, Notes())


def same(one: Document, other: Document) -> bool:
    """Equal, up to the order of relations that stand between the same mentions."""
    first, second = (
        msgspec.to_builtins(document) | {"relations": Counter(map(_plain, document.relations))}
        for document in (one, other)
    )
    return bool(first == second)


def _plain(relation: Relation) -> str:
    return json.dumps(msgspec.to_builtins(relation), sort_keys=True)
