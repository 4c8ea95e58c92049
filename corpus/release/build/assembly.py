"""Making a release of a corpus: its folder, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from aloi.corpus.statistics.readme_tables import missing_documents
from aloi.corpus.quality.checks import check_corpus
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document
from aloi.corpus.extras import need
from aloi.corpus.files import replacement_folder
from aloi.corpus.formats.detection import is_release
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.build import documentation as card
from aloi.corpus.release.build import rows as tables
from aloi.corpus.release.build.croissant import croissant
from aloi.corpus.release.build.figures import Figures
from aloi.corpus.release.read.layout import (
    CARD,
    CROISSANT,
    DOCUMENT_BYTES,
    MANIFEST,
    SCHEMA,
    SUMS,
    Entry,
    ReleaseManifest,
    canary_of,
    hash_of,
    salt_of,
)
from aloi.corpus.release.restricted_text import Guard, leak_problems

if TYPE_CHECKING:
    from datasets.info import DatasetInfosDict

CHANGES = "CHANGELOG.md"


def build(
    corpus: Corpus,
    out: Path,
    *,
    figures: Figures | None = None,
    refs: bool = True,
    tell: Callable[[str], object] = lambda step: None,
) -> Notes:
    """Write a release of a corpus to a folder, in place of the release that may be there.

    The same corpus and figures give the same bytes. `refs` says whether mentions whose text is not
    given keep what they refer to; `tell` is called with each step. Returns what the tokens made of
    mentions that do not fall on them. Raises `DataError`, and leaves the folder as it was, if the
    corpus has problems, if something other than a release is in the folder, or if text that may
    not be given on would reach any file.
    """
    need("datasets", extra="hub")
    tell("checking the corpus")
    if problems := [*_place_problems(out), *check_corpus(corpus)]:
        raise DataError(problems)
    with replacement_folder(out) as folder:
        tell("writing the tables")
        notes = Notes()
        infos = _write_tables(corpus, folder, refs=refs, notes=notes)
        contents = card.Contents(corpus, figures or Figures(), refs, infos)
        tell("writing the card")
        _write_papers(contents, folder)
        tell("searching for restricted text")
        problems = list(leak_problems(folder, guard(corpus, refs=refs)))
        if problems:
            raise DataError(problems)
    return notes


def guard(corpus: Corpus, *, refs: bool) -> Guard:
    """Return a guard that finds the text of this corpus's restricted documents.

    Besides the open documents it allows what a release contains on purpose: ids, rights, the
    metadata and refs that are kept, and the words of the templates and the schema.
    """
    restricted: list[Document] = []
    allowed: list[str | None] = [*card.package_words(corpus)]
    for document in corpus.documents:
        rights = corpus.rights(document)
        if rights.redistributable:
            allowed.append(f"{document.text}\n{document.meta}")
            continue
        restricted.append(document)
        allowed += [document.id, rights.licence, rights.holder, rights.source, rights.retrieved]
        allowed += [str(document.meta.get(key)) for key in tables.KEPT_META]
        allowed += [entity.ref for entity in document.entities if refs]
    return Guard(restricted, filter(None, allowed))


def _place_problems(out: Path) -> Iterator[Problem]:
    """What keeps a release from being written to a path."""
    if out.exists() and not is_release(out) and (not out.is_dir() or any(out.iterdir())):
        what, fix = "there is something else than a release", "Give another path, or empty it"
        yield Problem("not-a-release", what, fix, file=str(out))


def _write_tables(corpus: Corpus, folder: Path, *, refs: bool, notes: Notes) -> DatasetInfosDict:
    """Write every config's splits; returns how `datasets` describes them."""
    from datasets import DatasetInfo, SplitDict, SplitInfo  # noqa: PLC0415 - an extra
    from datasets.info import DatasetInfosDict  # noqa: PLC0415 - an extra

    infos = DatasetInfosDict()
    for config, types in tables.features(corpus.schema).items():
        splits = SplitDict()
        for split in corpus.splits:
            rows = _rows(config, corpus, split, refs=refs, notes=notes)
            path = folder / config / f"{split}.parquet"
            table = tables.write(rows, types, path, canary_of(corpus.manifest.name))
            splits.add(SplitInfo(split, num_bytes=table.nbytes, num_examples=table.num_rows))
        size = sum(file.stat().st_size for file in (folder / config).iterdir())
        infos[config] = DatasetInfo(
            features=types,
            splits=splits,
            download_size=size,
            dataset_size=sum(info.num_bytes for info in splits.values()),
        )
    return infos


def _rows(
    config: str, corpus: Corpus, split: str, *, refs: bool, notes: Notes
) -> Iterator[tables.Row]:
    """The rows of a config's split, the documents by id."""
    salt = salt_of(corpus.manifest.name, corpus.manifest.version)
    for document in sorted(corpus.split(split), key=lambda document: document.id):
        rights = corpus.rights(document)
        if config == "standoff":
            kept = refs or rights.redistributable
            yield tables.standoff_row(document, rights, salt=salt, refs=kept)
        elif not rights.redistributable:
            continue
        elif config == "documents":
            yield tables.document_row(document, rights)
        elif config == "tokens":
            yield tables.token_row(document, notes)
        else:
            yield from tables.relation_rows(document)


def _write_papers(contents: card.Contents, folder: Path) -> None:
    """Write all that is not a table, the checksums last."""
    corpus = contents.corpus
    hashes = _hashes(folder)
    papers = {
        CARD: card.readme(contents),
        "DATASHEET.md": card.datasheet(contents),
        "LICENSE.md": card.licence(corpus),
        "CITATION.cff": card.citation(contents),
        CROISSANT: croissant(contents, hashes),
        MANIFEST: _manifest(contents),
        SCHEMA: (corpus.folder / corpus.manifest.schema).read_text(encoding="utf-8"),
    }
    changes = corpus.folder / CHANGES
    if changes.is_file():
        papers[CHANGES] = changes.read_text(encoding="utf-8")
    for name, text in papers.items():
        (folder / name).write_bytes(text.encode())
    sums = "".join(f"{sha256}  {path}\n" for path, sha256 in _hashes(folder).items())
    (folder / SUMS).write_bytes(sums.encode())


def _manifest(contents: card.Contents) -> str:
    corpus = contents.corpus
    name, number = corpus.manifest.name, corpus.manifest.version
    salt = salt_of(name, number)

    def entry(document: Document) -> Entry:
        text_hash = hash_of(document.text, salt, DOCUMENT_BYTES)
        return Entry(document.id, text_hash, corpus.rights(document).redistributable)

    splits = {
        split: sorted(corpus.split(split), key=lambda document: document.id)
        for split in corpus.splits
    }
    manifest = ReleaseManifest(
        corpus=name,
        version=number,
        schema=corpus.schema.name,
        schema_version=corpus.schema.version,
        aloi=version("aloi"),
        canary=contents.canary,
        salt=salt,
        refs=contents.refs,
        lacking=tuple(missing_documents(corpus)),
        documents={split: tuple(map(entry, found)) for split, found in splits.items()},
        counts={split: card.totals(found) for split, found in splits.items()},
    )
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1).decode() + "\n"


def _hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder, by its path in it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
