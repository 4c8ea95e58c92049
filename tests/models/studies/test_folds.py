"""Folds keep events together, are reproducible, and are nearly equal in size."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import sentence

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError
from aloi.models.studies.folds import FoldTraining, group_by_event, make_folds


def document(number: int, event: str | None = None, words: int = 1) -> Document:
    return Document(
        f"d{number}", "mot " * words, (), meta={} if event is None else {"event": event}
    )


@given(st.lists(st.tuples(st.none() | st.sampled_from("abcdef"), st.integers(0, 50)), min_size=1))
def test_folds_contain_each_document_once_and_no_event_twice(
    drawn: list[tuple[str | None, int]],
) -> None:
    documents = [document(n, event, words) for n, (event, words) in enumerate(drawn)]
    groups = group_by_event(documents)
    count = min(3, len(groups))
    parts = make_folds(documents, count)
    assert sorted(d.id for part in parts for d in part) == sorted(d.id for d in documents)
    assert all(parts)
    for group in groups:
        assert len([part for part in parts if {d.id for d in group} & {d.id for d in part}]) == 1
    # Each group goes to the smallest fold, so the largest is ahead by at most one group.
    sizes = [sum(len(d.text.split()) for d in part) for part in parts]
    largest = max(sum(len(d.text.split()) for d in group) for group in groups)
    assert max(sizes) - min(sizes) <= largest


def test_folds_do_not_depend_on_the_order_of_the_documents() -> None:
    documents = [document(n, "abcd"[n % 4], n) for n in range(12)]
    assert make_folds(documents, 3) == make_folds(documents[::-1], 3)


def test_a_document_id_is_not_an_event() -> None:
    # d1 has the event d2, the document d2 has no event: they are two groups.
    assert len(group_by_event([document(1, "d2"), document(2)])) == 2


def test_a_new_document_does_not_change_the_order_of_the_others() -> None:
    fewer, more = ([document(n) for n in range(count)] for count in (10, 11))
    order = [group for group in group_by_event(more) if group[0].id != "d10"]
    assert order == group_by_event(fewer)


def test_too_few_events_are_reported() -> None:
    with pytest.raises(DataError, match="3 folds require at least 3 events; found 1"):
        make_folds([document(1, "a"), document(2, "a")], 3)


@pytest.mark.slow
def test_no_pipeline_is_trained_on_its_fold_or_trained_twice(tmp_path: Path) -> None:
    # d3 is excluded from training, but held out once like the others.
    parts = make_folds([sentence(number) for number in range(12)], 3)
    quick = {"training.max_steps": 4, "training.eval_frequency": 2}
    training = FoldTraining("ner", tmp_path, overrides=quick, excluded=["d3"])
    first, second = io.StringIO(), io.StringIO()
    assert [held_out for _, held_out in training.train(parts, log=first)] == parts
    for number, part in enumerate(parts, start=1):
        data = tmp_path / f"ner-fold-{number}-of-3"
        used = {
            d.id for name in ("train", "dev") for d in document_files.read(data / f"{name}.jsonl")
        }
        everything = {document.id for each in parts for document in each}
        assert used == everything - {document.id for document in part} - {"d3"}
    assert "ner-fold-3-of-3/model: training on 4 documents" in first.getvalue()
    assert len(list(training.train(parts, log=second))) == 3
    assert second.getvalue().count(": up to date\n") == 3 == len(second.getvalue().splitlines())
