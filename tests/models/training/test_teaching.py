"""A pipeline learns from gold, and from the probabilities that a teacher predicts."""

import io
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest
import spacy
from light_configs import STEPS, light_configs
from toy import pipeline, sentence

from aloi.corpus import document_files
from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.problems import DataError
from aloi.models.examples import is_silver
from aloi.models.relations.component import RelationExtractor
from aloi.models.training import teaching
from aloi.models.training.pipeline_folder import read_record
from aloi.models.training.pipeline_training import train_component, train_pipeline
from aloi.models.training.reader import read_documents
from aloi.models.training.teaching import MIN_PROBABILITY, Lesson, teach
from aloi.models.training.vocabulary import STRINGS_FILE

TRAIN = [sentence(number) for number in range(8)]
DEV = [sentence(number) for number in range(8, 12)]
UNLABELLED = [
    Document(f"texte-{number}", sentence(number).text, (), (), {"rights": "CC0-1.0"})
    for number in range(12, 20)
]
MEETS = "MEETS"


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A pipeline that is never sure of a relation: each is less probable than its threshold."""
    path, nlp = tmp_path_factory.mktemp("teacher") / "model", pipeline()
    relations = nlp.get_pipe("aloi_relations")
    assert isinstance(relations, RelationExtractor)
    relations.settings.shift = -3
    nlp.to_disk(path)
    return str(path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Iterable[Document], str], str]:
    def write_file(documents: Iterable[Document], name: str) -> str:
        document_files.write(documents, tmp_path / name)
        return str(tmp_path / name)

    return write_file


@pytest.fixture
def lesson(teacher: str, write: Callable[[Iterable[Document], str], str]) -> Lesson:
    return Lesson(teacher, write(UNLABELLED, "texts.jsonl"))


def silver_of(lesson: Lesson, *, relations: bool = True) -> tuple[list[Document], str]:
    """Return the documents that the teacher annotates, and what the log says."""
    log = io.StringIO()
    with teach(lesson, TRAIN, {"dev.jsonl": DEV}, relations=relations, log=log) as silver:
        return document_files.read(silver.file), log.getvalue()


def refused(lesson: Lesson) -> list[str]:
    with pytest.raises(DataError) as caught:
        silver_of(lesson)
    return [str(problem) for problem in caught.value.problems]


def test_silver_documents_have_all_probable_relations(lesson: Lesson) -> None:
    documents, log = silver_of(lesson)
    assert [each.id for each in documents] == [each.id for each in UNLABELLED]
    scores = [relation.score for each in documents for relation in each.relations]
    assert len(scores) >= 8
    assert all(MIN_PROBABILITY <= score < 0.5 for score in scores)
    name = Path(lesson.unlabelled)
    found = f"24 entities, {len(scores)} possible relations"
    assert log == f"{name}: 8 documents annotated by the teacher; {found}\n"


def test_unlabelled_documents_may_come_from_a_pipe(lesson: Lesson) -> None:
    reader, writer = os.pipe()
    os.write(writer, Path(lesson.unlabelled).read_bytes())
    os.close(writer)
    piped, _ = silver_of(Lesson(lesson.teacher, f"/dev/fd/{reader}"))
    os.close(reader)
    assert piped == silver_of(lesson)[0]


def test_entities_alone_need_no_relations(lesson: Lesson) -> None:
    documents, _ = silver_of(lesson, relations=False)
    assert [len(each.entities) for each in documents] == [3] * 8
    assert not any(each.relations for each in documents)


def test_held_out_documents_are_refused_by_text_and_by_id(
    teacher: str, write: Callable[[Iterable[Document], str], str]
) -> None:
    copied = f"  {DEV[0].text.replace(' ', chr(10) + chr(0xA0))}\n"
    excluded = [sentence(30), sentence(31)]
    texts = [
        UNLABELLED[0],
        Document("copied", copied, ()),
        Document("d9", "Un tout autre texte.", ()),
        Document("d31", "Un autre encore.", ()),
        Document("composed", "Léo ignore Rome.".replace("é", "e\u0301"), ()),
    ]
    lesson = Lesson(
        teacher,
        write(texts, "texts.jsonl"),
        [
            write(excluded, "test.jsonl"),
            write([Document("p", "Léo ignore Rome.", ())], "paper.jsonl"),
        ],
    )
    problems = refused(lesson)
    file, fix = lesson.unlabelled, "Remove the document from the unlabelled documents."
    test, paper = lesson.exclude
    text = "the text of this unlabelled document is held out"
    id_ = "the id of this unlabelled document is that of a held-out document"
    assert problems == [
        f"{file}:2: document copied: {text}: dev.jsonl, document d8 [leak]. {fix}",
        f"{file}:3: document d9: {id_}: dev.jsonl [leak]. {fix}",
        f"{file}:4: document d31: {id_}: {test} [leak]. {fix}",
        f"{file}:5: document composed: {text}: {paper}, document p [leak]. {fix}",
    ]


def test_texts_of_train_and_repeated_texts_are_left_out_and_counted(
    teacher: str, write: Callable[[Iterable[Document], str], str]
) -> None:
    again = Document("again", UNLABELLED[0].text, ())
    in_train = Document("other-id", f"{TRAIN[3].text} ", ())
    lesson = Lesson(teacher, write([*UNLABELLED, again, in_train], "texts.jsonl"))
    documents, log = silver_of(lesson)
    assert [each.id for each in documents] == [each.id for each in UNLABELLED]
    assert log.endswith("; left out: 2 documents, repeated or in train\n")
    nothing_new = Lesson(teacher, write([in_train], "none.jsonl"))
    assert "no unlabelled document is left [no-data]" in refused(nothing_new)[0]


def test_labels_of_train_that_the_teacher_lacks_are_an_error(lesson: Lesson) -> None:
    document = TRAIN[0]
    event = Entity(id="e", start=0, end=1, label="EVENT")
    joins = Relation(head="a", tail="b", label="JOINS")
    other = msgspec.structs.replace(
        document, entities=(*document.entities, event), relations=(joins,)
    )
    for relations, missing in ((False, "EVENT"), (True, "EVENT, JOINS")):
        with (
            pytest.raises(DataError, match=f"labels of train: {missing} "),
            teach(lesson, [other], {}, relations=relations),
        ):
            pass


def test_entities_with_labels_that_train_does_not_have_are_left_out(lesson: Lesson) -> None:
    only_persons = [
        msgspec.structs.replace(each, entities=each.entities[::2], relations=each.relations[-1:])
        for each in TRAIN
    ]
    log = io.StringIO()
    with teach(lesson, only_persons, {}, relations=True, log=log) as silver:
        documents = document_files.read(silver.file)
    assert {entity.label for each in documents for entity in each.entities} == {"PER"}
    assert "left out: 8 entities with labels that train does not have\n" in log.getvalue()


def test_gold_is_repeated_to_half_of_the_words(
    write: Callable[[Iterable[Document], str], str], tmp_path: Path
) -> None:
    gold, silver = Path(write(TRAIN[:2], "gold.jsonl")), Path(write(DEV, "silver.jsonl"))
    read = read_documents(gold, gold_entities=True, silver=silver)
    examples = list(read(spacy.blank("fr")))
    assert [is_silver(each) for each in examples] == [False] * 2 + [True] * 4 + [False] * 2
    assert examples[0] is examples[-2]


@pytest.mark.parametrize("score", [0.3, 0.8])
def test_a_relation_component_learns_the_probabilities_of_silver_documents(
    tmp_path: Path, score: float
) -> None:
    """Not whether they are over a half: the mean over the documents is the teacher's."""
    silver = [
        msgspec.structs.replace(
            each,
            relations=[msgspec.structs.replace(r, score=score) for r in each.relations],
        )
        for each in UNLABELLED_GOLD
    ]
    document_files.write(TRAIN[:1], tmp_path / "gold.jsonl")
    document_files.write(silver, tmp_path / "silver.jsonl")
    nlp = spacy.blank("fr")
    read = read_documents(
        tmp_path / "gold.jsonl", gold_entities=True, silver=tmp_path / "silver.jsonl"
    )
    examples = list(read(nlp))
    component = nlp.add_pipe(
        "aloi_relations", config={"model": {"buckets": 4096, "width": 0, "static": 0}}
    )
    assert isinstance(component, RelationExtractor)
    component.initialize(lambda: examples, nlp=nlp)
    silver_only = [each for each in examples if is_silver(each)]
    optimizer = nlp.create_optimizer()
    for _ in range(60):
        component.update(silver_only, sgd=optimizer)
    column = component.labels.index(MEETS)
    blocks = [component.candidates(each.predicted) for each in silver_only]
    gold = [each.pairs.tolist().index([0, 2]) for each in blocks]
    found = [component.probabilities([b])[row, column] for b, row in zip(blocks, gold, strict=True)]
    assert sum(found) / len(found) == pytest.approx(score, abs=0.1)


UNLABELLED_GOLD = [sentence(number) for number in range(12, 20)]


def test_settings_come_from_gold_alone(tmp_path: Path) -> None:
    """Labels and the largest distance of a pair: those of a training without a teacher."""
    far = Document(
        "far",
        f"Ana {'et ' * 40}Rome",
        (
            Entity(id="a", start=0, end=3, label="PER"),
            Entity(id="b", start=124, end=128, label="LOC"),
        ),
        (Relation(head="a", tail="b", label="SEES", score=0.9),),
    )
    document_files.write(TRAIN, tmp_path / "gold.jsonl")
    document_files.write([far], tmp_path / "silver.jsonl")
    labels = []
    for silver in (None, tmp_path / "silver.jsonl"):
        nlp = spacy.blank("fr")
        read = read_documents(tmp_path / "gold.jsonl", gold_entities=True, silver=silver)
        component = nlp.add_pipe("aloi_relations", config={"model": {"width": 0, "static": 0}})
        component.initialize(lambda read=read, nlp=nlp: read(nlp), nlp=nlp)
        labels.append((component.label_data, component.settings.max_distance))
    assert labels[0] == labels[1]


def test_record_card_and_vocabulary_of_a_taught_component(lesson: Lesson, tmp_path: Path) -> None:
    document_files.write(TRAIN, tmp_path / "train.jsonl")
    document_files.write(DEV, tmp_path / "dev.jsonl")
    data = tmp_path / "train.jsonl", tmp_path / "dev.jsonl"
    config = light_configs(tmp_path / "configs")["relations"]
    folders = {name: tmp_path / name for name in ("plain", "taught", "again")}
    for name, out in folders.items():
        train_component(
            "relations", *data, out, config=config, lesson=None if name == "plain" else lesson
        )
    plain, taught, again = (read_record(out) for out in folders.values())
    teacher = taught["teacher"]
    assert teacher["unlabelled"]["documents"] == 8
    assert {len(teacher["sha256"]), len(teacher["unlabelled"]["sha256"])} == {64}
    assert "teacher" not in plain
    assert taught["rights"] == {"CC0-1.0": 8, "unknown": 8}
    assert taught["fingerprint"] == again["fingerprint"] != plain["fingerprint"]
    weights = {name: (out / "aloi_relations" / "model") for name, out in folders.items()}
    content = {name: file.read_bytes() for name, file in weights.items()}
    assert content["taught"] == content["again"] != content["plain"]
    assert len(content["taught"]) == len(content["plain"])
    card = (folders["taught"] / "README.md").read_text(encoding="utf-8")
    assert f"predictions of {teacher['name']} (SHA-256 {teacher['sha256']}) on 8 documents" in card
    assert "also learned" not in (folders["plain"] / "README.md").read_text(encoding="utf-8")
    settings = spacy.load(folders["taught"]).config
    assert settings["paths"]["silver"] == lesson.unlabelled
    assert settings["training"]["max_steps"] == 2 * STEPS
    strings = json.loads((folders["taught"] / STRINGS_FILE).read_text(encoding="utf-8"))
    assert not [each for each in strings if each.startswith("texte-")]


def test_the_teacher_of_a_pipeline_annotates_once(
    lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    predict = teaching.predict_documents

    def counted(*args: object, **kwargs: object) -> Iterable[Document]:
        calls.append(args)
        return predict(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(teaching, "predict_documents", counted)
    document_files.write(TRAIN, tmp_path / "train.jsonl")
    document_files.write(DEV, tmp_path / "dev.jsonl")
    data = tmp_path / "train.jsonl", tmp_path / "dev.jsonl"
    nlp = train_pipeline(
        *data, tmp_path / "out", configs=light_configs(tmp_path / "configs"), lesson=lesson
    )
    assert len(calls) == 1
    records = nlp.meta["aloi"]
    assert records["ner"]["teacher"] == records["relations"]["teacher"]
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert card.count("also learned") == 2


def test_settings_are_checked_before_the_teacher_works(
    lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching, "load_pipeline", pytest.fail)
    document_files.write(TRAIN, tmp_path / "train.jsonl")
    document_files.write(DEV, tmp_path / "dev.jsonl")
    data = tmp_path / "train.jsonl", tmp_path / "dev.jsonl"
    with pytest.raises(DataError, match=r"unknown setting training\.nonsense"):
        train_component(
            "ner", *data, tmp_path / "out", overrides={"training.nonsense": 1}, lesson=lesson
        )
