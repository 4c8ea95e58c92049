"""Croissant metadata: a machine-readable description of the tables, with the hash of each file.

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec.html, version 1.0. The
metadata describe only columns with a single value per row; for list columns, see the Parquet
schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from aloi.corpus.release.build.contents import ReleaseContents
from aloi.corpus.release.read.release_folder import CONFIGS

if TYPE_CHECKING:
    from datasets import Features

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""JSON-LD context of the specification."""

_DATA_TYPES = {
    "string": "sc:Text",
    "int64": "sc:Integer",
    "bool": "sc:Boolean",
    "float64": "sc:Float",
}
"""Croissant data types by column type."""


def render_croissant(contents: ReleaseContents, hashes: Mapping[str, str]) -> str:
    """Return the metadata as JSON-LD; `hashes`: SHA-256 of each Parquet file, by path."""
    manifest = contents.corpus.manifest
    content = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": manifest.name,
        "description": manifest.title or manifest.name,
        "version": manifest.version,
        "license": manifest.licence,
        "citeAs": f"{', '.join(manifest.authors) or manifest.name}: {manifest.name}, "
        f"version {manifest.version}",
        "creator": [{"@type": "sc:Organization", "name": name} for name in manifest.authors],
        "distribution": [_file_object(path, sha256) for path, sha256 in sorted(hashes.items())],
        "recordSet": [
            _record_set(config, split, contents.infos[config].features)
            for config in CONFIGS
            for split in contents.splits
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _file_object(path: str, sha256: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "encodingFormat": "application/x-parquet",
        "sha256": sha256,
    }


def _record_set(config: str, split: str, features: Features) -> dict[str, Any]:
    name = f"{config}-{split}"
    fields = list(_fields(name, f"{config}/{split}.parquet", features))
    return {"@type": "cr:RecordSet", "@id": name, "name": name, "field": fields}


def _fields(record_set: str, file: str, features: Features) -> Iterator[dict[str, Any]]:
    for column, feature in features.items():
        if (type_ := _DATA_TYPES.get(getattr(feature, "dtype", ""))) is not None:
            yield {
                "@type": "cr:Field",
                "@id": f"{record_set}/{column}",
                "name": f"{record_set}/{column}",
                "dataType": type_,
                "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
            }
