"""Losses: what all annotators gave and gold lacks."""

import msgspec
from meeting import ANA, ROME, SCHEMA, doc

from aloi.annotation.compare.losses import find_losses
from aloi.corpus.document import Document, Entity, Relation

IN = Relation(head="a", tail="r", label="IN")
ROME_REF = msgspec.structs.replace(ROME, ref="rome", attributes={"metonymy": "government"})
TOWN = msgspec.structs.replace(ROME_REF, label="ORG")


def losses(*versions: Document, gold: Document) -> list[str]:
    named = dict(zip("ABC", versions, strict=False))
    return [each.what for each in find_losses(named, gold, SCHEMA)]


def test_whatever_all_annotators_gave_and_gold_lacks_is_listed() -> None:
    first, second = doc(ANA, ROME_REF, relations=(IN,)), doc(ANA, TOWN, relations=(IN,))
    assert losses(first, second, gold=doc(ANA)) == [
        "all annotators gave the mention «Rome», but gold lacks it",
        "all annotators gave the relation IN from «Ana» to «Rome», but gold lacks it",
    ]
    bare = Entity(id="r", start=15, end=19, label="ORG")
    assert losses(first, second, gold=doc(ANA, bare, relations=(IN,))) == [
        "all annotators gave the mention «Rome» the value ref=rome, but gold lacks it",
        "all annotators gave the mention «Rome» the value metonymy=government, but gold lacks it",
    ]


def test_what_only_some_annotators_gave_is_not_lost() -> None:
    assert losses(doc(ANA, ROME, relations=(IN,)), doc(ANA), gold=doc(ANA)) == []
    assert losses(doc(ROME_REF), doc(ROME), gold=doc(ROME)) == []
