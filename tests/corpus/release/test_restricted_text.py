"""Runs of a text are found wherever they stand, and only where they are whole."""

from hypothesis import given
from hypothesis import strategies as st

from aloi.corpus.document import Document, Entity
from aloi.corpus.release.restricted_text import Guard, Runs

TEXT = (
    "Il « cultive » des roses noires que l'on n'a jamais vues, à Vaucluse,\u00a0au bord de l'eau."
)


@given(st.integers(0, len(TEXT) - 50), st.text(max_size=40), st.text(max_size=40))
def test_a_run_is_found_wherever_it_stands(start: int, before: str, after: str) -> None:
    value = before + TEXT[start : start + 50].replace(" ", "\n ").replace("'", "’") + after
    assert any(Runs([TEXT], 50).within(value))


@given(st.integers(0, len(TEXT) - 50))
def test_a_run_cut_in_two_is_none(start: int) -> None:
    run = TEXT[start : start + 50]
    assert not any(Runs([TEXT], 50).within(run[:25] + "#" + run[25:]))


def test_shorter_runs_and_mentions_are_free_where_an_open_text_has_them() -> None:
    place = TEXT.index("Vaucluse")
    document = Document("d", TEXT, (Entity("e", place, place + 8, "LOC"),))
    guard = Guard([document], [])
    assert guard.found("des roses noires que l’on n") is not None
    assert guard.found("à Vaucluse") == "Vaucluse"
    assert guard.found("à Vauclusette") is None
    assert guard.found("des roses noires") is None  # too short to say whose it is
    free = Guard([document], ["Vaucluse a des roses noires que l'on n'a jamais vues, dit-on."])
    assert free.found("des roses noires que l’on n") is None
    assert free.found("à Vaucluse") is None
    assert free.found(TEXT[10:60]) is not None
