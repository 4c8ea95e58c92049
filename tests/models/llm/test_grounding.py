"""Grounding: no mention has a wrong place, whatever happened to the copy of the text."""

from pathlib import Path
from random import Random

import pytest
from garbling import Garbled, changed_characters, garbled_copy
from hypothesis import given, settings
from hypothesis import strategies as st

from aloi.corpus import document_files
from aloi.models.llm.grounding import (
    AMBIGUOUS,
    NOT_IN_TEXT,
    OTHER_CONTEXT,
    UnrelatedTextError,
    ground,
)

GOLD = Path(__file__).parents[3] / "corpus" / "gold"


def place(copy: str, text: str, surface: str, occurrence: int = 0) -> tuple[int, int] | str:
    """Return the place of one occurrence of a surface in the copy."""
    start = -1
    for _ in range(occurrence + 1):
        start = copy.index(surface, start + 1)
    return ground(copy, text, [(start, start + len(surface))]).places[0]


TEXT = "Hier, Ana a quitté Rome pour Lima. À Lima, Ana retrouve Léo, qui est arrivé de Rome mardi."


def test_an_equal_copy_has_the_same_offsets() -> None:
    assert ground(f"\n{TEXT}\n", f" {TEXT}", [(7, 10)]).places == ((7, 10),)


def test_changes_elsewhere_do_not_matter() -> None:
    copy = TEXT.replace("quitté", "quitte").replace("À", "A").replace(", qui", " qui")
    assert place(copy, TEXT, "Ana", 1) == (43, 46)
    assert place(copy, TEXT, "Rome", 1) == (79, 83)


def test_a_changed_mention_is_dropped() -> None:
    assert place(TEXT.replace("Léo", "Leo"), TEXT, "Leo") == NOT_IN_TEXT


def test_a_name_inside_a_word_is_not_found() -> None:
    assert place("Le Ana dort ici.", "Le Anatole dort ici.", "Ana") == NOT_IN_TEXT


@pytest.mark.parametrize("occurrence", [0, 1])
def test_a_missing_repetition_is_ambiguous(occurrence: int) -> None:
    assert place("Ana, Ana dort.", "Ana, Ana, Ana dort.", "Ana", occurrence) == AMBIGUOUS


def test_an_invented_sentence_is_not_attached_to_a_real_name() -> None:
    copy = TEXT.replace("Lima. ", "Lima. D’après plusieurs sources, Léo serait là aussi. ")
    copy = copy.replace("retrouve Léo", "retrouve l’autre")
    assert place(copy, TEXT, "Léo") in (OTHER_CONTEXT, AMBIGUOUS)


def test_swapped_sentences_are_not_mixed_up() -> None:
    text = "Ana vit à Rome depuis mars 1990. Ana vit à Lima depuis mars 1990."
    copy = "Ana vit à Lima depuis mars 1990. Ana vit à Rome depuis mars 1990."
    assert place(copy, text, "Ana", 0) == place(copy, text, "Ana", 1) == AMBIGUOUS


def test_a_different_text_is_refused() -> None:
    with pytest.raises(UnrelatedTextError):
        ground("Yesterday, Ana left Rome, and today she is in Lima.", TEXT, [(11, 14)])


def test_a_very_long_copy_is_refused() -> None:
    with pytest.raises(UnrelatedTextError):
        ground("Ana et Ana et " * 100_000, TEXT, [(0, 3)])


def check_places(copy: Garbled) -> None:
    """Fail if a mention has a place that it was not copied from."""
    mentions = copy.copy.entities
    text = copy.original.text
    try:
        grounding = ground(copy.copy.text, text, [(e.start, e.end) for e in mentions])
    except UnrelatedTextError:
        return
    if grounding.exact:
        return  # the copy is the text: its garbling cannot be seen
    for mention, found in zip(mentions, grounding.places, strict=True):
        if not isinstance(found, str):
            assert text[slice(*found)] == copy.copy.surface(mention)
            assert copy.is_right(mention, *found), f"\n{text}\n{copy.copy.text}\n{mention} {found}"


SEEDS = st.integers(0, 2**32)


@settings(max_examples=300)
@given(SEEDS)
def test_no_mention_has_a_wrong_place(seed: int) -> None:
    check_places(garbled_copy(Random(seed)))


@pytest.mark.slow
@settings(max_examples=10_000)
@given(SEEDS)
def test_no_mention_of_10000_copies_has_a_wrong_place(seed: int) -> None:
    check_places(garbled_copy(Random(seed)))


@pytest.mark.parametrize("seed", range(3))
def test_untouched_mentions_are_kept(seed: int) -> None:
    """With 2 % of the characters changed, at least 97 % of the untouched mentions have a place."""
    kept = untouched = 0
    for document in document_files.read(GOLD)[:40]:
        copy = changed_characters(document, 0.02, seed)
        check_places(copy)
        mentions = [each for each in copy.copy.entities if copy.is_untouched(each)]
        spans = [(each.start, each.end) for each in mentions]
        places = ground(copy.copy.text, document.text, spans).places
        untouched += len(mentions)
        kept += sum(not isinstance(each, str) for each in places)
    assert kept / untouched >= 0.97
