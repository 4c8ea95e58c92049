"""Build the release of a corpus; if a step fails, the output folder stays unchanged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from aloi.corpus.atomic_files import replacement_folder
from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.detection import RELEASE_MANIFEST, is_release
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.locks import lock_file
from aloi.corpus.optional_dependencies import need
from aloi.corpus.problems import DataError, Problem
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
from aloi.corpus.release.build.restricted_text_guard import corpus_guard
from aloi.corpus.release.read.hashes import (
    DOCUMENT_HASH_BYTES,
    canary_line,
    release_salt,
    salted_hash,
)
from aloi.corpus.release.read.release_folder import (
    CARD_FILE,
    CHECKSUM_FILE,
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
    if problems := [*_folder_problems(out), *check_corpus(corpus)]:
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


def _folder_problems(out: Path) -> Iterator[Problem]:
    """Yield a problem if `out` is neither an unchanged release nor an empty folder."""
    if out.exists() and not is_release(out) and (not out.is_dir() or any(out.iterdir())):
        what = "the output path exists, but is neither a release nor an empty folder"
        fix = "Give the path of a new folder"
        yield Problem("not-a-release", what, fix, file=str(out))
    elif is_release(out) and (foreign := _foreign_files(out)):
        what = f"files of this release were added or changed after its build: {', '.join(foreign)}"
        fix = "Move these files to another place, or give the path of a new folder"
        yield Problem("foreign-files", what, fix, file=str(out))


def _foreign_files(release: Path) -> list[str]:
    """Return the files of a release that are not as the build wrote them."""
    sums = release / CHECKSUM_FILE
    lines = sums.read_bytes().decode("utf-8", "replace").splitlines() if sums.is_file() else []
    listed = {path: sha256 for sha256, _, path in (line.partition("  ") for line in lines)}
    own = (CHECKSUM_FILE, lock_file(release).name)
    hashes = _file_hashes(release)
    return sorted(path for path in hashes if path not in own and hashes[path] != listed.get(path))


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
    table_hashes = _file_hashes(folder)
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
    checksums = "".join(f"{sha256}  {path}\n" for path, sha256 in _file_hashes(folder).items())
    (folder / CHECKSUM_FILE).write_bytes(checksums.encode())


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


def _file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by path relative to the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
