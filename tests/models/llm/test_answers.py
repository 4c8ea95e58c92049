"""Reading of answers: what is kept, and what is dropped and counted."""

import pytest
from chat_server import marked_answer
from hypothesis import given
from hypothesis import strategies as st
from strategies import TEXTS, documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import inline
from aloi.corpus.formats.shared.capabilities import reduce_document
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.schema import EntityType, Schema
from aloi.models.llm import answers
from aloi.models.llm.answers import read_answer
from aloi.models.llm.endpoint import AnswerError

TEXT = "Ana vit à Rome [sic] et rencontre Bob."


def answer(marked: str, relations: str = "") -> str:
    return f"+++\n{marked}\n+++\n{relations}+++"


GOOD = r"[Ana](PER#a@ana) vit à [Rome](LOC#r) \[sic\] et rencontre [Bob](PER)."


def test_a_good_answer(schema: Schema) -> None:
    reading = read_answer(answer(GOOD, "#a LIVES_IN #r\n"), TEXT, schema)
    assert reading.findings.entities == (
        Entity(id="e1", start=0, end=3, label="PER", ref="ana"),
        Entity(id="e2", start=10, end=14, label="LOC"),
        Entity(id="e3", start=34, end=37, label="PER"),
    )
    assert reading.findings.relations == (Relation(head="e1", tail="e2", label="LIVES_IN"),)
    assert reading.dropped == {}


@pytest.mark.parametrize(
    "wrapped",
    [
        "```\n{}\n```",
        "<think>Le texte parle d’Ana.</think>\n{}",
        "Voici le texte annoté :\n{}\nBonne lecture !",
        "{}\n",
    ],
)
def test_what_is_around_the_answer_is_ignored(schema: Schema, wrapped: str) -> None:
    text = answer(GOOD, "#a LIVES_IN #r\n")
    reading = read_answer(wrapped.format(text), TEXT, schema)
    assert len(reading.findings.entities) == 3
    assert len(reading.findings.relations) == 1


def test_an_answer_without_lines_between_the_sections(schema: Schema) -> None:
    assert len(read_answer(GOOD, TEXT, schema).findings.entities) == 3


@pytest.mark.parametrize(
    ("marked", "relations", "dropped"),
    [
        (
            GOOD.replace("LOC", "CITY"),
            "#a LIVES_IN #r\n",
            (answers.UNKNOWN_LABEL, answers.LOST_END),
        ),
        (GOOD.replace("PER#a@ana", "PER#a age=3"), "", (answers.WRONG_ATTRIBUTE,)),
        (GOOD, "#a LIVES_IN #a\n", (answers.FORBIDDEN,)),
        (GOOD, "#a LOVES #r\n", (answers.FORBIDDEN,)),
        (GOOD, "#a LIVES_IN #r kind=x\n", (answers.WRONG_ATTRIBUTE,)),
        (GOOD, "#a LIVES_IN #z\n", (answers.UNKNOWN_END,)),
        (GOOD, "#a LIVES_IN #e3\n", (answers.UNKNOWN_END,)),  # the number is not in the answer
        (GOOD.replace("(PER).", "(PER#a)."), "#a LIVES_IN #r\n", (answers.UNKNOWN_END,)),
        (GOOD, "Ana vit à Rome\n", (answers.MALFORMED,)),
        ("[" + GOOD, "", (answers.MALFORMED,)),
        (GOOD.replace("[Rome]", "[Roma]"), "", ("mentions: not in the text",)),
    ],
)
def test_what_cannot_be_used_is_counted(
    schema: Schema, marked: str, relations: str, dropped: tuple[str, ...]
) -> None:
    reading = read_answer(answer(marked, relations), TEXT, schema)
    assert reading.dropped == dict.fromkeys(dropped, 1)
    assert len(reading.findings.entities) >= 2


def test_a_repeated_symmetric_relation_counts_once(schema: Schema) -> None:
    marked = GOOD.replace("(PER).", "(PER#b).")
    reading = read_answer(answer(marked, "#a MEETS #b\n#b MEETS #a\n"), TEXT, schema)
    assert len(reading.findings.relations) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Ana lives in Rome, and today she will meet her friend Bob there.", "does not repeat"),
        ("You annotate news texts.\n" + answer(GOOD), "repeats the instructions"),
        (answer(GOOD) * 1000, "characters for a text"),
        ("Je ne peux pas répondre.", "does not repeat"),
        ("", "does not repeat"),
    ],
)
def test_an_unusable_answer(schema: Schema, text: str, reason: str) -> None:
    with pytest.raises(AnswerError, match=reason):
        read_answer(text, TEXT, schema, prompt="You annotate news texts.")


ANY = Schema("any", "1", {"PER": EntityType()})


@given(documents(labels=st.just("PER"), attributes=st.just({})))
def test_the_markup_of_any_text_is_read_back(document: Document) -> None:
    document = reduce_document(document, inline.CAPABILITIES, Notes())
    wanted = {
        (e.start + len(s) - len(s.lstrip()), e.start + len(s.rstrip()))
        for e in document.entities
        if (s := document.surface(e)).strip()
    }
    reading = read_answer(marked_answer(document), document.text, ANY)
    assert {(e.start, e.end) for e in reading.findings.entities} == wanted


@given(TEXTS, documents(labels=st.just("PER"), attributes=st.just({})))
def test_any_answer_can_be_read(text: str, document: Document) -> None:
    """Whatever is answered, a mention has the characters that were marked."""
    marked = marked_answer(reduce_document(document, inline.CAPABILITIES, Notes()))
    try:
        reading = read_answer(marked + text, text + document.text[:30], ANY)
    except AnswerError:
        return
    surfaces = {document.surface(entity).strip() for entity in document.entities}
    target = text + document.text[:30]
    assert {target[e.start : e.end] for e in reading.findings.entities} <= surfaces
