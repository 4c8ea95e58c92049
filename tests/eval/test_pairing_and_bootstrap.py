"""Gold and predictions must be the same documents; intervals come from their documents."""

import pytest

from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError
from aloi.eval.columns import Annotations
from aloi.eval.counts import Counts
from aloi.eval.items import spans
from aloi.eval.pairing import Pair, pair
from aloi.eval.reports.report import evaluate
from aloi.eval.scores import Scores, score
from aloi.eval.statistics.intervals import intervals


def doc(id_: str, text: str = "Ana et Bob", *ends: int) -> Document:
    entities = tuple(Entity(f"e{end}", 0, end, "PER") for end in ends)
    return Document(id_, text, entities)


def paired(gold: list[Document], pred: list[Document]) -> Pair:
    return pair(Annotations.of(gold), Annotations.of(pred))


def exact(gold: list[Document], pred: list[Document]) -> Scores[Counts]:
    both = paired(gold, pred)
    return score(*spans(both), documents=len(both), labels=both.labels)


def test_the_first_difference_of_texts_is_shown() -> None:
    with pytest.raises(DataError, match=r"character 7: gold has 'Bob', prediction 'Éva'"):
        paired([doc("a")], [doc("a", "Ana et Éva")])


def test_missing_and_extra_documents_are_all_listed() -> None:
    with pytest.raises(DataError) as caught:
        paired([doc("a"), doc("b")], [doc("b"), doc("c")])
    assert [(p.kind, p.document) for p in caught.value.problems] == [
        ("extra-document", "c"),
        ("missing-document", "a"),
    ]


def test_a_missing_document_may_count_as_missed() -> None:
    report = evaluate([doc("a", "Ana", 3)], [], allow_missing=True)
    assert report.entities["exact"].scores.micro == Counts(fn=1)
    assert "missing documents allowed" in report.signature


def test_an_interval_holds_the_ratio_and_repeats_with_its_seed() -> None:
    gold = [doc(str(n), "Ana et Bob", 3) for n in range(20)]
    pred = [doc(str(n), "Ana et Bob", 3 if n % 4 else 2) for n in range(20)]
    scores = exact(gold, pred)
    found = intervals(scores, replicates=500, seed=3)
    assert found == intervals(scores, replicates=500, seed=3)
    low, high = found.micro["f1"].low, found.micro["f1"].high
    assert low is not None
    assert high is not None
    # 15 of 20 documents are right: 0.75, with a standard error of about 0.1.
    assert low < 0.75 < high
    assert 0.2 < high - low < 0.5


def test_replicates_without_the_ratio_are_counted_as_lost() -> None:
    # Only one document of two has anything: a quarter of the replicates draw the empty one twice.
    scores = exact([doc("a", "Ana", 3), doc("b")], [doc("a", "Ana", 3), doc("b")])
    lost = intervals(scores, replicates=2000, seed=0).types["PER"]["f1"].lost
    assert 400 < lost < 600


def test_an_id_twice_on_one_side_is_an_error() -> None:
    with pytest.raises(DataError, match="document id twice in gold"):
        evaluate([doc("a"), doc("a")], [doc("a")])
