"""Documents in which each letter is a mention: a cluster is a word, such as `abc`."""

from collections.abc import Iterable

from aloi.corpus.document import Document, Entity
from aloi.eval.columns import Annotations
from aloi.eval.coreference.ref_scores import score_clusters
from aloi.eval.pairing import PairedAnnotations, pair_annotations
from aloi.eval.schemes import COREFERENCE_SCHEMES
from aloi.eval.scores import Scores

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def document(clusters: Iterable[str], id_: str = "d") -> Document:
    """Return a document with one entity per letter; the letters of a word have one ref."""
    entities = [
        Entity(id=letter, start=start, end=start + 1, label="PER", ref=f"{id_}-{cluster}")
        for cluster in clusters
        for letter in cluster
        for start in [LETTERS.index(letter)]
    ]
    return Document(id_, LETTERS, tuple(entities))


def pair_clusters(gold: Iterable[str], pred: Iterable[str]) -> PairedAnnotations:
    return pair_annotations(*(Annotations.of([document(side)]) for side in (gold, pred)))


def cluster_ratios(pair: PairedAnnotations) -> dict[str, tuple[float | None, ...]]:
    """Return precision, recall and F1 of each coreference scheme."""
    return {
        name: tuple(scores.micro.ratios.values())
        for name, scores in score_clusters(pair, COREFERENCE_SCHEMES)
        for _ in [check(scores)]
    }


def check(scores: Scores) -> None:
    """Fail if a ratio is outside [0, 1]."""
    for value in scores.micro.ratios.values():
        assert value is None or -1e-9 <= value <= 1 + 1e-9
