"""F1 and Ign-F1 of facts equal those of DocRED's evaluation script on generated documents."""

import random

import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.eval.reports.report import evaluate

NAMES = ("Ana", "Bob", "Eva", "Oslo", "Rome", "Lima")
LABELS = ("P17", "P131", "P569")
Facts = set[tuple[str, int, int, str]]
"""Document id, number of the head entity, number of the tail entity, label."""


def document(rng: random.Random, id_: str) -> tuple[Document, list[set[str]]]:
    """Return a document with four entities of one to three mentions, and the entities' names."""
    text, mentions, names = "", [], []
    for number in range(4):
        names.append(set())
        for _ in range(rng.randint(1, 3)):
            name = rng.choice(NAMES)
            names[-1].add(name)
            key, start = f"m{len(mentions)}", len(text)
            end = start + len(name)
            mentions.append(Entity(id=key, start=start, end=end, label="X", ref=f"r{number}"))
            text += f"{name} "
    return Document(id_, text, tuple(mentions)), names


def with_facts(rng: random.Random, base: Document, facts: Facts) -> Document:
    """Return the document with a relation for each fact, between random mentions of its ends."""
    arcs = []
    for _, head, tail, label in sorted(facts):
        ends = [[e.id for e in base.entities if e.ref == f"r{n}"] for n in (head, tail)]
        arcs.append(Relation(head=rng.choice(ends[0]), tail=rng.choice(ends[1]), label=label))
    return Document(base.id, base.text, base.entities, tuple(arcs))


def random_facts(rng: random.Random, id_: str, number: int) -> Facts:
    return {(id_, *rng.sample(range(4), 2), rng.choice(LABELS)) for _ in range(number)}


def docred(
    gold: Facts, pred: Facts, names: dict[str, list[set[str]]], train: set[tuple[str, str, str]]
) -> tuple[float, float]:
    """Return F1 and Ign-F1 as the script `evaluation.py` of DocRED computes them."""
    right = gold & pred
    known = sum(
        any((h, label, t) in train for h in names[id_][head] for t in names[id_][tail])
        for id_, head, tail, label in right
    )
    recall, precision = len(right) / len(gold), len(right) / len(pred)
    ignoring = (len(right) - known) / (len(pred) - known + 1e-5)
    return (
        2 * precision * recall / (precision + recall),
        2 * ignoring * recall / (ignoring + recall),
    )


@pytest.mark.parametrize("seed", range(5))
def test_facts_equal_docred(seed: int) -> None:
    rng = random.Random(seed)
    gold, pred, golds, preds, names = [], [], set(), set(), {}
    for number in range(30):
        id_ = f"d{number}"
        base, names[id_] = document(rng, id_)
        facts = random_facts(rng, id_, 5)
        found = {fact for fact in facts if rng.random() < 0.6} | random_facts(rng, id_, 2)
        gold.append(with_facts(rng, base, facts))
        pred.append(with_facts(rng, base, found))
        golds |= facts
        preds |= found
    base, train_names = document(rng, "train")
    train = random_facts(rng, "train", 3)
    known = {
        (head_name, label, tail_name)
        for _, head, tail, label in train
        for head_name in train_names[head]
        for tail_name in train_names[tail]
    }
    report = evaluate(gold, pred, train=[with_facts(rng, base, train)])
    f1, ign = docred(golds, preds, names, known)
    ours = {name: report.relations[name].scores.micro.ratios["f1"] for name in report.relations}
    assert ours["facts"] == pytest.approx(f1, abs=1e-12)
    assert ours["facts-ign"] == pytest.approx(ign, abs=1e-5)  # the script adds 1e-5
    assert ours["facts-ign"] != ours["facts"]
