"""Conversion of documents from one format to another, with a label map and a schema check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from msgspec.structs import replace

from aloi.corpus.document import Document
from aloi.corpus.formats import registry
from aloi.corpus.formats.detection import detect_format
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options, parse_options
from aloi.corpus.label_maps import LabelMap
from aloi.corpus.languages.language import LANGUAGE_KEY
from aloi.corpus.locks import lock_output
from aloi.corpus.schema import Schema, require_valid
from aloi.corpus.streams import on_disk

Documents = Iterable[Document]


class FormatOptionError(ValueError):
    """The error for an unknown format, or for an option that is invalid for the format."""


@dataclass(frozen=True, slots=True)
class ConversionSettings:
    """The settings of a conversion.

    If `source_format` is None, it is detected. `read_options` and `write_options` are `key=value`
    strings. `lang` is the language of documents that state none. `label_map` is applied before the
    documents are checked against `schema`. If `strict` is True, anything that the target format
    cannot represent is an error.
    """

    target_format: str
    source_format: str | None = None
    read_options: tuple[str, ...] = ()
    write_options: tuple[str, ...] = ()
    lang: str | None = None
    schema: Schema | None = None
    label_map: LabelMap = field(default_factory=LabelMap)
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """The result of a conversion.

    `documents` is the number of documents. `read_notes` and `write_notes` list everything that was
    repaired or dropped during reading and writing. `dropped` counts, for each label, the mentions
    and relations that the label map dropped. `unused_labels` are the labels in the label map that
    no mention or relation has.
    """

    documents: int
    source_format: str
    read_notes: tuple[str, ...]
    write_notes: tuple[str, ...]
    dropped: Counter[str]
    unused_labels: tuple[str, ...] = ()


def convert(
    source: str,
    target: str,
    settings: ConversionSettings,
    *,
    progress: Callable[[Documents], Documents] = iter,
) -> Conversion:
    """Convert a file, folder or stream; `target` is locked and written atomically.

    `progress` takes the iterable of documents and returns an iterable of the same documents. Raises
    `FormatOptionError` before any document is read if a format or option is invalid. Raises
    `DataError` with all problems of the data.
    """
    write_options = _parse_options(settings.target_format, "WriteOptions", settings.write_options)
    if settings.source_format is not None:  # fail early: reading a stream may take long
        _parse_options(settings.source_format, "ReadOptions", settings.read_options)
    read_notes, write_notes, mapping = Notes(), Notes(), _LabelMapping(settings.label_map)
    with on_disk(source) as copy, lock_output(target):
        source_format = settings.source_format or detect_format(copy.path)
        read_options = _parse_options(source_format, "ReadOptions", settings.read_options)
        documents: Documents = registry.read(
            str(copy.path), format_=source_format, options=read_options, notes=read_notes
        )
        if settings.strict:
            documents = read_notes.require_lossless(documents, reading=True)
        documents = progress(documents)
        if settings.lang is not None:
            documents = _with_language(documents, settings.lang)
        if settings.label_map != LabelMap():
            documents = mapping.apply(documents)
        if settings.schema is not None:
            documents = require_valid(documents, settings.schema)
        count = registry.write(
            documents,
            target,
            format_=settings.target_format,
            options=write_options,
            notes=write_notes,
            strict=settings.strict,
        )
    read_lines = tuple(map(copy.restore, read_notes))
    return Conversion(
        count,
        source_format,
        read_lines,
        tuple(write_notes),
        mapping.dropped,
        mapping.unused_labels(),
    )


def _with_language(documents: Documents, lang: str) -> Iterator[Document]:
    for document in documents:
        yield replace(document, meta={LANGUAGE_KEY: lang, **document.meta})


@dataclass(frozen=True, slots=True)
class _LabelMapping:
    """A label map, the number of dropped mentions and relations per label, and all labels seen."""

    label_map: LabelMap
    dropped: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)

    def apply(self, documents: Documents) -> Iterator[Document]:
        """Yield the documents with mapped labels; count dropped mentions and relations."""
        for document in documents:
            self.seen.update(entity.label for entity in document.entities)
            self.seen.update(relation.label for relation in document.relations)
            mapped, dropped = self.label_map.apply_to(document)
            self.dropped.update(dropped)
            yield mapped

    def unused_labels(self) -> tuple[str, ...]:
        """Return the labels in the map that no mention or relation has."""
        mapped = self.label_map.rename.keys() | self.label_map.drop.keys()
        return tuple(sorted(mapped - self.seen))


def _parse_options(
    format_: str, direction: Literal["ReadOptions", "WriteOptions"], pairs: Iterable[str]
) -> Options:
    if format_ not in (names := registry.format_names()):
        known = ", ".join(names)
        raise FormatOptionError(f"unknown format {format_}; available formats: {known}")
    try:
        options: Options = parse_options(getattr(registry.load_format(format_), direction), pairs)
    except ValueError as error:
        raise FormatOptionError(f"{format_}: {error}") from error
    return options
