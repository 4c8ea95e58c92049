"""Grounding: no mention has a wrong place, whatever happened to the copy of the text."""

from pathlib import Path
from random import Random

import pytest
from chat_server import marked_answer
from garbling import Garbled, changed_characters, garbled_copy
from hypothesis import given, settings
from hypothesis import strategies as st

from aloi.corpus import document_files
from aloi.corpus.schema import EntityType, Schema
from aloi.models.llm.answers import read_answer
from aloi.models.llm.endpoint import AnswerError
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


def test_a_shortened_sentence_in_the_place_of_another_is_ambiguous() -> None:
    """After the first name, "journal" was changed, or "musée loi" was left out: nobody knows."""
    rest = " Ana quitte Léo usine. Ana rencontre Ana directeur budget élection chef. "
    text = f"selon chez dans refuse Léo. contre Ana journal l’ONU.{rest}Ana Ruiz musée loi l’ONU."
    copy = f"selon chez dans refuse Léo. Ana Ruiz l'ONU.{rest}contre Ana journal l'ONU."
    assert place(copy, text, "Ana") == AMBIGUOUS


def test_a_different_text_is_refused() -> None:
    with pytest.raises(UnrelatedTextError):
        ground("Yesterday, Ana left Rome, and today she is in Lima.", TEXT, [(11, 14)])


def test_a_very_long_copy_is_refused() -> None:
    with pytest.raises(UnrelatedTextError):
        ground("Ana et Ana et " * 100_000, TEXT, [(0, 3)])


LABELS = Schema("names", "1", {"PER": EntityType(), "LOC": EntityType()})


def check_answer(copy: Garbled) -> int:
    """Fail if a mention has a place that it was not copied from; return the number of places."""
    text, mentions = copy.original.text, copy.copy.by_id()
    try:
        reading = read_answer(marked_answer(copy.copy), text, LABELS)
    except AnswerError:
        return 0
    if copy.copy.text.strip() == text:
        return 0  # the copy is the text: its garbling cannot be seen
    for found in reading.findings.entities:
        mention = mentions[found.ref or ""]
        message = f"\n{text}\n{copy.copy.text}\n{mention} {found}"
        assert text[found.start : found.end] == copy.copy.surface(mention), message
        assert copy.is_right(mention, found.start, found.end), message
    return len(reading.findings.entities)


SEEDS = st.integers(0, 2**32)


@settings(max_examples=300)
@given(SEEDS)
def test_no_mention_has_a_wrong_place(seed: int) -> None:
    check_answer(garbled_copy(Random(seed)))


@pytest.mark.slow
@settings(max_examples=10_000)
@given(SEEDS)
def test_no_mention_of_10000_copies_has_a_wrong_place(seed: int) -> None:
    check_answer(garbled_copy(Random(seed)))


def test_many_mentions_of_garbled_copies_are_kept() -> None:
    assert sum(check_answer(garbled_copy(Random(seed))) for seed in range(300)) > 500


def test_untouched_mentions_are_kept() -> None:
    """With 2 % of the characters changed, at least 97 % of the untouched mentions have a place."""
    kept = untouched = 0
    for seed, document in enumerate(document_files.read(GOLD)[:60]):
        copy = changed_characters(document, 0.02, seed)
        mentions = [each for each in copy.copy.entities if copy.is_untouched(each)]
        spans = [(each.start, each.end) for each in mentions]
        places = ground(copy.copy.text, document.text, spans).places
        for mention, place_ in zip(mentions, places, strict=True):
            if not isinstance(place_, str):
                assert copy.is_right(mention, *place_)
                kept += 1
        untouched += len(mentions)
    assert untouched > 2000
    assert kept / untouched >= 0.97
