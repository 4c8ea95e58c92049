"""Counts that can be checked by eye on the tiny corpus; labels renamed and dropped."""

from collections import Counter
from pathlib import Path

import pytest

from aloi.corpus.collection import Corpus, digest
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.labels import LabelMap, load_map, shipped_map
from aloi.corpus.problems import DataError
from aloi.corpus.statistics import summary, to_json

ANA = Document(
    "d",
    "Ana vit à Rome",
    (Entity("a", 0, 3, "Person"), Entity("r", 10, 14, "Hour")),
    (Relation("a", "r", "LIVES_IN"),),
)


def test_counts_of_the_tiny_corpus(corpus: Path) -> None:
    tables = to_json(summary(Corpus.open(corpus)))
    assert tables["by split"]["all"] == {
        "documents": 3,
        "words": 18,
        "mentions": 6,
        "relations": 3,
    }
    assert tables["entities"]["PER"] == {
        "train": 1,
        "dev": 1,
        "test": 1,
        "all": 3,
        "unseen in dev": 0.0,
        "unseen in test": 0.0,
    }
    assert tables["relations"]["MEETS"]["all"] == 0


def test_the_hash_is_of_the_documents_not_of_their_order(corpus: Path) -> None:
    documents = Corpus.open(corpus).documents
    assert digest(documents) == digest(documents[::-1])
    assert digest(documents) != digest(documents[1:])


def test_a_relation_goes_with_an_end_that_is_dropped() -> None:
    dropped: Counter[str] = Counter()
    (mapped,) = shipped_map("winer").apply([ANA], dropped)
    assert [entity.label for entity in mapped.entities] == ["PER"]
    assert mapped.relations == ()
    assert dropped == {"Hour": 1, "LIVES_IN": 1}


def test_without_a_map_nothing_changes() -> None:
    assert list(LabelMap().apply([ANA])) == [ANA]


def test_a_broken_map_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("[renames]\n")
    with pytest.raises(DataError, match="renames"):
        load_map(tmp_path / "m.toml")
