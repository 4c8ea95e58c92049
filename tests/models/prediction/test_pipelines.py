"""Prediction by a real pipeline, tiny and trained here: what comes out, in which order, of what."""

from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from toy import sentence, train, train_ner

from aloi.corpus.document import Document, Entity
from aloi.corpus.problems import DataError
from aloi.models.prediction import pipelines as prediction
from aloi.models.prediction.pipelines import predict


@pytest.fixture(scope="module")
def pipeline() -> Language:
    documents = [sentence(number) for number in range(24)]
    return train(train_ner(spacy.blank("fr"), documents), documents)


def test_entities_and_relations_are_found_in_the_text_alone(pipeline: Language) -> None:
    gold = [sentence(number) for number in range(30)]
    bare = [Document(d.id, d.text, (), meta={"rights": "CC0"}) for d in gold]
    found = list(predict(pipeline, bare))
    assert [d.id for d in found] == [d.id for d in gold]
    assert [d.text for d in found] == [d.text for d in gold]
    assert found[0].meta == {"rights": "CC0", "model": "fr_pipeline 0.0.0"}
    spans = [{(e.start, e.end, e.label) for e in d.entities} for d in gold]
    assert [{(e.start, e.end, e.label) for e in d.entities} for d in found] == spans
    assert all(r.score is not None and 0 <= r.score <= 1 for d in found for r in d.relations)
    assert any(d.relations for d in found)


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
def test_texts_with_nothing_to_find_come_out_as_they_are(pipeline: Language, text: str) -> None:
    (found,) = predict(pipeline, [Document("d", text, ())])
    assert (found.id, found.text) == ("d", text)
    assert {e.label for e in found.entities} <= {"PER", "LOC"}
    assert all(found.surface(entity).strip() for entity in found.entities)


def test_a_document_of_a_hundred_thousand_characters(pipeline: Language) -> None:
    text = (sentence(0).text + "\n") * (100_000 // len(sentence(0).text) + 1)
    (found,) = predict(pipeline, [Document("long", text, ())])
    assert len(found.text) > 100_000
    assert found.entities[-1].end > 99_000


def test_gold_entities_stay_and_are_related(pipeline: Language) -> None:
    odd = Entity("x", 0, 3, "LOC", ref="Q1", attributes={"a": "b"})
    given = [sentence(0), Document("d", "Ana vit.", (odd,)), Document("none", "Rien.", ())]
    found = list(predict(pipeline, given, gold_entities=True))
    assert [d.entities for d in found] == [d.entities for d in given]
    assert {(r.head, r.label) for r in found[0].relations} == {("a", "LIVES_IN"), ("a", "MEETS")}
    assert found[2].relations == ()
    assert "ner" in pipeline.pipe_names


def test_two_workers_give_what_one_gives_in_the_same_order(pipeline: Language) -> None:
    documents = [Document(f"d{n}", sentence(n).text * (1 + n % 3), ()) for n in range(150)]
    pipeline.batch_size = 8
    alone = list(predict(pipeline, documents))
    assert list(predict(pipeline, documents, workers=2)) == alone
    assert [d.id for d in alone] == [d.id for d in documents]


def test_the_vocabulary_stops_growing(pipeline: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "KEPT_WORDS", 0)
    before = len(pipeline.vocab.strings)
    texts = [f"Mot{n} dit Chose{n} à Truc{n}." for n in range(200)]
    found = list(predict(pipeline, [Document(str(n), t, ()) for n, t in enumerate(texts)]))
    assert [d.text for d in found] == texts
    assert len(pipeline.vocab.strings) == before


@pytest.mark.parametrize("workers", [1, 2])
def test_documents_over_the_limit_are_named(pipeline: Language, workers: int) -> None:
    documents = [Document("fine", "Ana.", ()), Document("big", "x" * 1_000_001, ())]
    with pytest.raises(DataError, match="document big: 1000001 characters, the pipeline takes"):
        list(predict(pipeline, documents, workers=workers))


def test_no_folder_and_no_package_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be loaded as a pipeline"):
        prediction.load(str(tmp_path))


def test_a_fingerprint_follows_the_files(pipeline: Language, tmp_path: Path) -> None:
    for name in ("one", "two"):
        pipeline.to_disk(tmp_path / name)
    one, two = (prediction.load(str(tmp_path / name)) for name in ("one", "two"))
    assert prediction.fingerprint(one) == prediction.fingerprint(two)
    (tmp_path / "two" / "ner" / "cfg").write_text("{}")
    assert prediction.fingerprint(one) != prediction.fingerprint(two)
