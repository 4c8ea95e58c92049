"""The model card contains the training record, and the Hub can read its metadata."""

import re
from typing import Any

import pytest

from aloi.models.publication.model_card import render_model_card

FRENCH = {"name": "fr_core_news_md", "version": "3.8.0", "licence": "LGPL-LR"}
ROW = {"tp": 1, "fp": 0, "fn": 2, "precision": 1.0, "recall": 1 / 3, "f1": 0.5}
NONE = {"tp": 0, "fp": 0, "fn": 0, "precision": None, "recall": None, "f1": None}
RESULT = {"types": {"LOC": NONE, "PER": ROW}, "micro": ROW}


def record(kind: str = "ner", **changes: object) -> dict[str, Any]:
    entities = {"entities": {"exact": RESULT, "outermost": RESULT}}
    return {
        "kind": kind,
        "train_sha256": "aaa",
        "dev_sha256": "bbb",
        "schema": "news 1",
        "overrides": {"training.max_steps": 9},
        "versions": {"aloi": "0.1.0"},
        "corpus": {"name": "news", "version": "2", "licence": "CC-BY-4.0", "sha256": "ccc"},
        "data": {
            "train": {"documents": 12, "entities": 34, "relations": 56},
            "dev": {"documents": 7, "entities": 8, "relations": 9},
        },
        "rights": {"CC BY 4.0": 12},
        "redistributable": True,
        "seed": 3,
        "components": [kind] if kind == "ner" else ["aloi_relations"],
        "sources": [FRENCH],
        "scores": {
            "documents": 7,
            **(entities if kind == "ner" else {"relations": {"strict": RESULT}}),
        },
    } | changes


def meta(aloi: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {
        "lang": "fr",
        "name": "toy",
        "version": "0.0.0",
        "spacy_version": ">=3.8.0,<3.9.0",
        "requirements": ["aloi>=0.1.0,<0.2.0"],
        "license": "LGPL-LR",
        "labels": {"ner": ["LOC", "PER"], "aloi_relations": ["MEETS"], "parser": ["nsubj"]},
        "aloi": aloi,
    } | changes


def test_card_contains_data_settings_scores_and_licence() -> None:
    text = render_model_card(meta(record()), size=2_345_678)
    assert "2.3 MB" in text
    assert "news 2 (CC-BY-4.0; SHA-256 ccc)" in text
    assert "12 documents with 34 entities and 56 relations for training (SHA-256 aaa)" in text
    assert "Seed 3, schema news 1, changed settings: `training.max_steps = 9`" in text
    assert "| PER | 3 | 1.000 | 0.333 | 0.500 |" in text
    assert "| LOC | 0 | – | – | – |" in text
    assert "- `ner`: LOC, PER" in text
    assert "nsubj" not in text
    assert "Licence of this pipeline: LGPL-LR" in text
    assert "word vectors or weights of fr_core_news_md 3.8.0 (LGPL-LR)" in text
    assert "\n\n\n" not in text.partition("---\n\n")[2]


def test_card_says_what_the_pipeline_reveals_of_its_training_texts() -> None:
    without = render_model_card(meta(record()))
    assert "vocabulary (`vocab/`) contains words of these\ntexts" in without
    assert "It contains no refs, ids or other names that occur only in the annotation." in without
    refs = {"sha256": "ddd", "names": 1, "annotated_names": 2}
    text = render_model_card(meta({"ner": record(), "refs": refs}))
    assert "`aloi_refs` contains the names that are annotated in these texts" in text
    assert "contains no refs, ids" not in text
    assert "no refs of private persons and\nno ids of documents" in text


def test_pipes_in_labels_stay_in_their_cell() -> None:
    result = {"types": {"A|B": ROW}, "micro": ROW}
    scores = {"documents": 7, "entities": {"exact": result}}
    assert r"| A\|B | 3 | 1.000 | 0.333 | 0.500 |" in render_model_card(meta(record(scores=scores)))


def test_relation_pipeline_predicts_between_gold_entities() -> None:
    text = render_model_card(meta(record("relations")))
    assert "finds relations between given entities" in text
    assert "predicted.jsonl --gold-entities" in text
    assert "spacy.load" not in text


def test_test_scores_are_those_of_the_same_system() -> None:
    report = {"documents": 5, "entities": {"exact": RESULT, "semeval-type": RESULT}}
    runs = [
        {"split": split, "system": system, "task": "entities", "report": report}
        for split, system in (("test", "ner"), ("test", "fr_core_news_md"), ("article", "ner"))
    ]
    text = render_model_card(meta(record()), evaluations=[{"runs": runs}])
    assert text.count("### Entities, test") == 1
    assert text.count("### Entities, dev") == 2


def test_the_card_leads_with_the_test_scores_of_each_corpus_in_their_order() -> None:
    run = {"split": "test", "system": "ner", "task": "entities"}
    report = {"documents": 5, "entities": {"exact": RESULT}}
    evaluations = [
        {"corpus": name, "runs": [run | {"report": report}]} for name in ("real-news", "own")
    ]
    text = render_model_card(meta(record()), evaluations=evaluations)
    titles = re.findall(r"^### Entities, (.*?):", text, re.MULTILINE)
    assert titles == ["test of real-news", "test of own", "dev", "dev"]


def test_card_without_sources_claims_no_licence() -> None:
    text = render_model_card(meta(record(sources=[]), license=""))
    assert "LGPL" not in text
    assert "license" not in text.split("---")[1]


def test_restricted_training_texts_are_mentioned() -> None:
    assert "must not be redistributed" in render_model_card(meta(record(redistributable=False)))


def test_hub_reads_the_metadata() -> None:
    hub = pytest.importorskip("huggingface_hub", reason="needs the extra hub")
    aloi = {"ner": record(), "relations": record("relations")}
    report = {"documents": 5, "relations": {"strict": RESULT}}
    run = {"split": "test", "system": "pipeline", "task": "relations-end-to-end", "report": report}
    data = hub.ModelCard(render_model_card(meta(aloi), evaluations=[{"runs": [run]}])).data
    assert (data.language, data.library_name) == (["fr"], "spacy")
    assert (data.license, data.license_name, data.license_link) == ("other", "lgpl-lr", "LICENSE")
    assert data.pipeline_tag == "token-classification"
    assert data.model_name == "fr_toy"
    values = {
        (r.dataset_split, r.task_name, r.metric_type): r.metric_value for r in data.eval_results
    }
    assert len(values) == 12
    name = "Relations between predicted entities, test: strict (label, both ends and their labels)"
    assert values["test", name, "recall"] == 0.3333


def test_python_example_compiles() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", render_model_card(meta(record())), re.DOTALL)
    compile(code, "card", "exec")
