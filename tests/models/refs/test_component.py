"""The spaCy component `aloi_refs` in a pipeline."""

from pathlib import Path

import msgspec
import spacy
from marked_documents import marked_document, refs_of
from spacy.language import Language
from spacy.tokens import Doc

from aloi.corpus.formats.shared.spacy_docs import annotate, set_entities, to_document
from aloi.models.prediction.pipelines import predict_documents
from aloi.models.refs.component import DATE_KEY, ID_KEY, RefResolver
from aloi.models.refs.lexicon import RefLexicon

TRAINING = [marked_document(f"[russe](NORP#russie) {n}", f"t{n}") for n in range(2)]
TEXT = "L'armée [russe](NORP) et [Ana Ruiz](PER) [lundi](DATE). [Ruiz](PER) part."
EXPECTED = ["russie", "d#p1", "2026-02-02", "d#p1"]


@Language.component("fixed_mentions", assigns=["doc.ents"])
def fixed_mentions(doc: Doc) -> Doc:
    """Set the mentions of `TEXT`, as a trained component does."""
    set_entities(doc, marked_document(TEXT).entities)
    doc.spans["entities"].attrs["scores"] = [0.5] * 4
    return doc


def pipeline() -> Language:
    nlp = spacy.blank("fr")
    nlp.add_pipe("fixed_mentions")
    resolver = nlp.add_pipe("aloi_refs")
    assert isinstance(resolver, RefResolver)
    resolver.lexicon = RefLexicon.of(None, TRAINING)
    return nlp


def test_predictions_have_refs_and_dates_from_the_metadata() -> None:
    document = marked_document(TEXT, date="2026-02-04")
    empty = msgspec.structs.replace(document, entities=())
    [found] = predict_documents(pipeline(), [empty], model="m")
    assert [ref for _, ref in refs_of(found)] == EXPECTED
    assert [each.score for each in found.entities] == [0.5] * 4
    [without_date] = predict_documents(pipeline(), [marked_document(TEXT)], model="m")
    assert [ref for _, ref in refs_of(without_date)][2] is None


def test_a_saved_pipeline_keeps_its_names(tmp_path: Path) -> None:
    pipeline().to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    doc = nlp.make_doc(marked_document(TEXT).text)
    doc.user_data |= {DATE_KEY: "2026-02-04", ID_KEY: "d"}
    doc = nlp(doc)
    assert [span.kb_id_ for span in doc.spans["entities"]] == EXPECTED
    assert [span.kb_id_ for span in doc.ents] == EXPECTED


def test_given_refs_and_relations_are_kept() -> None:
    marked = marked_document("[Ana](PER#x) [Ruiz](PER)")
    nlp = spacy.blank("fr")
    resolver = RefResolver(name_persons=True)
    doc = resolver(annotate(nlp.make_doc(marked.text), marked))
    assert refs_of(to_document(doc, id_="d")) == [("Ana", "x"), ("Ruiz", "ruiz")]
