"""Windows of long texts, and votes of several passes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aloi.corpus.document import Entity, Relation
from aloi.models.llm.voting import vote
from aloi.models.llm.windows import Findings, Window, merge_windows, split_windows


@given(st.text(st.sampled_from("ab. \n"), max_size=300))
def test_windows_cover_the_text(text: str) -> None:
    windows = split_windows(text, size=40, overlap=10)
    assert windows[0].start == windows[0].core_start == 0
    assert windows[-1].end == windows[-1].core_end == len(text)
    for one, other in pairwise(windows):
        assert one.core_end == other.core_start
        assert one.start < other.start < one.end < other.end
    assert all(w.start <= w.core_start <= w.core_end <= w.end <= w.start + 40 for w in windows)


def test_a_short_text_is_one_window() -> None:
    assert split_windows("Ana vit à Rome.") == [Window(0, 15, 0, 15)]


def entity(id_: str, start: int, label: str = "PER") -> Entity:
    return Entity(id=id_, start=start, end=start + 3, label=label)


def test_shared_mentions_are_merged() -> None:
    """The core of the first window ends at 25; its second mention is the other's first one."""
    first = Findings(
        (entity("e1", 0), entity("e2", 22), entity("e3", 26)),
        (Relation(head="e1", tail="e2", label="MEETS"),),
    )
    second = Findings(
        (entity("e1", 2), entity("e2", 20)), (Relation(head="e1", tail="e2", label="MEETS"),)
    )
    parts = [(Window(0, 30, 0, 25), first), (Window(20, 50, 25, 50), second)]
    merged = merge_windows(parts)
    assert merged.entities == (entity("e1", 0), entity("e2", 22), entity("e3", 40))
    assert merged.relations == (
        Relation(head="e1", tail="e2", label="MEETS"),
        Relation(head="e2", tail="e3", label="MEETS"),
    )


def test_the_score_is_the_share_of_the_passes() -> None:
    one = Findings(
        (entity("a", 0), entity("b", 10)), (Relation(head="a", tail="b", label="MEETS"),)
    )
    other = Findings(
        (entity("b", 0), entity("a", 10)), (Relation(head="a", tail="b", label="MEETS"),)
    )
    third = Findings((entity("a", 0), entity("b", 20)), ())
    voted = vote([one, other, third], frozenset({"MEETS"}))
    assert [(e.start, round(e.score or 0, 2)) for e in voted.entities] == [(0, 1.0), (10, 0.67)]
    assert [(r.head, r.tail, round(r.score or 0, 2)) for r in voted.relations] == [
        ("e1", "e2", 0.67)
    ]
