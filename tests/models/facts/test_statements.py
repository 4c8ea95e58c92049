"""Facts for readers: names, dates, sentences, and relations that state the same."""

import msgspec
from marked_documents import marked_document

from aloi.corpus.document import Document, Entity, Relation
from aloi.models.facts.statements import StatedFact, state_facts


def related(marked: str, *relations: tuple[str, str, str], **attributes: str) -> Document:
    """Return a marked document with relations (head, label, tail)."""
    document = marked_document(marked)
    found = tuple(
        Relation(head=head, tail=tail, label=label, attributes=attributes)
        for head, label, tail in relations
    )
    return msgspec.structs.replace(document, relations=found)


def facts_of(document: Document) -> list[StatedFact]:
    return state_facts(document, date_labels=("DATE",), symmetric=("MEETS",))


def triples(document: Document) -> list[tuple[str, str, str, str | None]]:
    return [(f.who.name, f.relation, f.whom.name, f.when) for f in facts_of(document)]


def test_a_fact_has_names_date_and_sentence() -> None:
    document = related(
        "Rien. [Xi](PER#xi-jinping) a vu [Poutine](PER#poutine) [mercredi](DATE#2026-02-04). "
        "[Xi Jinping](PER#xi-jinping) se tait.",
        ("e1", "MEETS", "e2"),
    )
    [fact] = facts_of(document)
    assert (fact.who.name, fact.who.ref, fact.who.label) == ("Xi Jinping", "xi-jinping", "PER")
    assert (fact.when, fact.when_words) == ("2026-02-04", "mercredi")
    [statement] = fact.statements
    assert statement.text == "Xi a vu Poutine mercredi."
    assert document.text[statement.start : statement.end] == statement.text
    assert [document.text[slice(*span)] for span in (statement.head, statement.tail)] == [
        "Xi",
        "Poutine",
    ]


def test_statements_of_one_fact_are_joined() -> None:
    """A symmetric relation is the same fact in both directions; another date is another fact."""
    document = related(
        "[Ana](PER#a) voit [Bob](PER#b). [Bob](PER#b) voit [Ana](PER#a). "
        "[Ana](PER#a) voit [Bob](PER#b) [hier](DATE#2026-02-03).",
        ("e1", "MEETS", "e2"),
        ("e3", "MEETS", "e4"),
        ("e5", "MEETS", "e6"),
    )
    facts = facts_of(document)
    assert [(f.when, len(f.statements)) for f in facts] == [(None, 2), ("2026-02-03", 1)]


def test_without_refs_things_are_their_names() -> None:
    document = related("[Ana](PER) à [ROME](LOC). [Ana](PER) à [Rome](LOC).", ("e1", "LIVES", "e2"))
    document = msgspec.structs.replace(
        document,
        relations=(*document.relations, Relation(head="e3", tail="e4", label="LIVES")),
    )
    [fact] = facts_of(document)
    assert (fact.who.key, fact.whom.key, len(fact.statements)) == ("ana", "rome", 2)


def test_a_function_is_named_by_its_own_words() -> None:
    """A function has the ref of its holder, and would otherwise be a relation of X to X."""
    document = related(
        "Le [président](ROLE#xi) [Xi](PER#xi) dirige la [Chine](LOC#chine).",
        ("e2", "HAS_ROLE", "e1"),
        ("e1", "REPRESENTS", "e3"),
    )
    assert triples(document) == [
        ("Xi", "REPRESENTS", "Chine", None),
        ("Xi", "HAS_ROLE", "président", None),
    ]


def test_the_name_of_a_ref_is_preferred() -> None:
    document = related(
        "[Pékin](LOC#chine), la [République](LOC#chine), la [Chine](LOC#chine), [Ana](PER#ana)",
        ("e4", "REPRESENTS", "e1"),
    )
    assert triples(document) == [("Ana", "REPRESENTS", "Chine", None)]


def test_the_date_of_a_fact() -> None:
    """Rule 2: the date of the event; rule 3: the nearest date that is linked to nothing else."""
    document = related(
        "[Ana](PER) ira au [sommet](EVENT) de [mars](DATE#2026-03), a dit [Bob](PER), reçu "
        "[lundi](DATE#2026-02-02) par [Eva](PER) après [dimanche](DATE#2026-02-01).",
        ("e2", "OCCURS_ON", "e3"),
        ("e1", "PARTICIPATES_IN", "e2"),
        ("e6", "MEETS", "e4"),
    )
    found = {relation: when for _, relation, _, when in triples(document)}
    assert found == {
        "OCCURS_ON": "2026-03",
        "PARTICIPATES_IN": "2026-03",
        "MEETS": "2026-02-02",
    }


def test_a_date_of_another_sentence_is_not_used() -> None:
    document = related(
        "[Hier](DATE#2026-02-03). [Ana](PER) voit [Bob](PER).\n[Demain](DATE#2026-02-05).",
        ("e2", "MEETS", "e3"),
    )
    assert triples(document) == [("Ana", "MEETS", "Bob", None)]


def test_a_date_inside_another_mention_is_not_used() -> None:
    document = related("[Ana](PER) voit [Bob](PER) au [G7 de 2010](EVENT).", ("e1", "MEETS", "e2"))
    start = document.text.index("2010")
    date = Entity(id="d", start=start, end=start + 4, label="DATE", ref="2010")
    nested = msgspec.structs.replace(document, entities=(*document.entities, date))
    assert triples(nested) == [("Ana", "MEETS", "Bob", None)]


def test_words_of_a_date_without_ref() -> None:
    document = related("[Ana](PER) voit [Bob](PER) [un lundi](DATE).", ("e1", "MEETS", "e2"))
    assert triples(document) == [("Ana", "MEETS", "Bob", "un lundi")]


def test_attributes_separate_facts_and_are_kept() -> None:
    document = related("[Ana](PER) voit [Bob](PER).", ("e1", "MEETS", "e2"), assertion="negated")
    [fact] = facts_of(document)
    assert fact.attributes == {"assertion": "negated"}


def test_an_end_in_an_earlier_sentence() -> None:
    """The sentence is that of the later end; the other end was what the pronoun refers to."""
    document = related("[Ana](PER) arrive. Elle voit [Bob](PER).", ("e1", "MEETS", "e2"))
    [fact] = facts_of(document)
    [statement] = fact.statements
    assert statement.text == "Elle voit Bob."
    assert statement.head == (0, 3)
