"""The renaming of labels in a whole corpus: schema, documents, passes and inbox, all or nothing."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import INBOX, Corpus
from aloi.corpus.document import Document
from aloi.corpus.locks import locked
from aloi.corpus.migration.file_replacement import finish_replacement, replace_files
from aloi.corpus.migration.label_renames import (
    rename_document,
    rename_problems,
    rename_schema,
    rename_schema_text,
)
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.schema import Schema
from aloi.corpus.text_files import read_text

FOLDERS = ("gold", "restricted", INBOX, "passes")
"""The folders of a corpus with documents; `restricted` also contains passes."""


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
        contents, documents = _renamed_documents(folder, renames)
        schema, file = rename_schema(corpus.schema, renames), Path(corpus.manifest.schema)
        if schema != corpus.schema:
            text = read_text(folder / file)
            new_text = rename_schema_text(text, corpus.schema, renames, str(folder / file))
            contents[file] = new_text.encode()
        replace_files(folder, contents)
    mentions = tuple(_files_with_labels(folder, folder / file, renames))
    return MigrationResult(corpus.schema, schema, documents, mentions)


def _renamed_documents(
    folder: Path, renames: Mapping[str, str]
) -> tuple[dict[Path, bytes], Counter[str]]:
    """Return the new contents of files with an old label, and the changed documents by folder."""
    contents: dict[Path, bytes] = {}
    changed: Counter[str] = Counter()
    problems: list[Problem] = []
    for name in FOLDERS:
        files = (folder / name).rglob("*")
        for file in sorted(file for file in files if file.suffix in (".json", ".jsonl")):
            try:
                before = document_files.read(file)
            except DataError as error:
                problems += error.problems
                continue
            after = [rename_document(document, renames) for document in before]
            if after != before:
                contents[file.relative_to(folder)] = _encode(after, file)
                changed[name] += sum(x != y for x, y in zip(before, after, strict=True))
    if problems:
        raise DataError(problems)
    return contents, changed


def _encode(documents: list[Document], file: Path) -> bytes:
    if file.suffix == ".json":
        return document_files.pretty_json(documents[0]).encode()
    stream = io.StringIO()
    document_files.write_lines(documents, stream)
    return stream.getvalue().encode()


def _files_with_labels(
    folder: Path, schema_file: Path, renames: Mapping[str, str]
) -> Iterator[Path]:
    """Yield the TOML files of a corpus, except the schema, that contain an old label as a word."""
    words = re.compile("|".join(rf"(?<!\w){re.escape(old)}(?!\w)" for old in renames))
    for file in sorted(folder.rglob("*.toml")):
        if file != schema_file and words.search(file.read_text(encoding="utf-8")):
            yield file
