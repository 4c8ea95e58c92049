"""The renaming of labels in a whole corpus, all or nothing.

Renamed are the labels in the schema, in all documents, and in the stand-off records below the
corpus folder that use the same schema.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aloi.corpus import document_files
from aloi.corpus.atomic_files import visible_files
from aloi.corpus.corpus_folder import INBOX, STANDOFF_MANIFEST, Corpus
from aloi.corpus.locks import locked
from aloi.corpus.migration.label_renames import (
    rename_document,
    rename_problems,
    rename_schema,
    rename_schema_text,
)
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.scale.file_replacement import finish_replacement, replace_files
from aloi.corpus.schema import Schema
from aloi.corpus.standoff.record import decode_record, encode_record
from aloi.corpus.standoff.standoff_folder import StandoffCorpus
from aloi.corpus.text_files import read_text

FOLDERS = ("gold", "restricted", INBOX, "passes")
"""The folders of a corpus with documents; `restricted` can also contain passes."""


@dataclass(frozen=True)
class MigrationResult:
    """A migrated corpus: its schemas, the changed documents by folder, and files to edit by hand.

    `mentions` lists the other TOML files of the corpus that contain an old label.
    """

    old_schema: Schema
    schema: Schema
    documents: Mapping[str, int]
    mentions: tuple[Path, ...]


def migrate_corpus(folder: Path, renames: Mapping[str, str]) -> MigrationResult:
    """Rename entity and relation labels in a corpus folder; return what was changed.

    The migration can be repeated: labels that are already renamed are left alone. Raise `DataError`
    with all problems, and change nothing, if the schema does not fit the renames or a document
    cannot be read.
    """
    with locked(folder):
        finish_replacement(folder)
        corpus = Corpus.open(folder)
        if problems := list(rename_problems(corpus.schema, renames)):
            raise DataError(problems)
        contents, documents = _renamed_documents(corpus, renames)
        schema, file = rename_schema(corpus.schema, renames), Path(corpus.manifest.schema)
        if schema != corpus.schema:
            text = read_text(folder / file)
            new_text = rename_schema_text(text, corpus.schema, renames, str(folder / file))
            contents[file] = new_text.encode()
        replace_files(folder, contents)
    mentions = tuple(_files_with_labels(folder, folder / file, renames))
    return MigrationResult(corpus.schema, schema, documents, mentions)


def _renamed_documents(
    corpus: Corpus, renames: Mapping[str, str]
) -> tuple[dict[Path, bytes], Counter[str]]:
    """Return the new contents of files with an old label, and the changed documents by folder.

    Paths are relative to the corpus folder. Raise `DataError` with the problems of all files.
    """
    contents: dict[Path, bytes] = {}
    changed: Counter[str] = Counter()
    problems: list[Problem] = []
    for folder, file in _document_files(corpus):
        standoff = folder not in FOLDERS
        try:
            number, content = (_rename_record if standoff else _rename_file)(file, renames)
        except DataError as error:
            problems += error.problems
        else:
            if number:
                contents[file.relative_to(corpus.folder)] = content
                changed[folder] += number
    if problems:
        raise DataError(problems)
    return contents, changed


def _document_files(corpus: Corpus) -> Iterator[tuple[str, Path]]:
    """Yield the files with documents or stand-off records, each with the name of its folder."""
    for name in FOLDERS:
        for file in visible_files(corpus.folder / name, ".json", ".jsonl"):
            yield name, file
    for manifest in sorted(corpus.folder.glob(f"*/{STANDOFF_MANIFEST}")):
        standoff = StandoffCorpus.open(manifest.parent)
        if (manifest.parent / standoff.manifest.schema).samefile(
            corpus.folder / corpus.manifest.schema
        ):
            for file in standoff.files():
                yield manifest.parent.name, file


def _rename_record(file: Path, renames: Mapping[str, str]) -> tuple[int, bytes]:
    """Return 1 if a stand-off record changes, otherwise 0, and its new content."""
    before = decode_record(file)
    after = rename_document(before, renames)
    return int(after != before), encode_record(after).encode()


def _rename_file(file: Path, renames: Mapping[str, str]) -> tuple[int, bytes]:
    """Return the number of documents in a file that change, and the new content of the file."""
    before = document_files.read(file)
    after = [rename_document(document, renames) for document in before]
    number = sum(x != y for x, y in zip(before, after, strict=True))
    if file.suffix == ".json":
        return number, document_files.pretty_json(after[0]).encode()
    stream = io.StringIO()
    document_files.write_lines(after, stream)
    return number, stream.getvalue().encode()


def _files_with_labels(
    folder: Path, schema_file: Path, renames: Mapping[str, str]
) -> Iterator[Path]:
    """Yield the TOML files of a corpus, except the schema, that contain an old label as a word."""
    words = re.compile("|".join(rf"(?<!\w){re.escape(old)}(?!\w)" for old in renames))
    for file in sorted(folder.rglob("*.toml")):
        if file != schema_file and words.search(file.read_text(encoding="utf-8")):
            yield file
