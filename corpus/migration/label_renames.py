"""New names for labels, in documents, in a schema, and in the text of a schema file."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from aloi.corpus.document import Document
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.release.versions.version_bumps import VersionBump, lowest_version, parse_version
from aloi.corpus.schema import AttributeType, Schema
from aloi.corpus.standoff.record import Record
from aloi.corpus.toml_files import parse_toml

T = TypeVar("T")
DocumentT = TypeVar("DocumentT", Document, Record)

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def parse_renames(written: Iterable[str]) -> dict[str, str]:
    """Return renames written as `OLD=NEW`; raise `ValueError` if one of them cannot be used."""
    renames: dict[str, str] = {}
    for each in written:
        old, sign, new = each.partition("=")
        if not (sign and old and new) or old == new:
            raise ValueError(f"{each!r} does not have the form OLD=NEW")
        if old in renames:
            raise ValueError(f"{old} is renamed twice")
        renames[old] = new
    if reused := sorted(renames.keys() & set(renames.values())):
        raise ValueError(f"{', '.join(reused)}: rename a label, then use its name, in two steps")
    if len(set(renames.values())) < len(renames):
        raise ValueError("two labels cannot be renamed to the same label")
    return renames


def rename_problems(schema: Schema, renames: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each rename that does not fit the schema.

    A rename that the schema already contains is no problem, so that a migration can be repeated.
    """
    labels = schema.entities.keys() | schema.relations.keys()
    for old, new in renames.items():
        if old in labels and new in labels:
            what = f"schema {schema} already contains the label {new}, so {old} cannot become {new}"
            yield Problem("label-in-use", what, "Choose a label that the schema does not contain")
        elif old not in labels and new not in labels:
            what = f"schema {schema} does not contain the label {old}"
            fix = f"Use one of its labels: {', '.join((*schema.entities, *schema.relations))}"
            yield Problem("unknown-label", what, fix)


def rename_document(document: DocumentT, renames: Mapping[str, str]) -> DocumentT:
    """Return a document or stand-off record with renamed entity and relation labels."""
    entities = tuple(
        msgspec.structs.replace(each, label=renames.get(each.label, each.label))
        for each in document.entities
    )
    relations = tuple(
        msgspec.structs.replace(each, label=renames.get(each.label, each.label))
        for each in document.relations
    )
    return msgspec.structs.replace(document, entities=entities, relations=relations)


def rename_schema(schema: Schema, renames: Mapping[str, str]) -> Schema:
    """Return a schema with renamed labels, and with the next major version if a label changed.

    A version that is not a number is kept.
    """
    renamed = msgspec.structs.replace(
        schema,
        entities=_rename_keys(schema.entities, renames),
        relations={
            label: msgspec.structs.replace(
                type_, head=_rename(type_.head, renames), tail=_rename(type_.tail, renames)
            )
            for label, type_ in _rename_keys(schema.relations, renames).items()
        },
        entity_attributes=_rename_owners(schema.entity_attributes, renames),
        relation_attributes=_rename_owners(schema.relation_attributes, renames),
    )
    if renamed == schema:
        return schema
    return msgspec.structs.replace(renamed, version=_next_version(schema.version))


def _rename(labels: tuple[str, ...], renames: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(renames.get(label, label) for label in labels)


def _rename_keys(types: Mapping[str, T], renames: Mapping[str, str]) -> dict[str, T]:
    return {renames.get(label, label): type_ for label, type_ in types.items()}


def _rename_owners(
    attributes: Mapping[str, AttributeType], renames: Mapping[str, str]
) -> dict[str, AttributeType]:
    return {
        name: msgspec.structs.replace(type_, labels=_rename(type_.labels, renames))
        for name, type_ in attributes.items()
    }


def _next_version(version: str) -> str:
    try:
        parse_version(version)
    except DataError:
        return version
    return lowest_version(version, VersionBump.MAJOR)


def rename_schema_text(text: str, schema: Schema, renames: Mapping[str, str], file: str) -> str:
    """Return the TOML text of a schema with renamed labels; comments and layout are kept.

    `schema` is the schema in `text`. Raise `DataError` if the text does not name the labels in the
    usual places, such as `PER = {…}`, `[relations.MEETS]` and `head = ["PER"]`.
    """
    expected, new_text = rename_schema(schema, renames), text
    table = r"\[\s*(?:entities|relations)\s*\.\s*"
    for old, new in renames.items():
        key = new if _BARE_KEY.fullmatch(new) else json.dumps(new, ensure_ascii=False)
        bare = re.escape(old)
        new_text = _sub(rf"(?m)^(\s*){bare}(?=\s*[=.])", key, new_text)
        new_text = _sub(rf"(?m)^(\s*{table}){bare}(?=\s*[\].])", key, new_text)
        quoted = json.dumps(new, ensure_ascii=False)
        new_text = _sub(rf"""()(?:"{bare}"|'{bare}')""", quoted, new_text)
    version = rf"(?m)^(version\s*=\s*){re.escape(json.dumps(schema.version))}"
    new_text = _sub(version, json.dumps(expected.version), new_text)
    if _decode(new_text) != expected:
        what = "the labels cannot be renamed in this file automatically"
        fix = "Rename the labels in this file by hand, then repeat the command for the documents"
        raise DataError([Problem("bad-schema", what, fix, file=file)])
    return new_text


def _sub(pattern: str, new: str, text: str) -> str:
    """Replace a pattern by its first group and `new`."""
    return re.sub(pattern, lambda match: match[1] + new, text)


def _decode(text: str) -> Schema | None:
    try:
        return msgspec.convert(parse_toml(text), Schema)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError):
        return None
