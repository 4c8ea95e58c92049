"""Folds keep events whole, are the same every time, and are nearly of one size."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import sentence

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError
from aloi.models.studies.folds import Rounds, by_event, folds


def document(number: int, event: str | None = None, words: int = 1) -> Document:
    return Document(
        f"d{number}", "mot " * words, (), meta={} if event is None else {"event": event}
    )


@given(st.lists(st.tuples(st.none() | st.sampled_from("abcdef"), st.integers(0, 50)), min_size=1))
def test_folds_hold_each_document_once_and_no_event_twice(
    drawn: list[tuple[str | None, int]],
) -> None:
    documents = [document(n, event, words) for n, (event, words) in enumerate(drawn)]
    groups = by_event(documents)
    count = min(3, len(groups))
    parts = folds(documents, count)
    assert sorted(d.id for part in parts for d in part) == sorted(d.id for d in documents)
    assert all(parts)
    for group in groups:
        assert len([part for part in parts if {d.id for d in group} & {d.id for d in part}]) == 1
    # Each group went to the smallest fold, so the largest is ahead by one group at most.
    sizes = [sum(len(d.text.split()) for d in part) for part in parts]
    largest = max(sum(len(d.text.split()) for d in group) for group in groups)
    assert max(sizes) - min(sizes) <= largest


def test_folds_do_not_depend_on_the_order_of_the_documents() -> None:
    documents = [document(n, "abcd"[n % 4], n) for n in range(12)]
    assert folds(documents, 3) == folds(documents[::-1], 3)


def test_a_document_s_id_is_no_event() -> None:
    # d1 tells the event d2, the document d2 none: they are two groups.
    assert len(by_event([document(1, "d2"), document(2)])) == 2


def test_a_new_document_leaves_the_order_of_the_others() -> None:
    few, more = ([document(n) for n in range(count)] for count in (10, 11))
    order = [group for group in by_event(more) if group[0].id != "d10"]
    assert order == by_event(few)


def test_too_few_events_are_said() -> None:
    with pytest.raises(DataError, match="1 events cannot make 3 folds"):
        folds([document(1, "a"), document(2, "a")], 3)


@pytest.mark.slow
def test_no_pipeline_learns_from_its_fold_and_none_is_trained_twice(tmp_path: Path) -> None:
    # d3 is to be learned from by none: it is held out once like the others, and that is all.
    parts = folds([sentence(number) for number in range(12)], 3)
    quick = {"training.max_steps": 4, "training.eval_frequency": 2}
    rounds = Rounds("ner", tmp_path, overrides=quick, untaught=["d3"])
    first, again = io.StringIO(), io.StringIO()
    assert [held_out for _, held_out in rounds.run(parts, progress=first)] == parts
    for number, part in enumerate(parts, start=1):
        data = tmp_path / f"ner-fold-{number}-of-3"
        learned = {
            d.id for name in ("train", "dev") for d in document_files.read(data / f"{name}.jsonl")
        }
        everything = {document.id for each in parts for document in each}
        assert learned == everything - {document.id for document in part} - {"d3"}
    assert "ner-fold-3-of-3/model: training on 4 documents" in first.getvalue()
    assert len(list(rounds.run(parts, progress=again))) == 3
    assert again.getvalue().count(": up to date\n") == 3 == len(again.getvalue().splitlines())
