"""The exercises are consistent, and corrections name the rules that decide them."""

import re

import msgspec
import pytest
from memory_server import MemoryServer

from aloi.annotation.guidelines import shipped_guide
from aloi.annotation.practice.exercises import (
    Exercise,
    format_correction,
    load_exercises,
    practice_schema,
    shipped_course,
    update_practice,
)
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.languages.language import load_language
from aloi.corpus.schema import schema_problems

EXERCISES = {exercise.answers.id: exercise for exercise in load_exercises()}
FIRST = EXERCISES["exercice-1"]


def changed(exercise: Exercise, *drop: str, add: tuple[Entity, ...] = ()) -> Document:
    """Return the answers without some mentions and their relations, and with added mentions."""
    answers = exercise.answers
    kept = tuple(each for each in answers.entities if each.id not in drop)
    relations = tuple(each for each in answers.relations if not {each.head, each.tail} & {*drop})
    return msgspec.structs.replace(answers, entities=kept + add, relations=relations)


def corrections(exercise: Exercise, work: Document) -> list[str]:
    schema = practice_schema()
    found = exercise.corrections(work, schema)
    return [format_correction(each, schema.interface) for each in found]


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_answers_obey_the_schema_and_rules_refer_to_answers_or_words(exercise: Exercise) -> None:
    answers, schema = exercise.answers, practice_schema()
    assert not list(schema_problems(answers, schema))
    assert 60 <= len(answers.text.split()) <= 120
    relations = {f"{each.head} {each.label} {each.tail}" for each in answers.relations}
    ids = {each.id for each in answers.entities} | relations
    assert [name for name in exercise.rules if name not in ids and name not in answers.text] == []
    assert not exercise.text().entities


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_every_rule_is_in_the_guide(exercise: Exercise) -> None:
    guide = shipped_guide().read_text(encoding="utf-8")
    names = re.findall(r"\b(?:RG|[GPLOERDTQN])[0-9]\b", " ".join(exercise.rules.values()))
    assert names
    assert [name for name in names if not re.search(rf"\*\*{name}\b", guide)] == []


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
def test_the_answers_have_no_corrections(exercise: Exercise) -> None:
    assert corrections(exercise, exercise.answers) == []


def test_a_missed_mention_is_corrected_with_its_rule() -> None:
    (mention, relation) = corrections(FIRST, changed(FIRST, "suisse"))
    assert mention == (
        "«suisse»\n    vous : –\n    corrigé : NORP «suisse»\n"
        "    G4 : l'adjectif NORP d'une fonction est emboîté dans la ROLE."
    )
    assert relation.splitlines()[1:3] == [
        "    vous : mention absente",
        "    corrigé : ← REPRESENTS",
    ]


def test_words_that_must_not_be_marked_are_corrected_with_their_rule() -> None:
    start = FIRST.answers.text.index("visioconférence")
    (only,) = corrections(
        FIRST, changed(FIRST, add=(Entity(id="v", start=start, end=start + 15, label="EVENT"),))
    )
    assert only.endswith("E4, G8 : un événement indéfini n'est pas marqué.")


def test_attributes_are_corrected_and_refs_are_not() -> None:
    second = EXERCISES["exercice-2"]
    (pekin,) = (each for each in second.answers.entities if each.id == "pekin")
    plain = Entity(id="p", start=pekin.start, end=pekin.end, label="LOC", ref="chine")
    listed = corrections(second, changed(second, "pekin", add=(plain,)))
    assert [each.splitlines()[0] for each in listed] == ["«Pékin» (metonymy)", "«Pékin» … «accord»"]
    assert "L4 : une capitale" in listed[0]


def test_finished_exercises_are_corrected_and_scored() -> None:
    server, course = MemoryServer(), shipped_course()
    session = update_practice(server, "marie", course, notes=Notes())
    assert session.project.title == f"{practice_schema().name}/practice-marie"
    assert (session.finished, session.scores()) == ({}, {})
    server.submit(session.project.title, FIRST.answers)
    session = update_practice(server, "marie", course, notes=Notes())
    assert session.corrections() == {"exercice-1": []}
    assert session.scores() == {"mentions": 1.0, "relations": 1.0}
    assert len(server.tasks[session.project.id]) == len(course.exercises)


def test_corrections_in_english() -> None:
    (mention, *_) = FIRST.corrections(changed(FIRST, "suisse"), practice_schema())
    lines = format_correction(mention, load_language("en")).splitlines()
    assert lines[:3] == ["«suisse»", "    you: –", "    answers: NORP «suisse»"]
