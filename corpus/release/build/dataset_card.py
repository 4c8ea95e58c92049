"""The dataset card of a release: YAML metadata for the Hugging Face Hub, and Markdown text.

Reference: https://huggingface.co/docs/hub/datasets-cards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from aloi.corpus.document import Document, Entity
from aloi.corpus.languages.language import language_name
from aloi.corpus.release.build.contents import ReleaseContents, count_contents
from aloi.corpus.release.build.corpus_readme import readme_introduction
from aloi.corpus.release.build.template_rendering import CARD_TEMPLATE, render_template
from aloi.corpus.release.read.release_folder import CONFIGS
from aloi.corpus.schema import Schema
from aloi.corpus.statistics.readme_tables import count_tables, missing_documents

CONFIG_DESCRIPTIONS = {
    "hf-tokens": "a line of text as tokens, with IOB2 tags for the outermost mentions",
    "documents": "a document with its text, mentions, relations, metadata and rights",
    "relations": "a relation with the text of its head and tail",
    "standoff": "a document without its text: offsets, labels, relations, hashes",
}
"""Content of one row, by config."""

KAPPA_ITEMS = {
    "all": "all tokens",
    "someone": "tokens that at least one annotator marked",
    "both": "spans that both annotators marked",
}
"""Descriptions of the sets of items for Cohen's kappa, by name of the set in the figures."""

_SIZE_CATEGORIES = {
    "n<1K": 1_000,
    "1K<n<10K": 10_000,
    "10K<n<100K": 100_000,
    "100K<n<1M": 1_000_000,
}
"""Upper limit (exclusive) of each size category of the Hub, as a number of documents."""

_EXAMPLE_CHARACTERS = 400
"""Minimum length of the example, in code points; it ends at the end of a line or sentence."""


def render_card(contents: ReleaseContents) -> str:
    """Return the dataset card: YAML metadata for the Hub, followed by Markdown text."""
    return f"---\n{_metadata(contents)}\n---\n\n{render_template(CARD_TEMPLATE, _values(contents))}"


def size_category(documents: int) -> str:
    """Return the Hub's size category for a number of documents."""
    fitting = (category for category, limit in _SIZE_CATEGORIES.items() if documents < limit)
    return next(fitting, "1M<n<10M")


def _languages(documents: Iterable[Document]) -> list[str]:
    """Return the languages in the metadata of the documents, sorted."""
    return sorted({str(d.meta["lang"]) for d in documents if d.meta.get("lang")})


def _metadata(contents: ReleaseContents) -> str:
    """Return the YAML metadata of the card."""
    from huggingface_hub import DatasetCardData  # noqa: PLC0415 - an extra

    corpus = contents.corpus
    relation_tags = ["relation-extraction"] if corpus.schema.relations else []
    data = DatasetCardData(
        pretty_name=corpus.manifest.title or corpus.manifest.name,
        license=corpus.manifest.licence.lower(),
        language=_languages(corpus.documents) or ["und"],
        size_categories=[size_category(len(corpus.documents))],
        task_categories=["token-classification"],
        task_ids=["named-entity-recognition"],
        tags=["named-entity-recognition", *relation_tags],
        configs=_config_entries(contents),
    )
    contents.infos.to_dataset_card_data(data)
    return str(data.to_yaml(line_break="\n"))


def _config_entries(contents: ReleaseContents) -> list[dict[str, Any]]:
    """Return the configs that have rows, with the splits that have rows; the first is default."""
    entries: list[dict[str, Any]] = []
    for config in filter(contents.splits_of, CONFIGS):
        splits = contents.splits_of(config)
        files = [{"split": split, "path": f"{config}/{split}.parquet"} for split in splits]
        default = {} if entries else {"default": True}
        entries.append({"config_name": config, "data_files": files} | default)
    return entries


def _values(contents: ReleaseContents) -> dict[str, Any]:
    """Return the values for the template of the card."""
    corpus = contents.corpus
    schema = corpus.schema
    return contents.shared_values() | {
        "title": corpus.manifest.title or corpus.manifest.name,
        "licence": corpus.manifest.licence,
        "introduction": readme_introduction(corpus),
        "schema": schema,
        "attributes": _attributes(schema),
        "languages": _description_languages(schema),
        "totals": count_contents(corpus.documents),
        "splits": contents.splits,
        "configs": CONFIG_DESCRIPTIONS,
        "rows": {
            config: [_row_count(contents, config, split) for split in contents.splits]
            for config in CONFIGS
        },
        "loadable": contents.splits_of("documents"),
        "counts": count_tables(corpus),
        "example": _example(contents),
        "agreement": contents.figures.agreement,
        "kappa_items": KAPPA_ITEMS,
        "scores": contents.figures.scores,
        "missing": missing_documents(corpus),
    }


def _row_count(contents: ReleaseContents, config: str, split: str) -> int:
    if split not in contents.splits_of(config):
        return 0
    number: int = contents.infos[config].splits[split].num_examples
    return number


def _description_languages(schema: Schema) -> list[tuple[str, str]]:
    """Return the code and the name of each language of descriptions in a schema, English first."""
    types = (*schema.entities.values(), *schema.relations.values())
    codes = {code for type_ in types for code in type_.descriptions}
    return [(code, language_name(code)) for code in sorted(codes, key=lambda c: (c != "en", c))]


def _attributes(schema: Schema) -> list[tuple[str, Any, str]]:
    """Return the attributes of a schema as triples (name, type, "mentions" or "relations")."""
    return [
        *((name, type_, "mentions") for name, type_ in schema.entity_attributes.items()),
        *((name, type_, "relations") for name, type_ in schema.relation_attributes.items()),
    ]


def _example(contents: ReleaseContents) -> dict[str, Any] | None:
    """Return the example as template values, or None if no document is redistributable.

    The example is the beginning of the shortest redistributable document with relations. If no such
    document contains relations, it is the beginning of the shortest redistributable document.
    """
    documents = sorted(contents.open_documents, key=lambda d: (not d.relations, len(d.text), d.id))
    if not documents:
        return None
    document = documents[0]
    end = _excerpt_end(document.text)
    entities = {entity.id: entity for entity in document.entities if entity.end <= end}

    def surface(entity: Entity) -> str:
        return " ".join(document.surface(entity).split())

    return {
        "id": document.id,
        "split": contents.corpus.split_of[document.id],
        "quote": "\n".join(f"> {line}".rstrip() for line in document.text[:end].split("\n")),
        "mentions": [(surface(e), e.label, e.ref or "") for e in entities.values()],
        "relations": [
            f"{surface(entities[r.head])} {r.label} {surface(entities[r.tail])}"
            for r in document.relations
            if r.head in entities and r.tail in entities
        ],
    }


def _excerpt_end(text: str) -> int:
    """Return the offset of the first end of a line or sentence after `_EXAMPLE_CHARACTERS`."""
    match = re.compile(r"\n|(?<=[.!?]) ").search(text, min(_EXAMPLE_CHARACTERS, len(text)))
    return match.start() if match else len(text)
