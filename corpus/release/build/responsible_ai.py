"""The fields of Croissant RAI: collection, annotation, agreement, biases, limits, maintenance.

Source: https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html, version 1.0. Every value
comes from the corpus: the sections of its README that `[datasheet]` in `corpus.toml` names, the
metadata and rights of its documents, its annotation passes, and the agreement given to the build.
A field without a source is absent.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.problems import count_noun
from aloi.corpus.release.build.contents import ReleaseContents
from aloi.corpus.release.build.corpus_readme import readme_section
from aloi.corpus.release.build.figures import AgreementFigures

PASSES_FOLDER = "passes"
"""The folder of a corpus with one folder per annotator."""


def responsible_ai_fields(contents: ReleaseContents) -> dict[str, Any]:
    """Return the fields with a value; the keys are those of `mlcroissant.Metadata`."""
    corpus = contents.corpus
    headings = corpus.manifest.datasheet
    sections = {
        name: readme_section(corpus, heading)
        for name in headings.__struct_fields__
        if (heading := getattr(headings, name)) is not None
    }

    def listed(*texts: str | None) -> list[str]:
        return [text for text in texts if text]

    fields = {
        "data_collection": sections.get("collection"),
        "data_collection_raw_data": _raw_data(contents),
        "data_collection_timeframe": _collection_dates(contents),
        "data_preprocessing_protocol": listed(sections.get("preprocessing")),
        "data_annotation_protocol": listed(_guidelines(corpus), sections.get("annotation")),
        "annotations_per_item": _annotations_per_document(corpus),
        "annotator_demographics": listed(sections.get("annotators")),
        "data_annotation_analysis": [
            *_agreement_lines(contents.figures.agreement),
            *listed(sections.get("agreement")),
        ],
        "data_biases": listed(sections.get("biases")),
        "data_limitations": listed(sections.get("limitations")),
        "data_use_cases": listed(sections.get("uses")),
        "data_social_impact": sections.get("social_impact"),
        "personal_sensitive_information": listed(sections.get("personal_information")),
        "data_release_maintenance_plan": sections.get("maintenance") or _contact(corpus),
    }
    return {name: value for name, value in fields.items() if value}


def _raw_data(contents: ReleaseContents) -> str:
    """Return one line per kind of text: the number of documents, with their rights."""
    corpus = contents.corpus
    rights = Counter(map(corpus.rights, corpus.documents))
    lines = []
    for each, number in rights.items():
        values = {"licence": each.licence, "holder": each.holder, "source": each.source}
        known = [f"{name} {value}" for name, value in values.items() if value]
        open_ = "redistributable" if each.redistributable else "not redistributable"
        lines.append(f"{count_noun(number, 'document')}: {', '.join([open_, *known])}")
    return "\n".join(sorted(lines))


def _collection_dates(contents: ReleaseContents) -> list[datetime.datetime]:
    """Return the first and last day on which a text was retrieved, or an empty list."""
    rights = map(contents.corpus.rights, contents.corpus.documents)
    days = sorted(filter(None, (_parse_day(each.retrieved) for each in rights)))
    return [days[0], days[-1]] if days else []


def _parse_day(value: str | None) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(value) if value else None
    except ValueError:
        return None


def _guidelines(corpus: Corpus) -> str | None:
    """Return the versions of the guidelines in the metadata of the documents."""
    versions = sorted({str(d.meta["guideline_version"]) for d in _with_guidelines(corpus)})
    if not versions:
        return None
    return f"Schema {corpus.schema}; guidelines {', '.join(versions)}"


def _with_guidelines(corpus: Corpus) -> Iterator[Any]:
    return (document for document in corpus.documents if document.meta.get("guideline_version"))


def _annotations_per_document(corpus: Corpus) -> str | None:
    """Return the number of documents by their number of annotation passes, if there are passes."""
    ids = {document.id for document in corpus.documents}
    files = (corpus.folder / PASSES_FOLDER).glob("*/*.json")
    passes = Counter(file.stem for file in files if file.stem in ids)
    numbers = Counter(passes.values())
    return "; ".join(
        f"{count_noun(number, 'annotator')}: {count_noun(documents, 'document')}"
        for number, documents in sorted(numbers.items())
    )


def _agreement_lines(agreement: Iterable[AgreementFigures]) -> Iterator[str]:
    """Yield one line per pair of annotators, with F1 for each match rule."""
    for pair in agreement:
        scores = [f"{rule} F1 {r.f1:.3f}" for rule, r in pair.f1.items() if r.f1 is not None]
        documents = count_noun(pair.documents, "document")
        yield f"{' and '.join(pair.annotators)}, {documents}: {'; '.join(scores)}"


def _contact(corpus: Corpus) -> str | None:
    contact = corpus.manifest.contact
    return f"Contact for corrections and removals: {contact}" if contact else None
