"""A pipeline contains no names that occur only in the annotation of its training documents."""

import json
from pathlib import Path

import msgspec
import spacy
from light_configs import light_configs
from marked_documents import marked_document
from spacy.tokens import Doc
from toy import sentence

from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import to_document
from aloi.models.refs.corpus_lexicon import pipeline_lexicon
from aloi.models.training.job import ATTRIBUTES, COMPONENT_KINDS, TrainingJob
from aloi.models.training.pipeline_training import assemble_pipeline
from aloi.models.training.vocabulary import STRINGS_FILE


def with_refs(number: int) -> Document:
    """Return a document in which Ana and Bob are named by refs; one of them is also a word."""
    document = sentence(number)
    entities = (
        msgspec.structs.replace(document.entities[0], ref="mme-x-secrete"),
        msgspec.structs.replace(document.entities[1], ref="vit", attributes={"doute": "oui-doute"}),
        *document.entities[2:],
    )
    return Document(f"affaire-{number}", document.text, entities, document.relations)


def test_refs_ids_and_attributes_are_not_in_the_vocabulary(tmp_path: Path) -> None:
    document_files.write([with_refs(n) for n in range(8)], tmp_path / "train.jsonl")
    document_files.write([with_refs(n) for n in range(8, 12)], tmp_path / "dev.jsonl")
    configs = light_configs(tmp_path / "configs")
    kinds = (*COMPONENT_KINDS, ATTRIBUTES)
    for kind in kinds:
        data = tmp_path / "train.jsonl", tmp_path / "dev.jsonl"
        TrainingJob(kind, *data, tmp_path / kind, config=configs[kind]).run()
    folders = {kind: tmp_path / kind for kind in kinds}
    assemble_pipeline(folders, out=tmp_path / "pipeline")
    for name in (*kinds, "pipeline"):
        strings = json.loads((tmp_path / name / STRINGS_FILE).read_text(encoding="utf-8"))
        hidden = ("mme-x-secrete", "doute", "oui-doute", "affaire-1", "affaire-9")
        assert {*hidden} & {*strings} == set(), name
        assert {"vit", "Ana", "PER"} <= {*strings}
    text = "Ana vit à Rome et rencontre Eva."
    doc = spacy.load(tmp_path / "pipeline")(text)
    assert [span.label_ for span in doc.spans["entities"]]
    check_pipeline_with_refs(folders, tmp_path / "with-refs", doc)


def check_pipeline_with_refs(folders: dict[str, Path], out: Path, without: Doc) -> None:
    """Refs are added and nothing else changes; private refs and document ids are in no file."""
    document = marked_document("[Rome](LOC#roma) et [Ana](PER#affaire-1-p1)", "affaire-1")
    private = msgspec.structs.replace(document.entities[1], ref="affaire-1#p1")
    named = msgspec.structs.replace(document, entities=(document.entities[0], private))
    assemble_pipeline(folders, out=out, lexicon=pipeline_lexicon(None, [named]))
    doc = spacy.load(out)(without.text)
    assert {span.text: span.kb_id_ for span in doc.spans["entities"]}["Rome"] == "roma"
    first, second = (to_document(each, id_="d") for each in (doc, without))
    assert first.relations == second.relations
    bare = [msgspec.structs.replace(each, ref=None) for each in first.entities]
    assert bare == list(second.entities)
    files = [file.read_bytes() for file in out.rglob("*") if file.is_file()]
    assert any(b"roma" in content for content in files)
    assert not any(b"affaire-1" in content for content in files)
    assert pipeline_lexicon(None, [sentence(0)]) is None
