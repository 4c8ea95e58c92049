"""Labels and scores that cannot be reported are errors."""

import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.eval.reports.report import evaluate
from aloi.eval.score_counts import Counts


def document(label: str = "PER", score: float | None = None, relation: str = "R") -> Document:
    entity = Entity(id="e", start=0, end=3, label=label, score=score)
    return Document("d", "Ana", (entity,), (Relation(head="e", tail="e", label=relation),))


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("", "gold: a label is empty"),
        ("A\nB", "contains a line break"),
        ("A\u2028B", "contains a line break"),
        ("micro", "is the name of an average"),
    ],
)
def test_invalid_labels(label: str, message: str) -> None:
    for gold in (document(label), document(relation=label)):
        with pytest.raises(DataError, match=f"document d: .*{message}"):
            evaluate([gold], [document()])


def test_scores_must_be_probabilities() -> None:
    with pytest.raises(DataError, match=r"predictions: scores of mentions .* not 1\.5"):
        evaluate([document()], [document(score=1.5)])
    report = evaluate([document()], [document(score=1 + 1e-9)])  # a rounding error
    assert report.entities["exact"].scores.micro == Counts(tp=1)


def test_other_labels_are_valid() -> None:
    assert list(evaluate([document("a|b é")], [document("*")]).entities["exact"].scores.types) == [
        "*",
        "a|b é",
    ]
