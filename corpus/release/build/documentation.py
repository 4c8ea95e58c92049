"""The papers of a release: card, datasheet, licence and citation, all from the data.

What is not in the corpus or in the figures given is not said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from aloi.corpus.statistics.readme_tables import README_FILE as CORPUS_CARD
from aloi.corpus.statistics.readme_tables import count_tables, missing_documents, remove_counts
from aloi.corpus.collection import Corpus
from aloi.corpus.document import Document, Entity
from aloi.corpus.release.build.figures import Figures
from aloi.corpus.release.read.layout import CONFIGS, canary_of, salt_of
from aloi.corpus.release.build.rows import KEPT_META
from aloi.corpus.schema import EntityType, RelationType

if TYPE_CHECKING:
    from datasets.info import DatasetInfosDict
    from jinja2 import Environment

WHAT = {
    "documents": "a document with its text, mentions, relations, metadata and rights",
    "tokens": "a document as tokens with BIO tags of the mentions that no other contains",
    "relations": "a relation, its ends with their text",
    "standoff": "a document without its text: offsets, labels, relations, hashes",
}
"""What a row of each config is."""

KAPPA = {
    "all": "all tokens",
    "someone": "the tokens that one of the two marked",
    "both": "the stretches that both marked",
}
SIZES = (1_000, 10_000, 100_000, 1_000_000)
"""Up to how many documents a size category of the Hub goes."""

QUOTE = 400
"""About how many characters of the example are shown."""


@dataclass(frozen=True)
class Contents:
    """What the papers are made from; `infos` are the tables as `datasets` describes them."""

    corpus: Corpus
    figures: Figures
    refs: bool
    infos: DatasetInfosDict

    @cached_property
    def name(self) -> str:
        """The corpus's name."""
        return self.corpus.manifest.name

    @cached_property
    def canary(self) -> str:
        """The line that marks the corpus."""
        return canary_of(self.name)

    @cached_property
    def splits(self) -> list[str]:
        """The names of the splits, in the corpus's order."""
        return list(self.corpus.splits)

    @cached_property
    def restricted(self) -> list[Document]:
        """The documents whose text may not be given on."""
        return [d for d in self.corpus.documents if not self.corpus.rights(d).redistributable]

    @cached_property
    def open(self) -> list[Document]:
        """The others."""
        return [d for d in self.corpus.documents if self.corpus.rights(d).redistributable]


def readme(contents: Contents) -> str:
    """The card: metadata that the Hub reads, then what a person wants to know."""
    return f"---\n{_metadata(contents)}\n---\n\n{_rendered('README.md', _facts(contents))}"


def datasheet(contents: Contents) -> str:
    """How the corpus came about, by its own README, and what its rights and hashes mean."""
    rights = Counter(map(contents.corpus.rights, contents.corpus.documents))
    facts = {
        "told": _told(contents.corpus),
        "rights": rights,
        "salt": salt_of(contents.name, contents.corpus.manifest.version),
        "kept_meta": KEPT_META,
        "refs": contents.refs,
    }
    return _rendered("DATASHEET.md", _common(contents) | facts)


def licence(corpus: Corpus) -> str:
    """The corpus's LICENSE.md, or its licence by name if it has none."""
    file = corpus.folder / "LICENSE.md"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    return f"# Licence\n\n{corpus.manifest.name}: {corpus.manifest.licence}\n"


def citation(contents: Contents) -> str:
    """CITATION.cff: what the manifest knows, no date and no address that it does not."""
    import yaml  # noqa: PLC0415 - the extra hub brings it

    manifest = contents.corpus.manifest
    holders = {contents.corpus.rights(document).holder for document in contents.open}
    authors = manifest.authors or tuple(sorted(filter(None, holders))) or (manifest.name,)
    content = {
        "cff-version": "1.2.0",
        "message": "If you use this corpus, please cite it.",
        "type": "dataset",
        "title": manifest.title or manifest.name,
        "version": manifest.version,
        "authors": [{"name": author} for author in authors],
        "license": manifest.licence,
        "abstract": f"{len(contents.corpus.documents)} documents annotated with the schema "
        f"{contents.corpus.schema}.",
    }
    return str(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100))


def package_words(corpus: Corpus) -> list[str]:
    """What a release says whatever its documents are: the templates, and the schema."""
    templates = [_template(name) for name in ("README.md", "DATASHEET.md")]
    return [*templates, (corpus.folder / corpus.manifest.schema).read_text(encoding="utf-8")]


def languages(documents: Iterable[Document]) -> list[str]:
    """The languages that the documents' metadata names."""
    return sorted({str(d.meta["lang"]) for d in documents if d.meta.get("lang")})


def size_category(documents: int) -> str:
    """The Hub's name for a size."""
    units = ("1K", "10K", "100K", "1M")
    for lower, upper, limit in zip(("", *units), units, SIZES, strict=False):
        if documents < limit:
            return f"{lower}<n<{upper}" if lower else f"n<{upper}"
    return "1M<n<10M"


def _metadata(contents: Contents) -> str:
    """The YAML at the head of the card."""
    from huggingface_hub import DatasetCardData  # noqa: PLC0415 - an extra

    corpus = contents.corpus
    related = ["relation-extraction"] if corpus.schema.relations else []
    data = DatasetCardData(
        pretty_name=corpus.manifest.title or corpus.manifest.name,
        license=corpus.manifest.licence.lower(),
        language=languages(corpus.documents) or ["und"],
        size_categories=[size_category(len(corpus.documents))],
        task_categories=["token-classification"],
        task_ids=["named-entity-recognition"],
        tags=["named-entity-recognition", *related],
        configs=[
            {
                "config_name": config,
                "data_files": [
                    {"split": split, "path": f"{config}/{split}.parquet"}
                    for split in contents.splits
                ],
                **({"default": True} if config == CONFIGS[0] else {}),
            }
            for config in CONFIGS
        ],
    )
    contents.infos.to_dataset_card_data(data)
    return str(data.to_yaml(line_break="\n"))


def _common(contents: Contents) -> dict[str, Any]:
    """What card and datasheet both say."""
    manifest = contents.corpus.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "restricted": len(contents.restricted),
        "contact": manifest.contact or "who published it",
        "canary": contents.canary,
    }


def _facts(contents: Contents) -> dict[str, Any]:
    corpus, schema = contents.corpus, contents.corpus.schema
    types: list[EntityType | RelationType]
    types = [*schema.entities.values(), *schema.relations.values()]
    attributes = [
        *((name, type_, "mentions") for name, type_ in schema.entity_attributes.items()),
        *((name, type_, "relations") for name, type_ in schema.relation_attributes.items()),
    ]
    return _common(contents) | {
        "title": corpus.manifest.title or corpus.manifest.name,
        "licence": corpus.manifest.licence,
        "intro": _intro(corpus),
        "schema": schema,
        "attributes": attributes,
        "described": any(type_.description or type_.fr for type_ in types),
        "totals": totals(corpus.documents),
        "splits": contents.splits,
        "configs": WHAT,
        "rows": {
            config: [info.splits[split].num_examples for split in contents.splits]
            for config, info in contents.infos.items()
        },
        "counts": count_tables(corpus),
        "example": _example(contents),
        "agreement": contents.figures.agreement,
        "named": KAPPA,
        "scores": contents.figures.scores,
        "lacking": missing_documents(corpus),
    }


def totals(documents: Iterable[Document]) -> dict[str, int]:
    """How many documents, mentions and relations."""
    documents = list(documents)
    return {
        "documents": len(documents),
        "mentions": sum(len(document.entities) for document in documents),
        "relations": sum(len(document.relations) for document in documents),
    }


def _example(contents: Contents) -> dict[str, Any] | None:
    """The beginning of the shortest open document, its mentions and relations."""
    documents = sorted(contents.open, key=lambda d: (not d.relations, len(d.text), d.id))
    if not documents:
        return None
    document = documents[0]
    end = _cut(document.text)
    shown = {entity.id: entity for entity in document.entities if entity.end <= end}

    def surface(entity: Entity) -> str:
        return " ".join(document.surface(entity).split())

    return {
        "id": document.id,
        "split": contents.corpus.split_of[document.id],
        "quote": "\n".join(f"> {line}".rstrip() for line in document.text[:end].split("\n")),
        "mentions": [(surface(e), e.label, e.ref or "") for e in shown.values()],
        "relations": [
            f"{surface(shown[r.head])} {r.label} {surface(shown[r.tail])}"
            for r in document.relations
            if r.head in shown and r.tail in shown
        ],
    }


def _cut(text: str) -> int:
    """Where the line or sentence ends that goes over `QUOTE` characters."""
    match = re.compile(r"\n|(?<=[.!?]) ").search(text, min(QUOTE, len(text)))
    return match.start() if match else len(text)


def _intro(corpus: Corpus) -> str:
    """What the corpus's README says first: between its title and the next heading."""
    return re.split(r"^#", _told(corpus), maxsplit=1, flags=re.MULTILINE)[0].strip()


def _told(corpus: Corpus) -> str:
    """The corpus's README without title and counts, its headings one level down."""
    file = corpus.folder / CORPUS_CARD
    if not file.is_file():
        return ""
    text = remove_counts(file.read_text(encoding="utf-8"))  # the card has counts of its own
    text = re.sub(r"\A# .*\n", "", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"^(#+) ", r"#\1 ", text, flags=re.MULTILINE)).strip()


def _rendered(name: str, facts: Mapping[str, Any]) -> str:
    environment = _environment()
    text = environment.from_string(_template(name)).render(facts)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _template(name: str) -> str:
    return (files("aloi.corpus.release.build") / "templates" / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - only here

    environment = Environment(undefined=StrictUndefined, autoescape=False)
    environment.filters["figure"] = lambda value: "–" if value is None else f"{value:.3f}"
    environment.filters["interval"] = _interval
    environment.filters["cell"] = lambda value: value.replace("|", r"\|")
    return environment


def _interval(ends: Any) -> str:  # noqa: ANN401 - a pair of numbers, or nothing at all
    if not isinstance(ends, tuple) or None in ends:
        return ""
    return f" [{ends[0]:.2f}, {ends[1]:.2f}]"
