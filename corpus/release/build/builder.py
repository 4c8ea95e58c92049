"""Build the release of a corpus; if a step fails, the output folder stays unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from aloi.corpus.atomic_files import replacement_folder
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.detection import RELEASE_MANIFEST
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.optional_dependencies import need
from aloi.corpus.problems import DataError
from aloi.corpus.quality.checks import check_corpus
from aloi.corpus.release.build import dataset_tables
from aloi.corpus.release.build.citation import (
    CITATION_FILE,
    licence_text,
    release_citation,
    render_citation,
)
from aloi.corpus.release.build.contents import ReleaseContents, count_contents
from aloi.corpus.release.build.croissant import render_croissant
from aloi.corpus.release.build.dataset_card import render_card
from aloi.corpus.release.build.datasheet import render_datasheet
from aloi.corpus.release.build.figures import Figures
from aloi.corpus.release.build.output_folder import file_hashes, output_problems, write_checksums
from aloi.corpus.release.build.restricted_text_guard import corpus_guard
from aloi.corpus.release.read.hashes import (
    DOCUMENT_HASH_BYTES,
    canary_line,
    release_salt,
    salted_hash,
)
from aloi.corpus.release.read.release_folder import (
    CARD_FILE,
    CONFIGS,
    CROISSANT_FILE,
    SCHEMA_FILE,
    DocumentEntry,
    ReleaseManifest,
)
from aloi.corpus.release.restricted_text import folder_problems
from aloi.corpus.statistics.readme_tables import missing_documents

if TYPE_CHECKING:
    from datasets import DatasetInfo, Features
    from datasets.info import DatasetInfosDict

CHANGELOG_FILE = "CHANGELOG.md"


def build_release(
    corpus: Corpus,
    out: Path,
    *,
    figures: Figures | None = None,
    refs: bool = True,
    on_step: Callable[[str], object] = lambda step: None,
) -> tuple[str, ...]:
    """Write a release of a corpus to the folder `out`; an existing release is replaced.

    Two builds from the same corpus and figures are identical byte for byte. `refs`: whether to
    keep the refs of mentions in restricted documents. `on_step` is called with the name of each
    step.

    Returns notes, one per line: mentions that were expanded to whole tokens, or dropped, in the
    config `hf-tokens`, and splits that a config lacks because they have no rows. Raises `DataError`
    if the corpus has problems, if `out` exists and is neither a release nor an empty folder, or if
    a file would contain restricted text. After an error, `out` is unchanged.
    """
    need("datasets", extra="hub")
    on_step("checking the corpus")
    foreign = output_problems(out, manifest=RELEASE_MANIFEST, what="release")
    if problems := [*foreign, *check_corpus(corpus)]:
        raise DataError(problems)
    with replacement_folder(out) as folder:
        on_step("writing the tables")
        notes = Notes()
        infos = _write_tables(corpus, folder, refs=refs, notes=notes)
        on_step("writing the dataset card")
        contents = ReleaseContents(corpus, figures or Figures(), refs, infos)
        _write_text_files(contents, folder)
        on_step("searching for restricted text")
        if problems := list(folder_problems(folder, corpus_guard(corpus, refs=refs))):
            raise DataError(problems)
    return (*(f"hf-tokens: {note}" for note in notes), *_empty_table_notes(contents))


def _write_tables(corpus: Corpus, folder: Path, *, refs: bool, notes: Notes) -> DatasetInfosDict:
    """Write one table per config and split, and return the `DatasetInfo` of each config.

    A table without rows is written, but is not part of the config: `datasets` cannot load it.
    """
    from datasets.info import DatasetInfosDict  # noqa: PLC0415 - an extra

    infos = DatasetInfosDict()
    for config, features in dataset_tables.table_features(corpus.schema).items():
        info = _write_config(config, features, corpus, folder, refs=refs, notes=notes)
        if info.splits:
            infos[config] = info
    return infos


def _empty_table_notes(contents: ReleaseContents) -> Iterator[str]:
    """Yield a note for each config from which splits were left out."""
    for config in CONFIGS:
        kept = contents.splits_of(config)
        if left_out := [split for split in contents.splits if split not in kept]:
            yield f"{config}: no rows, so these splits cannot be loaded: {', '.join(left_out)}"


def _write_config(
    config: str, features: Features, corpus: Corpus, folder: Path, *, refs: bool, notes: Notes
) -> DatasetInfo:
    from datasets import DatasetInfo, SplitDict, SplitInfo  # noqa: PLC0415 - an extra

    splits, size = SplitDict(), 0
    for split in corpus.splits:
        rows = _rows(config, corpus, split, refs=refs, notes=notes)
        path = folder / config / f"{split}.parquet"
        table = dataset_tables.write_table(rows, features, path, canary_line(corpus.manifest.name))
        if table.num_rows:
            splits.add(SplitInfo(split, num_bytes=table.nbytes, num_examples=table.num_rows))
            size += path.stat().st_size
    return DatasetInfo(
        features=features,
        splits=splits,
        download_size=size,
        dataset_size=sum(info.num_bytes for info in splits.values()),
    )


def _rows(
    config: str, corpus: Corpus, split: str, *, refs: bool, notes: Notes
) -> Iterator[dataset_tables.Row]:
    """Yield the rows of one table (config and split), ordered by document id."""
    salt = release_salt(corpus.manifest.name, corpus.manifest.version)
    for document in _sorted_documents(corpus, split):
        rights = corpus.rights(document)
        if config == "standoff":
            keep_refs = refs or rights.redistributable
            yield dataset_tables.standoff_row(document, rights, salt=salt, refs=keep_refs)
        elif not rights.redistributable:
            continue
        elif config == "documents":
            yield dataset_tables.document_row(document, rights)
        elif config == "hf-tokens":
            yield from dataset_tables.token_rows(document, notes)
        else:
            yield from dataset_tables.relation_rows(document)


def _sorted_documents(corpus: Corpus, split: str) -> list[Document]:
    return sorted(corpus.split(split), key=lambda document: document.id)


def _write_text_files(contents: ReleaseContents, folder: Path) -> None:
    """Write all files except the tables; the last file contains the checksums of all others."""
    corpus = contents.corpus
    table_hashes = file_hashes(folder)
    texts = {
        CARD_FILE: render_card(contents),
        "DATASHEET.md": render_datasheet(contents),
        "LICENSE.md": licence_text(corpus),
        CITATION_FILE: render_citation(release_citation(contents)),
        CROISSANT_FILE: render_croissant(contents, table_hashes),
        RELEASE_MANIFEST: _render_manifest(contents),
        SCHEMA_FILE: (corpus.folder / corpus.manifest.schema).read_text(encoding="utf-8"),
    }
    changelog = corpus.folder / CHANGELOG_FILE
    if changelog.is_file():
        texts[CHANGELOG_FILE] = changelog.read_text(encoding="utf-8")
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    write_checksums(folder)


def _render_manifest(contents: ReleaseContents) -> str:
    """Return the content of `release.json`."""
    corpus, manifest = contents.corpus, contents.corpus.manifest
    splits = {split: _sorted_documents(corpus, split) for split in corpus.splits}
    content = ReleaseManifest(
        corpus=manifest.name,
        version=manifest.version,
        schema=corpus.schema.name,
        schema_version=corpus.schema.version,
        aloi=version("aloi"),
        canary=contents.canary,
        salt=contents.salt,
        refs=contents.refs,
        lacking=tuple(missing_documents(corpus)),
        documents={
            split: tuple(_entry(document, contents) for document in documents)
            for split, documents in splits.items()
        },
        counts={split: count_contents(documents) for split, documents in splits.items()},
    )
    return msgspec.json.format(msgspec.json.encode(content), indent=1).decode() + "\n"


def _entry(document: Document, contents: ReleaseContents) -> DocumentEntry:
    text_hash = salted_hash(document.text, contents.salt, DOCUMENT_HASH_BYTES)
    return DocumentEntry(document.id, text_hash, contents.corpus.rights(document).redistributable)
