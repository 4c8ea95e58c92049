"""The rules of a project that learns: when to train, how to score, when to stop."""

from pathlib import Path

import pytest
from toy import sentence

from aloi.annotation.learning.history import (
    Round,
    RoundCounts,
    count_changed,
    needed_changes,
    read_rounds,
    rounds_sheet,
    score_counts,
    stop_suggestion,
    write_rounds,
)
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError
from aloi.corpus.schema import Schema

NOTHING = RoundCounts()


def past_round(number: int, documents: int, mentions: RoundCounts = NOTHING) -> Round:
    return Round(
        number=number,
        time="2026-01-01T00:00:00+00:00",
        model_version=f"round {number} x",
        documents={f"d{n}": "hash" for n in range(documents)},
        changed=5,
        scored=5 if mentions != NOTHING else 0,
        mentions=mentions,
    )


@pytest.mark.parametrize(("documents", "needed"), [(0, 5), (50, 5), (51, 6), (200, 20)])
def test_a_training_needs_five_documents_and_a_tenth(documents: int, needed: int) -> None:
    assert needed_changes([past_round(1, documents)] if documents else []) == needed


def test_new_and_corrected_documents_count_as_changed() -> None:
    # d0 is unchanged, d1 was corrected, d9 is new.
    hashes = {"d0": "hash", "d1": "other", "d9": "hash"}
    assert count_changed(hashes, [past_round(1, 3)]) == 2
    assert count_changed(hashes, []) == 3


def test_mentions_and_end_to_end_relations_are_counted() -> None:
    gold = sentence(0)  # 3 mentions, 2 relations; the prediction misses the last mention
    first, second, _ = gold.entities
    predicted = Document(gold.id, gold.text, (first, second), gold.relations[:1])
    schema = Schema("toy", "1", {}, {})
    assert score_counts([gold], [predicted], schema) == (RoundCounts(2, 0, 1), RoundCounts(1, 0, 1))


@pytest.mark.parametrize(
    ("right", "stops"),
    [
        ([50, 60, 70, 80, 80, 80], False),  # F1 0.6 to 0.8: a gain of 0.067 per round
        ([80, 80, 80, 81, 80, 82], True),  # F1 0.80 to 0.81: a gain of 0.003 per round
        ([80, 80, 80, 80, 80], False),  # fewer than six scored rounds
    ],
)
def test_stopping_is_suggested_when_rounds_gain_little(right: list[int], stops: bool) -> None:
    counts = [RoundCounts(tp, 100 - tp, 100 - tp) for tp in right]
    rounds = [past_round(n, 5 * n, each) for n, each in enumerate(counts, start=1)]
    assert (stop_suggestion(rounds) is not None) is stops


def test_the_history_is_read_as_written_and_shown_as_a_table(tmp_path: Path) -> None:
    rounds = [past_round(1, 5), past_round(2, 10, RoundCounts(3, 1, 1))]
    assert read_rounds(tmp_path / "rounds.json") == []
    write_rounds(tmp_path / "rounds.json", rounds)
    assert read_rounds(tmp_path / "rounds.json") == rounds
    assert rounds_sheet(rounds).rows == (
        ("1", "5", "5", "0", "–", "–"),
        ("2", "10", "5", "5", "0.750", "–"),
    )


def test_an_unreadable_history_is_reported(tmp_path: Path) -> None:
    (tmp_path / "rounds.json").write_text("{")
    with pytest.raises(DataError, match="history of rounds cannot be read"):
        read_rounds(tmp_path / "rounds.json")
