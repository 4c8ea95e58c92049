"""Confidence intervals by bootstrap over documents."""

from aloi.corpus.document import Document, Entity
from aloi.eval.columns import Annotations
from aloi.eval.items import mention_items
from aloi.eval.pairing import pair_annotations
from aloi.eval.score_counts import Counts
from aloi.eval.scores import Scores, score_items
from aloi.eval.statistics.intervals import bootstrap_intervals


def doc(id_: str, text: str = "Ana et Bob", *ends: int) -> Document:
    entities = tuple(Entity(id=f"e{end}", start=0, end=end, label="PER") for end in ends)
    return Document(id_, text, entities)


def exact(gold: list[Document], pred: list[Document]) -> Scores[Counts]:
    pair = pair_annotations(Annotations.of(gold), Annotations.of(pred))
    return score_items(*mention_items(pair), documents=len(pair), labels=pair.labels)


def test_an_interval_contains_the_ratio_and_is_reproducible() -> None:
    gold = [doc(str(n), "Ana et Bob", 3) for n in range(20)]
    pred = [doc(str(n), "Ana et Bob", 3 if n % 4 else 2) for n in range(20)]
    scores = exact(gold, pred)
    result = bootstrap_intervals(scores, replicates=500, seed=3)
    assert result == bootstrap_intervals(scores, replicates=500, seed=3)
    low, high = result.micro["f1"].low, result.micro["f1"].high
    assert low is not None
    assert high is not None
    # 15 of 20 documents are correct: 0.75, with a standard error of about 0.1.
    assert low < 0.75 < high
    assert 0.2 < high - low < 0.5


def test_replicates_with_an_undefined_ratio_are_counted() -> None:
    # One of two documents is empty: a quarter of the replicates draw it twice.
    scores = exact([doc("a", "Ana", 3), doc("b")], [doc("a", "Ana", 3), doc("b")])
    lost = bootstrap_intervals(scores, replicates=2000, seed=0).types["PER"]["f1"].lost
    assert 400 < lost < 600
