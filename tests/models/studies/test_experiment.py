"""An experiment on a corpus without relations."""

from pathlib import Path

import msgspec
from toy import folder

from aloi.corpus import document_files
from aloi.corpus.corpus_folder import Corpus
from aloi.models.studies.experiment import Experiment


def test_without_relations_only_entities_are_trained_and_scored(tmp_path: Path) -> None:
    corpus = folder(tmp_path / "corpus", restricted=None)
    documents = document_files.read(corpus / "gold")
    document_files.write(
        (msgspec.structs.replace(each, relations=()) for each in documents), corpus / "gold"
    )
    experiment = Experiment(Corpus.open(corpus), tmp_path / "out")
    assert [job.kind for job in experiment._jobs()] == ["ner"]
    assert list(experiment._relations(documents)) == []
