"""Prediction in memory with a small pipeline that is trained here."""

from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from toy import sentence, train, train_ner

from aloi.corpus import optional_dependencies
from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError
from aloi.models.prediction import pipelines as prediction
from aloi.models.prediction.pipelines import predict_documents


@pytest.fixture(scope="module")
def pipeline() -> Language:
    documents = [sentence(number) for number in range(24)]
    return train(train_ner(spacy.blank("fr"), documents), documents)


def test_entities_and_relations_are_predicted_from_the_text_alone(pipeline: Language) -> None:
    gold = [sentence(number) for number in range(30)]
    bare = [Document(d.id, d.text, (), meta={"rights": "CC0"}) for d in gold]
    predicted = list(predict_documents(pipeline, bare))
    assert [d.id for d in predicted] == [d.id for d in gold]
    assert [d.text for d in predicted] == [d.text for d in gold]
    assert predicted[0].meta == {"rights": "CC0", "model": "fr_pipeline 0.0.0"}
    spans = [{(e.start, e.end, e.label) for e in d.entities} for d in gold]
    assert [{(e.start, e.end, e.label) for e in d.entities} for d in predicted] == spans
    scores = [relation.score for d in predicted for relation in d.relations]
    assert scores
    assert all(score is not None and 0 <= score <= 1 for score in scores)


def test_two_pipelines_of_one_name_record_different_model_versions(tmp_path: Path) -> None:
    recorded = []
    for name, label in (("one", "PER"), ("two", "LOC")):
        nlp = spacy.blank("fr")
        nlp.add_pipe("entity_ruler").add_patterns([{"label": label, "pattern": "Ana"}])
        nlp.to_disk(tmp_path / name)
        (predicted,) = predict_documents(
            prediction.load_pipeline(str(tmp_path / name)), [Document("d", "Ana", ())]
        )
        recorded.append(predicted.meta["model"])
    assert [each.rpartition(" ")[0] for each in recorded] == ["fr_pipeline 0.0.0"] * 2
    assert len(set(recorded)) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        "😀",
        "👩‍👩‍👧🇫🇷🎉 " * 50,
        "a",
        "…",
        "il ne dit rien . " * 20,
        "e\u0301\u200b",
    ],
)
def test_texts_without_entities_are_not_changed(pipeline: Language, text: str) -> None:
    (predicted,) = predict_documents(pipeline, [Document("d", text, ())])
    assert (predicted.id, predicted.text) == ("d", text)
    assert {e.label for e in predicted.entities} <= {"PER", "LOC"}
    assert all(predicted.surface(entity).strip() for entity in predicted.entities)


def test_entities_at_the_end_of_a_document_of_100_000_characters(pipeline: Language) -> None:
    text = (sentence(0).text + "\n") * (100_000 // len(sentence(0).text) + 1)
    (predicted,) = predict_documents(pipeline, [Document("long", text, ())])
    assert len(predicted.text) > 100_000
    assert predicted.entities[-1].end > 99_000


def test_relations_are_predicted_between_unchanged_gold_entities(pipeline: Language) -> None:
    odd = Entity(id="x", start=0, end=3, label="LOC", ref="Q1", attributes={"a": "b"})
    documents = [sentence(0), Document("d", "Ana vit.", (odd,)), Document("none", "Rien.", ())]
    predicted = list(predict_documents(pipeline, documents, gold_entities=True))
    assert [d.entities for d in predicted] == [d.entities for d in documents]
    assert {(r.head, r.label) for r in predicted[0].relations} == {
        ("a", "LIVES_IN"),
        ("a", "MEETS"),
    }
    assert predicted[2].relations == ()
    assert "ner" in pipeline.pipe_names


def test_two_workers_predict_the_same_as_one_in_the_same_order(pipeline: Language) -> None:
    documents = [Document(f"d{n}", sentence(n).text * (1 + n % 3), ()) for n in range(150)]
    pipeline.batch_size = 8
    single = list(predict_documents(pipeline, documents))
    assert list(predict_documents(pipeline, documents, workers=2)) == single
    assert [d.id for d in single] == [d.id for d in documents]


def test_the_vocabulary_does_not_grow_without_limit(
    pipeline: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction, "MAX_CACHED_WORDS", 0)
    before = len(pipeline.vocab.strings)
    texts = [f"Mot{n} dit Chose{n} à Truc{n}." for n in range(200)]
    documents = [Document(str(n), text, ()) for n, text in enumerate(texts)]
    assert [d.text for d in predict_documents(pipeline, documents)] == texts
    assert len(pipeline.vocab.strings) == before


@pytest.mark.parametrize("workers", [1, 2])
def test_a_document_that_is_too_long_is_reported(pipeline: Language, workers: int) -> None:
    documents = [Document("fine", "Ana.", ()), Document("big", "x" * 1_000_001, ())]
    with pytest.raises(DataError, match="document big: the text contains 1000001 characters"):
        list(predict_documents(pipeline, documents, workers=workers))


def test_a_folder_without_a_pipeline_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be loaded as a pipeline"):
        prediction.load_pipeline(str(tmp_path))


@pytest.mark.parametrize("content", [None, "", "{"])
@pytest.mark.parametrize("file", ["config.cfg", "meta.json", "ner/model", "aloi_relations/cfg"])
def test_a_damaged_pipeline_is_reported(
    pipeline: Language, tmp_path: Path, file: str, content: str | None
) -> None:
    pipeline.to_disk(tmp_path)
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_text(content)
    with pytest.raises(DataError, match="cannot be loaded as a pipeline"):
        prediction.load_pipeline(str(tmp_path))


def save_pipeline(folder: Path, component: str) -> None:
    """Write a pipeline of one component with these lines of its config."""
    spacy.blank("fr").to_disk(folder)
    config = (folder / "config.cfg").read_text(encoding="utf-8")
    config = config.replace("pipeline = []", 'pipeline = ["part"]')
    config += f"\n[components.part]\n{component}\n"
    (folder / "config.cfg").write_text(config, encoding="utf-8")


def test_a_missing_extra_is_reported_with_its_own_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pipeline(tmp_path, 'factory = "aloi_encoder"')
    monkeypatch.setattr(optional_dependencies, "find_spec", lambda library: None)
    with pytest.raises(DataError) as raised:
        prediction.load_pipeline(str(tmp_path))
    (problem,) = raised.value.problems
    assert problem.what == "torch is not installed"
    assert problem.fix == "Run pip install 'aloi[transformers]'"


def test_a_wrong_config_is_reported_with_its_setting(tmp_path: Path) -> None:
    """The message of spaCy begins with a line break."""
    save_pipeline(tmp_path, 'factory = "sentencizer"\ncolour = "red"')
    with pytest.raises(DataError, match=r"ConfigValidationError: Config .*colour"):
        prediction.load_pipeline(str(tmp_path))


def test_the_hash_of_a_pipeline_changes_with_its_files(pipeline: Language, tmp_path: Path) -> None:
    for name in ("one", "two"):
        pipeline.to_disk(tmp_path / name)
    one, two = (prediction.load_pipeline(str(tmp_path / name)) for name in ("one", "two"))
    assert prediction.pipeline_sha256(one) == prediction.pipeline_sha256(two)
    (tmp_path / "two" / "ner" / "cfg").write_text("{}")
    assert prediction.pipeline_sha256(one) != prediction.pipeline_sha256(two)
