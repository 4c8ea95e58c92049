"""On flat spans, counts equal those of seqeval and seqscore, and ratios agree to 1e-12."""

import random
import warnings

import pytest
from seqscore.model import AnnotatedSequence, Mention, Span
from seqscore.scoring import compute_scores

from aloi.corpus.document import Document, Entity
from aloi.eval.reports.report import evaluate

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOB2

LABELS = ("LOC", "ORG", "PER")


def flat_spans(rng: random.Random, length: int) -> list[tuple[int, int, str]]:
    """Return sorted spans of tokens that do not overlap."""
    spans, position = [], 0
    while position < length:
        end = min(position + rng.randint(1, 3), length)
        if rng.random() < 0.4:
            spans.append((position, end, rng.choice(LABELS)))
        position = end
    return spans


def with_errors(
    rng: random.Random, spans: list[tuple[int, int, str]]
) -> list[tuple[int, int, str]]:
    """Return the spans with some missing, some shortened and some with another label."""
    kept = []
    for start, end, label in spans:
        kind = rng.random()
        if kind < 0.15:
            continue
        if kind < 0.3:
            label = rng.choice(LABELS)  # noqa: PLW2901 - a wrong label
        kept.append((start, end - 1 if kind > 0.85 and end - start > 1 else end, label))
    return kept


def as_document(id_: int, length: int, spans: list[tuple[int, int, str]]) -> Document:
    """Return a document in which every character is a token."""
    entities = tuple(
        Entity(id=f"e{n}", start=start, end=end, label=label)
        for n, (start, end, label) in enumerate(spans)
    )
    return Document(str(id_), "x" * length, entities)


def as_bio(length: int, spans: list[tuple[int, int, str]]) -> list[str]:
    tags = ["O"] * length
    for start, end, label in spans:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


@pytest.fixture(scope="module")
def generated() -> list[tuple[int, list[tuple[int, int, str]], list[tuple[int, int, str]]]]:
    rng = random.Random(7)
    documents = []
    for _ in range(200):
        length = rng.randint(0, 40)
        spans = flat_spans(rng, length)
        documents.append((length, spans, with_errors(rng, spans)))
    return documents


@pytest.fixture(scope="module")
def ours(generated: list) -> dict:
    gold = [as_document(n, length, spans) for n, (length, spans, _) in enumerate(generated)]
    pred = [as_document(n, length, spans) for n, (length, _, spans) in enumerate(generated)]
    return evaluate(gold, pred).to_json()["entities"]["exact"]


def test_seqeval(generated: list, ours: dict) -> None:
    gold = [as_bio(length, spans) for length, spans, _ in generated if length]
    pred = [as_bio(length, spans) for length, _, spans in generated if length]
    theirs = classification_report(
        gold, pred, output_dict=True, mode="strict", scheme=IOB2, digits=9
    )
    for label in LABELS:
        row = ours["types"][label]
        assert row["tp"] + row["fn"] == theirs[label]["support"]
        for name, key in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            assert row[name] == pytest.approx(theirs[label][key], abs=1e-12)
            assert ours["micro"][name] == pytest.approx(theirs["micro avg"][key], abs=1e-12)
            assert ours["macro"][name] == pytest.approx(theirs["macro avg"][key], abs=1e-12)


def test_seqscore(generated: list, ours: dict) -> None:
    def sequence(length: int, spans: list[tuple[int, int, str]]) -> AnnotatedSequence:
        return AnnotatedSequence(
            tokens=("x",) * length,
            labels=tuple(as_bio(length, spans)),
            mentions=tuple(Mention(Span(start, end), label) for start, end, label in spans),
        )

    gold = [[sequence(length, spans)] for length, spans, _ in generated if length]
    pred = [[sequence(length, spans)] for length, _, spans in generated if length]
    theirs, _ = compute_scores(pred, gold)
    for label in LABELS:
        row, score = ours["types"][label], theirs.type_scores[label]
        assert (row["tp"], row["fp"], row["fn"]) == (
            score.true_pos,
            score.false_pos,
            score.false_neg,
        )
        assert row["f1"] == pytest.approx(score.f1, abs=1e-12)
