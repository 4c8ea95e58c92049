"""The exercises are sound, and each difference is told with the rule that decides it."""

import re

import msgspec
import pytest

from aloi.annotation.guidelines import shipped_guide
from aloi.annotation.practice.exercises import Exercise, correction, exercises, practice_schema
from aloi.corpus.document import Document, Entity
from aloi.corpus.schema import schema_problems

GIVEN = {exercise.answers.id: exercise for exercise in exercises()}
FIRST = GIVEN["exercice-1"]


def changed(exercise: Exercise, *drop: str, add: tuple[Entity, ...] = ()) -> Document:
    """Work that lacks some mentions, their relations with them, and has others."""
    answers = exercise.answers
    kept = tuple(each for each in answers.entities if each.id not in drop)
    arcs = tuple(each for each in answers.relations if not {each.head, each.tail} & {*drop})
    return msgspec.structs.replace(answers, entities=kept + add, relations=arcs)


def told(exercise: Exercise, work: Document) -> list[str]:
    found = exercise.corrections(work, practice_schema())
    return [correction(each, rules) for each, rules in found]


@pytest.mark.parametrize("exercise", GIVEN.values(), ids=GIVEN)
def test_answers_obey_the_schema_and_rules_decide_what_is_there(exercise: Exercise) -> None:
    answers, schema = exercise.answers, practice_schema()
    assert not list(schema_problems(answers, schema))
    assert 60 <= len(answers.text.split()) <= 120
    arcs = {f"{each.head} {each.label} {each.tail}" for each in answers.relations}
    named = {each.id for each in answers.entities} | arcs
    assert [name for name in exercise.rules if name not in named and name not in answers.text] == []
    assert not exercise.text().entities


@pytest.mark.parametrize("exercise", GIVEN.values(), ids=GIVEN)
def test_every_rule_named_is_in_the_guide(exercise: Exercise) -> None:
    guide = shipped_guide().read_text(encoding="utf-8")
    for rule in exercise.rules.values():
        for name in re.findall(r"\b(?:RG|[GPLOERDTQN])[0-9]\b", rule):
            assert re.search(rf"\*\*{name}\b", guide), name


@pytest.mark.parametrize("exercise", GIVEN.values(), ids=GIVEN)
def test_the_answers_themselves_need_no_correction(exercise: Exercise) -> None:
    assert told(exercise, exercise.answers) == []


def test_a_mention_that_was_missed_is_told_with_its_rule() -> None:
    (mention, relation) = told(FIRST, changed(FIRST, "suisse"))
    assert mention == (
        "«suisse»\n    vous : –\n    corrigé : NORP «suisse»\n"
        "    G4 : l'adjectif NORP d'une fonction est emboîté dans la ROLE."
    )
    assert relation.splitlines()[1:3] == [
        "    vous : mention absente",
        "    corrigé : ← REPRESENTS",
    ]


def test_what_is_not_to_be_marked_is_told_with_its_rule() -> None:
    start = FIRST.answers.text.index("visioconférence")
    (only,) = told(FIRST, changed(FIRST, add=(Entity("v", start, start + 15, "EVENT"),)))
    assert only.endswith("E4, G8 : un événement indéfini n'est pas marqué.")


def test_an_attribute_is_told_and_a_ref_is_not() -> None:
    second = GIVEN["exercice-2"]
    (pekin,) = (each for each in second.answers.entities if each.id == "pekin")
    plain = Entity("p", pekin.start, pekin.end, "LOC", ref="chine")
    found = told(second, changed(second, "pekin", add=(plain,)))
    assert [each.splitlines()[0] for each in found] == ["«Pékin» (metonymy)", "«Pékin» … «accord»"]
    assert "L4 : une capitale" in found[0]
