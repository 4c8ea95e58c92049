"""Documents whose text may not be given on, put together again by who has the text.

A text with the hash of its document gets every mention. Any other is aligned
(`aloi.corpus.release.read.alignment`) and gets the mentions found without doubt; a relation needs
both its ends. Nothing is attached in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.intake import texts as intake
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.read.alignment import align
from aloi.corpus.release.read.layout import (
    DOCUMENT_BYTES,
    MENTION_BYTES,
    Mark,
    Release,
    Standoff,
    hash_of,
)
from aloi.corpus.rights import RIGHTS_KEYS

Fetch = Callable[[str], str | None]
"""Gives the text of a document by its id, None if there is none."""

OUTCOMES = ("exact", "realigned", "lost")


@dataclass(frozen=True)
class Rehydrated:
    """The documents put together, and how many mentions and relations of each type came through.

    `entities` and `relations` are by label, then by outcome (`OUTCOMES`); `documents` by outcome
    name the documents, one being realigned if it was found at all and its text is not the same.
    """

    found: tuple[Document, ...] = ()
    documents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    entities: dict[str, Counter[str]] = field(default_factory=dict)
    relations: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether nothing was lost."""
        counts = (*self.entities.values(), *self.relations.values())
        return not self.documents["lost"] and not any(each["lost"] for each in counts)

    def to_json(self) -> dict[str, Any]:
        """The report as plain values, without any text."""
        return {
            "documents": {outcome: list(ids) for outcome, ids in self.documents.items()},
            "entities": _plain(self.entities),
            "relations": _plain(self.relations),
        }


def rehydrate(release: Release, fetch: Fetch) -> Rehydrated:
    """The release's documents without text, put together from the texts that `fetch` gives.

    Raises `DataError` if the release cannot be read.
    """
    salt = release.manifest.salt
    documents: dict[str, list[str]] = {outcome: [] for outcome in OUTCOMES}
    entities: dict[str, Counter[str]] = {}
    relations: dict[str, Counter[str]] = {}
    found = []
    for bare in wanted(release):
        text = fetch(bare.id)
        outcome, document = _attached(bare, text, salt)
        documents[outcome].append(bare.id)
        if document is not None:
            found.append(document)
        kept = document or Document(bare.id, "", ())
        _count(entities, bare.entities, kept.entities, outcome)
        _count(relations, bare.relations, kept.relations, outcome)
    named = {outcome: tuple(ids) for outcome, ids in documents.items()}
    return Rehydrated(tuple(found), named, entities, relations)


def wanted(release: Release) -> list[Standoff]:
    """The documents of a release that lack their text."""
    return [
        bare
        for split in release.standoff().values()
        for bare in split
        if not bare.rights.redistributable
    ]


def texts_of(release: Release, texts: Mapping[str, str]) -> Fetch:
    """Finds texts given under any names: by their hash first, then by the name, being an id.

    A single text left for a single document is taken for its text.
    """
    salt, missing = release.manifest.salt, wanted(release)
    hashes = {hash_of(text, salt, DOCUMENT_BYTES): name for name, text in texts.items()}
    names = {bare.id: hashes.get(bare.hash, bare.id) for bare in missing}
    left = sorted(texts.keys() - names.values())
    lacking = [id_ for id_, name in names.items() if name not in texts]
    if len(left) == len(lacking) == 1:
        names[lacking[0]] = left[0]
    return lambda id_: texts.get(names[id_])


def read_texts(path: Path) -> dict[str, str]:
    """Texts by name: those of a `.txt` or `.html` file or a folder of them, or of JSON Lines.

    A line of JSON has `id` and `text`, and may have more. Files are read and normalised as
    `aloi corpus add` does. Raises `DataError` with all that cannot be read.
    """
    if path.suffix != ".jsonl":
        return {Path(text.file).stem: text.text for text in intake.read_texts(path)}
    texts: dict[str, str] = {}
    problems = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            record = msgspec.json.decode(line, type=_Text) if line.strip() else None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            fix = 'Write {"id": …, "text": …}, one a line'
            problems.append(Problem("bad-text", str(error), fix, file=str(path), line=number))
        else:
            texts |= {record.id: record.text} if record else {}
    if problems:
        raise DataError(problems)
    return texts


class _Text(msgspec.Struct):
    id: str
    text: str


def _attached(bare: Standoff, text: str | None, salt: str) -> tuple[str, Document | None]:
    """How a document came through, and what could be put together of it."""
    if text is None:
        return "lost", None
    hashed = partial(hash_of, salt=salt, size=MENTION_BYTES)
    exact = hash_of(text, salt, DOCUMENT_BYTES) == bare.hash and len(text) == bare.length
    if exact:
        places = {mark.id: mark.start for mark in bare.entities}
    else:
        places = align(bare.entities, bare.length, text, hashed)
    entities = tuple(_placed(mark, places[mark.id]) for mark in bare.entities if mark.id in places)
    if not exact and not entities:
        return "lost", None
    relations = tuple(r for r in bare.relations if r.head in places and r.tail in places)
    document = Document(bare.id, text, entities, relations, _meta(bare))
    return "exact" if exact else "realigned", document


def _placed(mark: Mark, start: int) -> Entity:
    end = start + mark.end - mark.start
    return Entity(mark.id, start, end, mark.label, mark.ref, mark.attributes, mark.score)


def _meta(bare: Standoff) -> dict[str, Any]:
    """The metadata kept, and the rights under the keys that documents have them."""
    rights = {key: getattr(bare.rights, name) for name, key in RIGHTS_KEYS.items()}
    return bare.meta | {key: value for key, value in rights.items() if value is not None}


def _count(
    counts: dict[str, Counter[str]],
    before: Iterable[Entity | Relation],
    after: Iterable[Entity | Relation],
    outcome: str,
) -> None:
    """Add to each label what came through in this way, and what was lost."""
    asked, kept = (Counter(item.label for item in items) for items in (before, after))
    for label, number in asked.items():
        found = Counter({outcome: kept[label]}) + Counter(lost=number - kept[label])
        counts[label] = counts.get(label, Counter()) + found


def _plain(counts: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {
        label: {outcome: counts[label][outcome] for outcome in OUTCOMES} for label in sorted(counts)
    }
