"""The assignment of documents to annotators, and their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aloi.annotation.exchange.assignment import assign_documents, farthest_first, order_documents
from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError

IDS = st.lists(st.text("abcdef0123", min_size=1, max_size=4), unique=True, max_size=30)
NAMES = st.sampled_from([["marie"], ["marie", "paul"], ["marie", "paul", "zoé"]])


@given(IDS, NAMES, st.sampled_from([0.0, 0.2, 1.0]))
def test_shares_are_equal_and_doubled_documents_have_two_annotators(
    ids: list[str], names: list[str], double: float
) -> None:
    shares = assign_documents(ids, names, double=double)
    times = [sum(id_ in share for share in shares.values()) for id_ in ids]
    doubled = -(-int(double * len(ids) * 100) // 100) if len(names) > 1 else 0  # rounded up
    assert sorted(times) == [1] * (len(ids) - doubled) + [2] * doubled
    sizes = [len(share) for share in shares.values()]
    assert max(sizes) - min(sizes) <= 1
    assert all(share == [id_ for id_ in ids if id_ in share] for share in shares.values())


@given(IDS, NAMES, st.data())
def test_an_interrupted_assignment_is_resumed(
    ids: list[str], names: list[str], data: st.DataObject
) -> None:
    complete = assign_documents(ids, names, double=0.5)
    first = {
        name: share[: data.draw(st.integers(0, len(share)))] for name, share in complete.items()
    }
    resumed = assign_documents(ids, names, double=0.5, placed=first)
    assert all(set(first[name]) <= set(resumed[name]) for name in names)
    assert assign_documents(ids, names, double=0.5, placed=complete) == complete
    times = [sum(id_ in share for share in resumed.values()) for id_ in ids]
    assert sorted(times) == sorted(sum(id_ in s for s in complete.values()) for id_ in ids)


def scored(id_: str, *scores: float | None) -> Document:
    entities = tuple(
        Entity(id=f"e{number}", start=0, end=1, label="PER", score=score)
        for number, score in enumerate(scores)
    )
    return Document(id_, "Ana", entities)


def test_uncertain_documents_come_first_and_documents_without_scores_last() -> None:
    # Mean scores 0.9, none, 0.5, 0.9: uncertainty 0.1, none, 0.5, 0.1; ties keep their order.
    documents = [scored("a", 0.9), scored("b", None), scored("c", 0.2, 0.8), scored("d", 0.9)]
    predictions = {each.id: each for each in documents}
    order = order_documents(documents, "uncertain-first", predictions=predictions)
    assert [each.id for each in order] == ["c", "a", "d", "b"]
    with pytest.raises(DataError, match="no prediction contains a score"):
        order_documents(documents, "uncertain-first", predictions={})
    assert order_documents(documents, "as-is", predictions={}) == documents


def test_diverse_texts_come_before_similar_ones() -> None:
    # The first is the closest to all; the other subjects come before the second text on wheat.
    texts = [
        "le blé et le prix du blé",
        "le prix du blé, le blé",
        "élection au parlement",
        "séisme en mer",
    ]
    order = farthest_first(texts)
    assert sorted(order) == [0, 1, 2, 3]
    assert set(order[:3]) >= {2, 3}


@pytest.mark.parametrize("texts", [[], [""], ["", "", ""], ["…", "!", "?"], ["a"] * 5])
def test_texts_without_words_are_ordered(texts: list[str]) -> None:
    assert sorted(farthest_first(texts)) == list(range(len(texts)))
