"""Attach the texts to a stand-off corpus, and detach documents from their texts.

`attach_texts` writes a corpus folder that all commands read. `detach_documents` is the inverse for
maintainers: it writes the records of annotated documents.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from aloi.corpus import document_files
from aloi.corpus.atomic_files import atomic_folder, replacement_folder
from aloi.corpus.corpus_folder import CORPUS_MANIFEST, REVIEW_FILE, Manifest
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.removal.removed_documents import removed_documents, removed_problems
from aloi.corpus.standoff.accepted_places import attached_review
from aloi.corpus.standoff.collection import TextCollection
from aloi.corpus.standoff.record import (
    SCHEMA_VERSION,
    Record,
    attach,
    decode_record,
    detach,
    encode_record,
)
from aloi.corpus.standoff.standoff_checks import record_problems
from aloi.corpus.standoff.standoff_folder import GOLD, PASSES, StandoffCorpus
from aloi.corpus.text_files import JSON_ERRORS
from aloi.corpus.toml_files import load_toml

COPIED_FILES = ("README.md", "LICENSE.md")
"""Files that are copied from the stand-off corpus into the attached corpus, if they exist."""

REFS_FILE = "refs.toml"
"""The copy of the authority of refs in the attached corpus."""

JOURNAL = "attached.json"
"""File in the attached corpus: the SHA-256 of each document as it was written, by path."""


@dataclass(frozen=True)
class AttachmentResult:
    """Ids of the gold documents that were written, and the problems of all others."""

    attached: tuple[str, ...]
    problems: tuple[Problem, ...]


def attach_texts(standoff: StandoffCorpus, texts: TextCollection, out: Path) -> AttachmentResult:
    """Write a corpus folder with the documents of a stand-off corpus and their texts.

    A document is left out, and its problem is part of the result, if its text is missing, differs
    from the annotated text, or has no known address. If no gold document remains, nothing is
    written. An earlier result in `out` is replaced. Raises `DataError` if `out` is something else,
    or contains annotations that were changed after attaching.
    """
    _require_replaceable(standoff, out)
    gold, gold_problems = _attach_files(standoff, texts, standoff.gold_files())
    passes, pass_problems = _attach_files(standoff, texts, standoff.pass_files())
    problems = (*gold_problems, *pass_problems)
    if not standoff.gold_files():
        what, fix = "the stand-off corpus has no gold records yet", "Annotate documents first"
        problems = (*problems, Problem("no-document", what, fix, file=str(standoff.folder / GOLD)))
    if gold:
        with replacement_folder(out) as folder:
            _write_corpus(standoff, gold, passes, folder)
    return AttachmentResult(tuple(document.id for document in gold.values()), problems)


def _attach_files(
    standoff: StandoffCorpus, texts: TextCollection, files: Iterable[Path]
) -> tuple[dict[Path, Document], list[Problem]]:
    """Return the attached documents by the relative path of their file, and all problems."""
    documents: dict[Path, Document] = {}
    problems: list[Problem] = []
    removed = removed_documents(standoff.folder)
    for file in files:
        try:
            if file.stem not in removed:
                relative = file.relative_to(standoff.folder)
                documents[relative] = _attach_file(standoff, texts, file)
        except DataError as error:
            problems += (problem.at(file=str(file)) for problem in error.problems)
    return documents, problems


def _attach_file(standoff: StandoffCorpus, texts: TextCollection, file: Path) -> Document:
    record = decode_record(file)
    problems = list(record_problems(record, standoff))
    if record.id not in texts.files:
        what, fix = "the texts do not contain the document", "Use the complete text repository"
        problems.append(Problem("text-missing", what, fix, record.id))
    elif record.id not in texts.addresses:
        what = "no -urls.txt file of the texts lists the address of the article"
        fix = "Use the complete text repository; the licence requires the source of each text"
        problems.append(Problem("no-address", what, fix, record.id))
    if problems:
        raise DataError(problems)
    document = attach(record, texts.text(record.id), standoff.manifest.salt)
    meta = {
        **document.meta,
        "title": document.text.partition("\n")[0].strip(),
        "lang": standoff.manifest.lang,
        "source": texts.addresses[record.id],
    }
    return msgspec.structs.replace(document, meta=meta)


def _write_corpus(
    standoff: StandoffCorpus,
    gold: dict[Path, Document],
    passes: dict[Path, Document],
    folder: Path,
) -> None:
    for file, document in {**gold, **passes}.items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(document_files.pretty_json(document), encoding="utf-8", newline="")
    hashes = {file.as_posix(): _sha256(folder / file) for file in sorted((*gold, *passes))}
    (folder / JOURNAL).write_bytes(msgspec.json.format(msgspec.json.encode(hashes)))
    shutil.copyfile(standoff.folder / standoff.manifest.schema, folder / "schema.toml")
    if standoff.manifest.refs is not None:
        shutil.copyfile(standoff.folder / standoff.manifest.refs, folder / REFS_FILE)
    if review := attached_review(standoff):
        _write_toml(folder / REVIEW_FILE, review)
    for name in COPIED_FILES:
        if (standoff.folder / name).is_file():
            shutil.copyfile(standoff.folder / name, folder / name)
    ids = {document.id for document in gold.values()}
    splits = {
        split: [id_ for id_ in standoff.draw.ids(split) if id_ in ids]
        for split in standoff.rule.splits
    }
    _write_toml(folder / "splits.toml", splits)
    _write_toml(folder / CORPUS_MANIFEST, _manifest(standoff))


def _manifest(standoff: StandoffCorpus) -> dict[str, Any]:
    manifest = standoff.manifest
    attached = Manifest(
        name=manifest.name,
        version=manifest.version,
        licence=manifest.licence,
        title=manifest.title,
        authors=manifest.authors,
        contact=manifest.contact,
        refs=REFS_FILE if manifest.refs is not None else None,
        rights=manifest.rights,
    )
    return _without_none(msgspec.to_builtins(attached))


def _without_none(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table without the values None, which TOML cannot represent."""
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def _write_toml(path: Path, content: dict[str, Any]) -> None:
    path.write_text(tomli_w.dumps(content), encoding="utf-8", newline="")


def _require_replaceable(standoff: StandoffCorpus, out: Path) -> None:
    """Raise `DataError` unless `out` is missing, empty, or an unchanged earlier result."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    manifest = out / CORPUS_MANIFEST
    fix = "Name another folder, or remove this one"
    if (
        not manifest.is_file()
        or load_toml(manifest, Manifest, fix=fix).name != standoff.manifest.name
    ):
        what = f"the output folder exists and is not the corpus {standoff.manifest.name}"
        raise DataError([Problem("output-exists", what, fix, file=str(out))])
    problems = [*_changes(out), *_foreign_files(out)]
    if problems:
        raise DataError(problems)


def _foreign_files(out: Path) -> Iterator[Problem]:
    """Yield a problem for each file of an earlier result that no attachment writes."""
    own = {
        *(JOURNAL, "schema.toml", "splits.toml", REFS_FILE, REVIEW_FILE, CORPUS_MANIFEST),
        *COPIED_FILES,
    }
    for file in sorted(path for path in out.rglob("*") if not path.is_dir()):
        name = file.relative_to(out)
        if name.parts[0] not in (GOLD, PASSES) and name.as_posix() not in own:
            what = "the output folder contains a file of another origin"
            fix = "Move the file to another place, or name another folder"
            yield Problem("foreign-files", what, fix, file=str(file))


def _changes(out: Path) -> Iterator[Problem]:
    """Yield a problem for each document of an earlier result that was changed after attaching."""
    written: dict[str, str] = {}
    if (out / JOURNAL).is_file():
        with suppress(*JSON_ERRORS):  # then every document counts as changed
            written = msgspec.json.decode((out / JOURNAL).read_bytes(), type=dict[str, str])
    for file in sorted((*out.glob(f"{GOLD}/*.json"), *out.glob(f"{PASSES}/*/*.json"))):
        if written.get(file.relative_to(out).as_posix()) != _sha256(file):
            what = "the document was changed after its text was attached"
            fix = "Store the changes with `aloi corpus detach`, then remove the folder"
            yield Problem("not-detached", what, fix, file.stem, file=str(file))


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@dataclass(frozen=True)
class _Origin:
    """The stand-off corpus and the texts of a detachment, and metadata for all its documents."""

    standoff: StandoffCorpus
    texts: TextCollection
    meta: Mapping[str, str]


def detach_documents(
    documents: Sequence[Document],
    standoff: StandoffCorpus,
    texts: TextCollection,
    *,
    annotator: str | None = None,
    guideline_version: str | None = None,
) -> list[Path]:
    """Write the records of documents; return their files.

    The records are gold, or the pass of `annotator` if it is given. `guideline_version` replaces
    the version in the metadata of the documents. A document id may be a path
    below the text folder, as the brat reader returns it. Theme and date come from the draw and the
    id; the schema version is that of the stand-off corpus. If there is a problem, nothing is
    written and `DataError` is raised. Problems are texts that differ from the collection, ids that
    are not drawn or were removed, and annotations that the schema does not allow.
    """
    given = {"annotator": annotator, "guideline_version": guideline_version}
    meta = {SCHEMA_VERSION: standoff.schema.version}
    meta |= {key: value for key, value in given.items() if value is not None}
    origin = _Origin(standoff, texts, meta)
    records: dict[str, str] = {}
    problems: list[Problem] = []
    for document in documents:
        try:
            record = _detach(document, origin)
            records[record.id] = encode_record(record)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    target = standoff.folder / (GOLD if annotator is None else f"{PASSES}/{annotator}")
    with atomic_folder(target) as folder:
        for id_, content in records.items():
            (folder / f"{id_}.json").write_text(content, encoding="utf-8", newline="")
    return [target / f"{id_}.json" for id_ in records]


def _detach(document: Document, origin: _Origin) -> Record:
    """Return the record of a document; raise `DataError` with its problems."""
    standoff, id_ = origin.standoff, document.id.rpartition("/")[2]
    drawn = standoff.draw.documents.get(id_)
    meta = document.meta | dict(origin.meta)
    if drawn is not None:
        meta["theme"] = drawn.theme
    record = detach(msgspec.structs.replace(document, id=id_, meta=meta), standoff.manifest.salt)
    problems = [
        *record_problems(record, standoff),
        *removed_problems(standoff.folder, [id_]),
        *_text_problems(document.text, id_, origin.texts),
    ]
    if problems:
        raise DataError(problems)
    return record


def _text_problems(text: str, id_: str, texts: TextCollection) -> Iterator[Problem]:
    if id_ not in texts.files:
        what, fix = "the texts do not contain the document", "Use the complete text repository"
        yield Problem("text-missing", what, fix, id_)
    elif texts.text(id_) != text:
        what = f"the text differs from {texts.files[id_]}"
        fix = "Annotate the text exactly as the file contains it, including all line ends"
        yield Problem("text-changed", what, fix, id_)
