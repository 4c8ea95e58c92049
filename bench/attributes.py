"""Scores of predicted attributes between gold mentions and relations, beside two baselines.

    python bench/attributes.py CORPUS... [--split dev --split test] [--json FILE]

The component is trained on the train documents of all corpora together, with temperature and
thresholds chosen on their dev documents, and scored on each corpus. `cue rule` gives a relation the
first of negated, possible and attributed for which its clause has a cue, and `metonymy` to the
capitals and palaces that act in a relation or are the subject of a verb. The majority gives no
attribute at all: its recall and F1 are 0 for every value, and its F1 of `asserted` is shown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from spacy.language import Language

from aloi.corpus.corpus_folder import Corpus
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import annotate
from aloi.eval.reports.report import evaluate
from aloi.eval.schemes import ATTRIBUTE_SCHEMES
from aloi.models.attributes.attribute_types import Owner
from aloi.models.attributes.items import Item, iter_items
from aloi.models.attributes.prediction import predict_attributes, without_attributes
from aloi.models.studies.joined_corpus import join_corpora
from aloi.models.training.job import ATTRIBUTES, prepare_job

CUE_RULES = (
    ("negated", ("predicate:negation", "predicate:refusal", "path:negation")),
    ("possible", ("predicate:modal", "predicate:wish", "matrix:wish", "predicate:conditional")),
    ("attributed", ("quoted", "sentence:left:source", "matrix:report", "predicate:suspicion")),
)
"""The values of `assertion`, and the features of which one is enough, in the order of RG7."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", type=Path, nargs="+")
    parser.add_argument("--split", action="append")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    corpora = [Corpus.open(folder) for folder in options.corpora]
    nlp, seconds = train(corpora)
    print(f"trained in {seconds:.1f} s")
    rows = [
        {"corpus": corpus.manifest.name, "split": split, "system": system, **row}
        for split in options.split or ["dev"]
        for corpus in corpora
        for system, row in scores(nlp, corpus, split)
    ]
    for row in rows:
        print(
            "  ".join(
                f"{value:.3f}" if isinstance(value, float) else f"{value}" for value in row.values()
            )
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def train(corpora: list[Corpus]) -> tuple[Language, float]:
    joined = corpora[0] if len(corpora) == 1 else join_corpora(corpora)
    schema = corpora[0].folder / corpora[0].manifest.schema
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        parts = joined.split("train"), joined.split("dev")
        nlp = prepare_job(ATTRIBUTES, Path(folder), *parts, schema=schema).run()
    print(json.dumps(nlp.meta["aloi"]["tuning"], indent=1))
    return nlp, time.monotonic() - started


def scores(nlp: Language, corpus: Corpus, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a row for each system and value, and one for the macro average over `assertion`."""
    gold = corpus.split(split)
    systems = {"model": list(predict_attributes(nlp, gold)), "cue rule": list(by_rule(nlp, gold))}
    for name, pred in systems.items():
        report = evaluate(gold, pred, schemes=ATTRIBUTE_SCHEMES, schema=corpus.schema)
        results = {**report.entities, **report.relations}
        for result in results.values():
            for value, counts in result.scores.types.items():
                yield name, {"value": value, **counts.as_dict(), **counts.ratios}
    for name, pred in {**systems, "majority": [without_attributes(each) for each in gold]}.items():
        values = f1_of_assertions(gold, pred)
        yield name, {"value": "assertion", **values, "macro": sum(values.values()) / len(values)}


def f1_of_assertions(gold: Iterable[Document], pred: Iterable[Document]) -> dict[str, float]:
    """Return F1 of every value of `assertion`, including asserted."""
    pairs = [
        (one.attributes.get("assertion", "asserted"), other.attributes.get("assertion", "asserted"))
        for document, predicted in zip(gold, pred, strict=True)
        for one, other in zip(document.relations, predicted.relations, strict=True)
    ]
    return {
        value: 2 * sum(one == other == value for one, other in pairs)
        / max(sum((one == value) + (other == value) for one, other in pairs), 1)
        for value in ("asserted", "attributed", "negated", "possible")
    }  # fmt: skip


def by_rule(nlp: Language, documents: Iterable[Document]) -> Iterator[Document]:
    """Yield the documents with attributes by rule."""
    for document in map(without_attributes, documents):
        doc = annotate(nlp.make_doc(document.text), document)
        for name in ("tok2vec", "morphologizer", "parser"):
            doc = nlp.get_pipe(name)(doc)
        assertions = map(assertion_of, iter_items(doc, Owner.RELATIONS, labels=None))
        places = {id(item): item for item in iter_items(doc, Owner.MENTIONS, labels=None)}
        relations = tuple(
            msgspec.structs.replace(each, attributes={"assertion": value} if value else {})
            for each, value in zip(document.relations, assertions, strict=True)
        )
        entities = tuple(
            msgspec.structs.replace(
                each, attributes={"metonymy": "government"} if is_power(item) else {}
            )
            for each, item in zip(document.entities, places.values(), strict=True)
        )
        yield msgspec.structs.replace(document, entities=entities, relations=relations)


def assertion_of(item: Item | None) -> str:
    names = set(item.features) if item else set()
    if "nested" in names:
        return ""
    return next((value for value, cues in CUE_RULES if names.intersection(cues)), "")


def is_power(item: Item | None) -> bool:
    if item is None or item.label != "LOC" or "seat" not in item.features:
        return False
    acts = {f"head:{label}" for label in ("SUPPORTS", "OPPOSES", "PARTY_TO", "COOPERATES_WITH")}
    acts |= {f"tail:{label}" for label in ("SUPPORTS", "OPPOSES", "COOPERATES_WITH")}
    acts |= {"head:NEGOTIATES_WITH", "tail:NEGOTIATES_WITH", "dep:nsubj"}
    return bool(acts.intersection(item.features))


if __name__ == "__main__":
    main()
