"""An attached stand-off corpus is pushed to a real Label Studio, pulled and detached unchanged."""

from pathlib import Path

import pytest
from label_studio import LabelStudio
from standoff_texts import TEXTS, annotated, write_standoff, write_texts
from typer.testing import CliRunner

from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.standoff.attachment import detach_documents
from aloi.corpus.standoff.collection import TextCollection
from aloi.corpus.standoff.record import decode_record
from aloi.corpus.standoff.standoff_folder import StandoffCorpus

CONTENT = ("hash", "length", "entities", "relations", "theme", "guideline_version")
"""The parts of a record that the annotator's name and the date of the work do not change."""


def aloi(*call: str | Path) -> str:
    done = CliRunner().invoke(app, list(map(str, call)))
    assert done.exit_code == 0, done.output
    return done.output


def content(document: Document) -> tuple[object, ...]:
    return document.id, document.text, document.entities, document.relations


def test_a_standoff_corpus_is_pulled_and_detached_unchanged(
    label_studio: LabelStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The texts have an emoji, CR LF, a byte order mark, and newlines at the end."""
    monkeypatch.setenv("LABEL_STUDIO_URL", label_studio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", label_studio.token)
    texts, folder = write_texts(tmp_path / "texts", TEXTS), write_standoff(tmp_path / "standoff")
    standoff = StandoffCorpus.open(folder)
    detach_documents([annotated(id_) for id_ in TEXTS], standoff, TextCollection.open(texts))
    corpus, passes = tmp_path / "attached", tmp_path / "passes"
    aloi("corpus", "attach", folder, texts, corpus)

    push = ("annotate", "push", corpus, "--to", "lise")
    assert "lise: 3 documents sent" in aloi(*push, "--finished")
    assert "lise: 0 documents sent" in aloi(*push)
    assert "lise: 3 written" in aloi("annotate", "pull", corpus, "--out", passes)
    pulled = map(content, document_files.read(passes / "lise"))
    assert sorted(pulled) == sorted(content(annotated(id_)) for id_ in TEXTS)

    aloi("corpus", "detach", passes / "lise", texts, folder, "--annotator", "lise")
    for id_ in TEXTS:
        gold, own = (
            decode_record(folder / part / f"{id_}.json") for part in ("gold", "passes/lise")
        )
        assert [getattr(own, name) for name in CONTENT] == [getattr(gold, name) for name in CONTENT]
        assert own.annotator == "lise"
