"""The signature of a report, as users quote it."""

from dataclasses import replace

from aloi.eval.reports.signature import Signature

SIGNATURE = Signature(
    aloi_version="1.2",
    corpus=None,
    gold_hash="0123456789abcdef" * 4,
    documents=3,
    schema=None,
    entity_schemes=("exact", "outermost"),
    relation_schemes=(),
)


def test_without_corpus_and_schema() -> None:
    assert str(SIGNATURE) == (
        "aloi 1.2 | gold 0123456789ab | 3 documents | no schema, relations directed"
        " | entities exact+outermost | relations none | no bootstrap"
    )


def test_with_every_part() -> None:
    signature = replace(
        SIGNATURE,
        corpus="news 1.0.0 abc",
        schema="news 2.0.0",
        relation_schemes=("strict",),
        allow_missing=True,
        bootstrap=100,
        seed=7,
    )
    assert str(signature.with_notes("5 folds")) == (
        "aloi 1.2 | corpus news 1.0.0 abc | 3 documents | schema news 2.0.0"
        " | entities exact+outermost | relations strict | missing documents allowed"
        " | bootstrap 100 seed 7 interval expanded | 5 folds"
    )


def test_notes_can_replace_the_bootstrap() -> None:
    signature = replace(SIGNATURE, bootstrap=None).with_notes("paired bootstrap", "Holm")
    assert str(signature).endswith("relations none | paired bootstrap | Holm")


def test_one_document() -> None:
    assert " | 1 document | " in str(replace(SIGNATURE, documents=1))
