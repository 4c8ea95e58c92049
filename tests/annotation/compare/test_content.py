"""The content of documents by value, and documents built from content."""

from hypothesis import given
from meeting import ANA, SCHEMA, doc
from strategies import documents

from aloi.annotation.compare.content import build_document, common_values, extract_content
from aloi.annotation.compare.disagreements import find_disagreements
from aloi.corpus.document import Document, Entity


def test_common_values_are_those_that_all_annotators_gave() -> None:
    assert common_values([{"x": "1", "y": "2"}, {"x": "1", "y": "3"}, {"x": "1"}]) == {"x": "1"}


def test_a_mention_keeps_its_first_id_unless_another_mention_has_it() -> None:
    one, other = (
        doc(ANA),
        doc(
            Entity(id="a", start=9, end=12, label="PER"),
            Entity(id="z", start=0, end=3, label="PER"),
        ),
    )
    document = build_document(extract_content(other, SCHEMA), [one, other])
    assert {each.start: each.id for each in document.entities} == {0: "a", 9: "a-2"}


@given(documents())
def test_a_document_built_from_its_own_content_has_the_same_content(document: Document) -> None:
    content = extract_content(document, SCHEMA)
    rebuilt = build_document(content, [document])
    assert extract_content(rebuilt, SCHEMA) == content
    assert find_disagreements({"A": document, "B": rebuilt}, SCHEMA) == []
    assert {each.id for each in rebuilt.entities} <= {each.id for each in document.entities}
