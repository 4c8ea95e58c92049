"""Who gets which documents, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aloi.annotation.labelstudio.assignment import assign, farthest_first, ordered
from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError

IDS = st.lists(st.text("abcdef0123", min_size=1, max_size=4), unique=True, max_size=30)
NAMES = st.sampled_from([["marie"], ["marie", "paul"], ["marie", "paul", "zoé"]])


@given(IDS, NAMES, st.sampled_from([0.0, 0.2, 1.0]))
def test_everyone_gets_a_fair_share_and_the_doubled_two(
    ids: list[str], names: list[str], double: float
) -> None:
    shares = assign(ids, names, double=double)
    times = [sum(id_ in share for share in shares.values()) for id_ in ids]
    doubled = -(-int(double * len(ids) * 100) // 100) if len(names) > 1 else 0  # rounded up
    assert sorted(times) == [1] * (len(ids) - doubled) + [2] * doubled
    sizes = [len(share) for share in shares.values()]
    assert max(sizes) - min(sizes) <= 1
    assert all(share == [id_ for id_ in ids if id_ in share] for share in shares.values())


@given(IDS, NAMES, st.data())
def test_a_push_that_was_stopped_goes_on_as_it_began(
    ids: list[str], names: list[str], data: st.DataObject
) -> None:
    whole = assign(ids, names, double=0.5)
    first = {name: share[: data.draw(st.integers(0, len(share)))] for name, share in whole.items()}
    resumed = assign(ids, names, double=0.5, placed=first)
    assert all(set(first[name]) <= set(resumed[name]) for name in names)
    assert assign(ids, names, double=0.5, placed=whole) == whole
    times = [sum(id_ in share for share in resumed.values()) for id_ in ids]
    assert sorted(times) == sorted(sum(id_ in s for s in whole.values()) for id_ in ids)


def scored(id_: str, *scores: float | None) -> Document:
    entities = tuple(
        Entity(f"e{number}", 0, 1, "PER", score=score) for number, score in enumerate(scores)
    )
    return Document(id_, "Ana", entities)


def test_the_most_uncertain_come_first_and_the_unscored_last() -> None:
    # Mean scores 0.9, none, 0.5, 0.9: doubts 0.1, none, 0.5, 0.1; equals keep their order.
    found = [scored("a", 0.9), scored("b", None), scored("c", 0.2, 0.8), scored("d", 0.9)]
    predictions = {each.id: each for each in found}
    order = ordered(found, "uncertain-first", predictions=predictions)
    assert [each.id for each in order] == ["c", "a", "d", "b"]
    with pytest.raises(DataError, match="no prediction has a score"):
        ordered(found, "uncertain-first", predictions={})
    assert ordered(found, "as-is", predictions={}) == found


def test_diverse_texts_come_before_more_of_the_same() -> None:
    # The first is close to all; the two on wheat wait until one of each other subject was had.
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
def test_texts_without_words_are_ordered_too(texts: list[str]) -> None:
    assert sorted(farthest_first(texts)) == list(range(len(texts)))
