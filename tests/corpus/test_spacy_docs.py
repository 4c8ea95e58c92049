"""Documents become docs and come back."""

import spacy
from hypothesis import given
from spacy.tokens import DocBin
from strategies import documents as any_documents

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats.spacy_docs import annotate, get_relations, to_document

NLP = spacy.blank("fr")
TEXT = "Le président russe est à Moscou."
DOCUMENT = Document(
    "d",
    TEXT,
    (Entity("r", 3, 18, "ROLE"), Entity("n", 13, 18, "NORP"), Entity("m", 25, 31, "LOC")),
    (Relation("r", "n", "REPRESENTS"),),
)


def test_entities_relations_and_ids_come_back() -> None:
    doc = annotate(NLP.make_doc(TEXT), DOCUMENT)
    assert [span.text for span in doc.ents] == ["président russe", "Moscou"]  # the outermost
    assert to_document(doc, id_="d") == DOCUMENT


def test_relations_survive_a_doc_bin() -> None:
    binary = DocBin(store_user_data=True, docs=[annotate(NLP.make_doc(TEXT), DOCUMENT)])
    (doc,) = DocBin().from_bytes(binary.to_bytes()).get_docs(NLP.vocab)
    (relation,) = get_relations(doc)
    assert (relation.head.text, relation.tail.text, relation.label) == (
        "président russe",
        "russe",
        "REPRESENTS",
    )


def test_a_mention_off_the_tokens_takes_in_the_tokens_it_touches() -> None:
    document = Document("d", TEXT, (Entity("x", 14, 17, "NORP"),))
    assert annotate(NLP.make_doc(TEXT), document).ents[0].text == "russe"


@given(any_documents())
def test_any_document_can_be_put_on_a_doc(document: Document) -> None:
    doc = annotate(NLP.make_doc(document.text), document)
    assert to_document(doc, id_="x").text == document.text
