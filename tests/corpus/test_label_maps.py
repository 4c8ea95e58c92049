"""Label maps: labels are renamed, dropped and counted."""

from pathlib import Path

import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.label_maps import LabelMap, load_label_map, load_shipped_map
from aloi.corpus.problems import DataError

ANA = Document(
    "d",
    "Ana vit à Rome",
    (
        Entity(id="a", start=0, end=3, label="Person"),
        Entity(id="r", start=10, end=14, label="Hour"),
    ),
    (Relation(head="a", tail="r", label="LIVES_IN"),),
)


def test_a_relation_is_dropped_with_its_tail() -> None:
    mapped, dropped = load_shipped_map("winer").apply_to(ANA)
    assert [entity.label for entity in mapped.entities] == ["PER"]
    assert mapped.relations == ()
    assert dropped == {"Hour": 1, "LIVES_IN": 1}


def test_relations_are_renamed_too() -> None:
    (mapped,) = LabelMap({"LIVES_IN": "RESIDES_IN"}).apply([ANA])
    assert [relation.label for relation in mapped.relations] == ["RESIDES_IN"]
    assert mapped.entities == ANA.entities


def test_an_empty_map_changes_nothing() -> None:
    assert list(LabelMap().apply([ANA])) == [ANA]


def test_an_invalid_map_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("[renames]\n")
    with pytest.raises(DataError, match="renames"):
        load_label_map(tmp_path / "m.toml")
