"""Croissant metadata: a machine-readable description of the tables, with the hash of each file.

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html. The library mlcroissant
writes and validates the metadata. Columns with lists of lists are not described.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from aloi.corpus.optional_dependencies import need
from aloi.corpus.release.build.citation import bibtex_key, release_citation, render_bibtex
from aloi.corpus.release.build.contents import ReleaseContents
from aloi.corpus.release.build.responsible_ai import responsible_ai_fields

if TYPE_CHECKING:
    from datasets import Features

# mlcroissant has no type annotations; these aliases name its types for the reader.
Field: TypeAlias = Any
RecordSet: TypeAlias = Any

VERSION = "http://mlcommons.org/croissant/1.1"
"""The version of Croissant to which the metadata conform."""

_DATA_TYPES = {
    "string": "https://schema.org/Text",
    "int64": "https://schema.org/Integer",
    "bool": "https://schema.org/Boolean",
    "float64": "https://schema.org/Float",
}
"""Croissant data types by column type."""


def render_croissant(contents: ReleaseContents, hashes: Mapping[str, str]) -> str:
    """Return the metadata as JSON-LD; `hashes`: SHA-256 of each Parquet file, by path."""
    need("mlcroissant", extra="hub")
    import mlcroissant as mlc  # noqa: PLC0415 - an extra

    manifest = contents.corpus.manifest
    day = manifest.date and datetime.datetime.combine(manifest.date, datetime.time())
    key = bibtex_key(manifest.name, manifest.version)
    metadata = mlc.Metadata(
        ctx=mlc.Context(conforms_to=VERSION),
        name=manifest.name,
        description=manifest.title or manifest.name,
        version=manifest.version,
        license=[manifest.licence],
        date_published=day,
        cite_as=render_bibtex(release_citation(contents), key=key),
        creators=[mlc.Organization(name=name) for name in manifest.authors],
        distribution=[
            mlc.FileObject(
                id=path,
                name=path,
                content_url=path,
                encoding_formats=["application/x-parquet"],
                sha256=sha256,
            )
            for path, sha256 in sorted(hashes.items())
        ],
        record_sets=[
            _record_set(config, split, info.features)
            for config, info in contents.infos.items()
            for split in contents.splits_of(config)
        ],
        **responsible_ai_fields(contents),
    )
    return json.dumps(metadata.to_json(), ensure_ascii=False, indent=1) + "\n"


def _record_set(config: str, split: str, features: Features) -> RecordSet:
    import mlcroissant as mlc  # noqa: PLC0415 - an extra

    name = f"{config}-{split}"
    table = _Table(name, f"{config}/{split}.parquet")
    return mlc.RecordSet(id=name, name=name, fields=list(table.fields(features)))


class _Table:
    """The fields of one table; the id of a field begins with the name of its record set."""

    def __init__(self, record_set: str, file: str) -> None:
        self._record_set = record_set
        self._file = file

    def fields(self, features: Features) -> Iterator[Field]:
        """Yield a field for each column with a single value, a list, or an object."""
        for column, feature in features.items():
            inner = getattr(feature, "feature", feature)  # the items of a list
            shape = {} if inner is feature else {"is_array": True, "array_shape": "-1"}
            if isinstance(inner, dict):
                yield self._object_field(column, inner, shape)
            elif (type_ := _data_type(inner)) is not None:
                yield self._field(column, data_types=[type_], source=self._source(column), **shape)

    def _object_field(
        self, column: str, parts: Mapping[str, Any], shape: Mapping[str, Any]
    ) -> Field:
        """Return the field of an object, with a subfield for each part with a single value."""
        subfields = [
            self._field(f"{column}/{part}", data_types=[type_], source=self._source(column, part))
            for part, feature in parts.items()
            if (type_ := _data_type(feature)) is not None
        ]
        return self._field(column, sub_fields=subfields, **shape)

    def _field(self, name: str, **values: Any) -> Field:  # noqa: ANN401 - arguments of Field
        import mlcroissant as mlc  # noqa: PLC0415 - an extra

        id_ = f"{self._record_set}/{name}"
        return mlc.Field(id=id_, name=id_, **values)

    def _source(self, column: str, part: str | None = None) -> Any:  # noqa: ANN401 - mlc.Source
        import mlcroissant as mlc  # noqa: PLC0415 - an extra

        transforms = [mlc.Transform(json_path=part)] if part else []
        extract = mlc.Extract(column=column)
        return mlc.Source(file_object=self._file, extract=extract, transforms=transforms)


def _data_type(feature: Any) -> str | None:  # noqa: ANN401 - a feature of datasets
    return _DATA_TYPES.get(getattr(feature, "dtype", ""))
