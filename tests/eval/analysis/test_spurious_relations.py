"""Causes of spurious relations, and the confusion matrix of relations."""

import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.analysis.relation_confusion import relation_confusion
from aloi.eval.analysis.spurious_relations import explain_spurious
from aloi.eval.columns import Annotations
from aloi.eval.pairing import PairedAnnotations, pair_annotations
from aloi.eval.reports.report import evaluate

TEXT = "abcdefgh"
SYMMETRIC = frozenset({"MEETS"})


def document(labels: dict[str, str], *arcs: str, refs: dict[str, str] | None = None) -> Document:
    """Return a document with one-letter mentions; an arc is `head LABEL tail`."""
    entities = tuple(
        Entity(
            id=letter,
            start=TEXT.index(letter),
            end=TEXT.index(letter) + 1,
            label=label,
            ref=(refs or {}).get(letter),
        )
        for letter, label in labels.items()
    )
    split = [arc.split() for arc in arcs]
    relations = tuple(Relation(head=head, tail=tail, label=label) for head, label, tail in split)
    return Document("d", TEXT, entities, relations)


GOLD = document(
    {"a": "PER", "b": "LOC", "c": "PER", "d": "LOC", "e": "PER"},
    "a LIVES_IN b",
    "a MEETS c",
    refs={"a": "ana", "b": "rome", "c": "bob", "d": "rome"},
)


def paired(pred: Document) -> PairedAnnotations:
    return pair_annotations(Annotations.of([GOLD]), Annotations.of([pred]))


@pytest.mark.parametrize(
    ("arc", "labels", "cause"),
    [
        ("f LIVES_IN g", {}, "both ends spurious"),
        ("f LIVES_IN b", {}, "head spurious"),
        ("a LIVES_IN g", {}, "tail spurious"),
        ("a LIVES_IN b", {"b": "ORG"}, "wrong type"),
        ("b LIVES_IN a", {}, "reversed"),
        ("b BORN_IN a", {}, "wrong label"),
        ("c BORN_IN a", {}, "wrong label"),
        ("a LIVES_IN d", {}, "other mentions"),
        ("c LIVES_IN b", {}, "unrelated"),
        ("e LIVES_IN d", {}, "unrelated"),  # e has no ref
    ],
)
def test_a_spurious_relation_has_the_first_cause_that_applies(
    arc: str, labels: dict[str, str], cause: str
) -> None:
    mentions = {"a": "PER", "b": "LOC", "c": "PER", "d": "LOC", "e": "PER", "f": "PER", "g": "LOC"}
    pair = paired(document({**mentions, **labels}, arc, "c MEETS a"))
    # `c MEETS a` is right: MEETS is symmetric.
    assert list(explain_spurious(pair, symmetric=SYMMETRIC).values()) == [cause]


def test_the_causes_add_up_to_the_false_positives() -> None:
    """A duplicate of a spurious relation counts once."""
    mentions = {"a": "PER", "b": "LOC", "c": "PER"}
    pred = document(mentions, "b LIVES_IN a", "b LIVES_IN a", "c MEETS a", "a BORN_IN b")
    report = evaluate([GOLD], [pred])
    content = report.to_json()
    counted = content["analysis"]["spurious_relations"]
    assert counted == {
        "BORN_IN": {"wrong label": 1},
        "LIVES_IN": {"reversed": 1},
        "MEETS": {"reversed": 1},  # without a schema, MEETS is directed
    }
    assert content["relations"]["strict"]["micro"]["fp"] == 3


def test_confusion_of_relations_compares_labels_between_the_same_spans() -> None:
    mentions = {"a": "ORG", "b": "LOC", "c": "PER"}
    pred = document(mentions, "c MEETS a", "a BORN_IN b", "b LIVES_IN a", "c LIVES_IN b")
    matrix = relation_confusion(paired(pred), symmetric=SYMMETRIC).to_json()
    filled = {
        (row, column): count
        for row, columns in matrix.items()
        for column, count in columns.items()
        if count
    }
    assert filled == {
        ("MEETS", "MEETS"): 1,  # a has another label in gold
        ("LIVES_IN", "BORN_IN"): 1,
        ("spurious", "LIVES_IN"): 2,
    }
