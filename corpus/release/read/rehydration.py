"""Restore the documents that a release contains without text, from users' copies of the texts.

If the hash of a copy equals the hash in the release, all mentions are restored. Otherwise the copy
was changed, and `mention_alignment` searches the copy for each mention. A mention is restored only
if its position is certain. A relation is restored if its head and tail are restored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.intake import texts as intake
from aloi.corpus.problems import DataError, Problem, count_noun
from aloi.corpus.release.read.hashes import (
    DOCUMENT_HASH_BYTES,
    MENTION_HASH_BYTES,
    salted_hash,
)
from aloi.corpus.release.read.mention_alignment import locate_mentions
from aloi.corpus.release.read.release_folder import (
    Release,
    StandoffDocument,
    StandoffMention,
)
from aloi.corpus.rights import RIGHTS_KEYS
from aloi.corpus.streams import on_disk
from aloi.corpus.text_files import JSON_ERRORS

if TYPE_CHECKING:
    import pandas as pd

TextLookup = Callable[[str], str | None]
"""Function from a document id to the text of the document, or to None if there is no text."""

OutcomeCounts = dict[str, Counter[str]]
"""Number of annotations, by label and outcome."""

OUTCOMES = ("exact", "realigned", "lost")
"""Restored from an exact copy of the text; restored from a changed copy; not restored."""


@dataclass(frozen=True)
class RehydrationResult:
    """The restored documents, and the outcomes of documents, mentions and relations.

    `document_ids`: ids of documents, by outcome. `entities`, `relations`: numbers of mentions and
    relations, by label and outcome.
    """

    documents: tuple[Document, ...] = ()
    document_ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entities: OutcomeCounts = field(default_factory=dict)
    relations: OutcomeCounts = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether all documents, mentions and relations were restored."""
        counts = (*self.entities.values(), *self.relations.values())
        return not self.document_ids["lost"] and not any(each["lost"] for each in counts)

    def to_json(self) -> dict[str, Any]:
        """Return all counts and document ids, without any text."""
        return {
            "documents": {outcome: list(ids) for outcome, ids in self.document_ids.items()},
            "entities": _with_all_outcomes(self.entities),
            "relations": _with_all_outcomes(self.relations),
        }

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return a table of mentions and a table of relations, with labels as rows."""
        return {
            "entities": _outcome_table(self.entities),
            "relations": _outcome_table(self.relations),
        }

    def summary(self) -> Iterator[str]:
        """Yield one line per outcome, with the number and ids of the documents."""
        for outcome, ids in self.document_ids.items():
            listed = f": {', '.join(ids)}" if ids else ""
            yield f"{count_noun(len(ids), 'document')} {outcome}{listed}"


def _with_all_outcomes(counts: OutcomeCounts) -> dict[str, dict[str, int]]:
    return {
        label: {outcome: counts[label][outcome] for outcome in OUTCOMES} for label in sorted(counts)
    }


def _outcome_table(counts: OutcomeCounts) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - slow to import

    rows = _with_all_outcomes(counts)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(OUTCOMES))
    table.loc["all"] = table.sum()
    return table


def rehydrate(release: Release, texts: Path) -> RehydrationResult:
    """Restore the withheld documents of a release from copies of the texts.

    `texts`: a path that `read_named_texts` accepts, or a stream such as a named pipe.

    Raises `DataError` if the release or a text cannot be read.
    """
    with on_disk(texts) as source:
        lookup = text_lookup(release, read_named_texts(source.path))
    return restore_documents(release, lookup)


def restore_documents(release: Release, lookup: TextLookup) -> RehydrationResult:
    """Restore the withheld documents of a release from the texts that `lookup` returns.

    Raises `DataError` if the release cannot be read.
    """
    results = [
        (document, *_restore(document, lookup(document.id), release.manifest.salt))
        for document in withheld_documents(release)
    ]
    return RehydrationResult(
        documents=tuple(restored for _, _, restored in results if restored is not None),
        document_ids={
            outcome: tuple(document.id for document, reached, _ in results if reached == outcome)
            for outcome in OUTCOMES
        },
        entities=_count_outcomes(
            (document.entities, restored.entities if restored else (), outcome)
            for document, outcome, restored in results
        ),
        relations=_count_outcomes(
            (document.relations, restored.relations if restored else (), outcome)
            for document, outcome, restored in results
        ),
    )


def withheld_documents(release: Release) -> list[StandoffDocument]:
    """Return the documents that a release contains without text."""
    return [
        document
        for documents in release.standoff().values()
        for document in documents
        if not document.rights.redistributable
    ]


def text_lookup(release: Release, texts: Mapping[str, str]) -> TextLookup:
    """Return a function that looks up the texts of the withheld documents among named texts.

    A text belongs to the document with the same hash. Without such a document, it belongs to the
    document whose id is the name of the text. If exactly one text and one document remain, this
    text belongs to this document.
    """
    salt, withheld = release.manifest.salt, withheld_documents(release)
    name_of_hash = {
        salted_hash(text, salt, DOCUMENT_HASH_BYTES): name for name, text in texts.items()
    }
    names = {document.id: name_of_hash.get(document.hash, document.id) for document in withheld}
    unused = sorted(texts.keys() - names.values())
    without_text = [id_ for id_, name in names.items() if name not in texts]
    if len(unused) == len(without_text) == 1:
        names[without_text[0]] = unused[0]
    return lambda id_: texts.get(names[id_])


def read_named_texts(path: Path) -> dict[str, str]:
    """Return texts by name, from a `.txt`, `.html` or `.jsonl` file or a folder of text files.

    In JSON Lines, `id` is the name, and keys other than `id` and `text` are ignored. Other files
    are read and normalised as in `aloi corpus add`; the name of a text is the file name without its
    extension. Raises `DataError` with a problem for each unreadable file or line.
    """
    if path.suffix != ".jsonl":
        return {Path(text.file).stem: text.text for text in intake.read_texts(path)}
    texts: dict[str, str] = {}
    problems = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            record = msgspec.json.decode(line, type=_TextRecord) if line.strip() else None
        except JSON_ERRORS as error:
            fix = 'Write one JSON object per line: {"id": …, "text": …}'
            problems.append(Problem("bad-text", str(error), fix, file=str(path), line=number))
        else:
            texts |= {record.id: record.text} if record else {}
    if problems:
        raise DataError(problems)
    return texts


class _TextRecord(msgspec.Struct):
    id: str
    text: str


def _restore(
    document: StandoffDocument, text: str | None, salt: str
) -> tuple[str, Document | None]:
    """Return the outcome of a document, and the restored document (None if it is lost)."""
    if text is None:
        return "lost", None
    hash_mention = partial(salted_hash, salt=salt, size=MENTION_HASH_BYTES)
    same_hash = salted_hash(text, salt, DOCUMENT_HASH_BYTES) == document.hash
    exact = same_hash and len(text) == document.length
    if exact:
        starts = {mention.id: mention.start for mention in document.entities}
    else:
        starts = locate_mentions(document.entities, document.length, text, hash_mention)
    entities = tuple(
        _move(each, starts[each.id]) for each in document.entities if each.id in starts
    )
    if not exact and not entities:
        return "lost", None
    relations = tuple(r for r in document.relations if r.head in starts and r.tail in starts)
    restored = Document(document.id, text, entities, relations, _metadata(document))
    return "exact" if exact else "realigned", restored


def _move(mention: StandoffMention, start: int) -> Entity:
    end = start + mention.end - mention.start
    return Entity(
        id=mention.id,
        start=start,
        end=end,
        label=mention.label,
        ref=mention.ref,
        attributes=mention.attributes,
        score=mention.score,
    )


def _metadata(document: StandoffDocument) -> dict[str, Any]:
    """Return the metadata of a document, including its rights."""
    rights = {key: getattr(document.rights, name) for name, key in RIGHTS_KEYS.items()}
    return document.meta | {key: value for key, value in rights.items() if value is not None}


def _count_outcomes(
    documents: Iterable[tuple[Sequence[Entity | Relation], Sequence[Entity | Relation], str]],
) -> OutcomeCounts:
    """Return the number of annotations by label and outcome.

    Each document is given as a triple: all annotations, restored annotations, and outcome.
    """
    counts: OutcomeCounts = defaultdict(Counter)
    for original, restored, outcome in documents:
        kept = Counter(item.label for item in restored)
        for label, number in Counter(item.label for item in original).items():
            counts[label][outcome] += kept[label]
            counts[label]["lost"] += number - kept[label]
    return dict(counts)
