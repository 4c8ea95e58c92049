"""Small GLiNER models with random weights annotate documents by the descriptions of a schema."""

import itertools
import shutil
from pathlib import Path

import pytest
from toy import sentence
from typer.testing import CliRunner, Result

from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError
from aloi.corpus.schema import EntityType, RelationType, Schema

pytest.importorskip("gliner", reason="the extra `gliner` is not installed")
torch = pytest.importorskip("torch", reason="the extra `gliner` is not installed")

from gliner_models import write_model  # noqa: E402

from aloi.models.zero_shot.gliner_model import GlinerModel  # noqa: E402

TYPES = {"PER": EntityType("person", "nom de personne"), "LOC": EntityType("place", "ville")}
SCHEMA = Schema("toy", "1", TYPES)
SCHEMA_FILE = """
name = "toy"
version = "1"
entities = { PER = { description = "person" }, LOC = { description = "place" } }
"""
LONG = " ".join(sentence(number).text for number in range(30))
UNUSUAL = [
    "",
    " ",
    "\n\n \t",
    "🙂🙂",
    "🙂🙂 Éva\u0301  vit\u00a0à\r\nRome !\t\n Zoé",
    "a" * 3000,
    "\0",
]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("gliner"))


@pytest.fixture(scope="module")
def model(folder: Path) -> GlinerModel:
    return GlinerModel.load(str(folder), SCHEMA)


def spans(document: Document) -> list[tuple[int, int]]:
    """Return the spans of the mentions, a longer mention before those in it."""
    return sorted(
        ((e.start, e.end) for e in document.entities), key=lambda span: (span[0], -span[1])
    )


def covered(document: Document) -> set[int]:
    """Return the offsets in mentions."""
    return set(itertools.chain.from_iterable(range(*span) for span in spans(document)))


def predict(model: Path | str, folder: Path) -> Result:
    (folder / "schema.toml").write_text(SCHEMA_FILE, encoding="utf-8")
    paths = [str(folder / name) for name in ("in.jsonl", "out.jsonl", "schema.toml")]
    return CliRunner().invoke(app, ["predict", f"gliner:{model}", *paths[:2], "--schema", paths[2]])


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_mentions_are_those_of_the_library(model: GlinerModel, lang: str) -> None:
    document = Document("d", sentence(1).text, (), (), {"lang": lang, "title": "T"})
    prompts = {
        label: type_.fr if lang == "fr" else type_.description for label, type_ in TYPES.items()
    }
    (expected,) = model.model.inference([document.text], prompts, flat_ner=False)
    found = model.annotate(document)
    assert [(e.start, e.end, e.label, e.score) for e in found.entities] == sorted(
        ((e["start"], e["end"], e["label"], e["score"]) for e in expected),
        key=lambda each: (each[0], -each[1]),
    )
    assert all(document.text[e["start"] : e["end"]] == e["text"] for e in expected)
    assert found.meta == {"lang": lang, "title": "T", "model": model.name}


def test_a_long_document_has_each_mention_once(model: GlinerModel) -> None:
    """The model reads at most 24 words; the text has 210."""
    found = model.annotate(Document("d", LONG, ()))
    assert len(set(spans(found))) == len(found.entities)
    assert {offset for offset, character in enumerate(LONG) if character != " "} <= covered(found)


def test_mentions_nest_and_never_cross(model: GlinerModel) -> None:
    pairs = list(itertools.combinations(spans(model.annotate(Document("d", LONG, ()))), 2))
    assert any(inner[1] <= outer[1] for outer, inner in pairs)
    assert not [(a, b) for a, b in pairs if a[0] < b[0] < a[1] < b[1]]


@pytest.mark.parametrize("text", UNUSUAL)
def test_unusual_texts_are_annotated(model: GlinerModel, text: str) -> None:
    found = model.annotate(Document("d", text, ()))
    assert found.text == text
    assert bool(found.entities) == bool(text.split())
    assert all(found.surface(entity).strip() == found.surface(entity) for entity in found.entities)


def test_only_relations_that_the_schema_allows_are_kept(tmp_path: Path) -> None:
    relations = {
        "MEETS": RelationType(tuple(TYPES), tuple(TYPES), symmetric=True, fr="rencontre"),
        "LEADS": RelationType(("OTHER",), ("OTHER",), fr="dirige"),
    }
    folder = write_model(tmp_path / "model", relations_layer="dot")
    schema = Schema("toy", "1", TYPES, relations)
    found = GlinerModel.load(str(folder), schema).annotate(sentence(1))
    ends = [(relation.head, relation.tail) for relation in found.relations]
    assert {relation.label for relation in found.relations} == {"MEETS"}
    assert len({frozenset(pair) for pair in ends}) == len(ends)
    assert all(head != tail for head, tail in ends)
    assert all(0.5 <= (relation.score or 0) <= 1 for relation in found.relations)


def test_subwords_limit_the_windows(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "model")
    file = tmp_path / "model" / "tokenizer_config.json"
    text = file.read_text(encoding="utf-8")
    unlimited = "1000000000000000019884624838656"
    assert unlimited in text
    file.write_text(text.replace(unlimited, "80"), encoding="utf-8")
    limited = GlinerModel.load(str(tmp_path / "model"), SCHEMA)
    found = limited.annotate(Document("d", LONG, ()))
    assert {offset for offset, character in enumerate(LONG) if character != " "} <= covered(found)
    file.write_text(text.replace(unlimited, "40"), encoding="utf-8")
    with pytest.raises(DataError, match="the model accepts at most 40 with the text"):
        GlinerModel.load(str(tmp_path / "model"), SCHEMA)


def test_predictions_are_written_with_scores(folder: Path, tmp_path: Path) -> None:
    texts = [Document(f"d{number}", sentence(number).text, ()) for number in range(5)]
    document_files.write(texts, tmp_path / "in.jsonl")
    done = predict(folder, tmp_path)
    assert done.exit_code == 0, done.output
    written = document_files.read(tmp_path / "out.jsonl")
    assert [document.text for document in written] == [document.text for document in texts]
    scores = [entity.score or 0 for document in written for entity in document.entities]
    assert min(scores) >= 0.5
    assert {document.meta["model"].split()[0] for document in written} == {f"gliner:{folder.name}"}


def test_a_word_that_needs_too_much_memory_is_reported(folder: Path, tmp_path: Path) -> None:
    document_files.write([Document("d1", "a" * 3000, ())], tmp_path / "in.jsonl")
    done = predict(folder, tmp_path)
    assert isinstance(done.exception, DataError)
    assert "document d1: a word has 3000 characters" in str(done.exception)


def test_what_is_not_a_model_is_reported(folder: Path, tmp_path: Path) -> None:
    document_files.write([sentence(0)], tmp_path / "in.jsonl")
    (tmp_path / "empty").mkdir()
    shutil.copytree(folder, tmp_path / "damaged")
    (tmp_path / "damaged" / "pytorch_model.bin").write_bytes(b"\0" * 100)
    shutil.copytree(folder, tmp_path / "incomplete")
    (tmp_path / "incomplete" / "pytorch_model.bin").unlink()
    for name, reason in {
        "missing": "there is no such folder",
        "empty": "it contains no gliner_config.json",
        "in.jsonl": "it contains no gliner_config.json",
        "damaged": "UnpicklingError",
        "incomplete": "FileNotFoundError",
    }.items():
        done = predict(tmp_path / name, tmp_path)
        assert done.exit_code == 1
        assert isinstance(done.exception, DataError)
        assert f"{tmp_path / name}: not a GLiNER model: {reason}" in str(done.exception)
        assert not (tmp_path / "out.jsonl").exists()


def test_a_name_that_the_hub_does_not_have_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    document_files.write([sentence(0)], tmp_path / "in.jsonl")
    done = predict("nobody/nothing", tmp_path)
    assert isinstance(done.exception, DataError)
    assert "the hub has no such model" in str(done.exception)
