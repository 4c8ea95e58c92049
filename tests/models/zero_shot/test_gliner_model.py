"""Small GLiNER models with random weights annotate documents by the descriptions of a schema."""

import itertools
import shutil
from pathlib import Path

import pytest
from toy import CITIES, sentence
from typer.testing import CliRunner, Result

from aloi.cli.main import app
from aloi.corpus import document_files
from aloi.corpus.document import Document
from aloi.corpus.problems import DataError
from aloi.corpus.schema import EntityType, RelationType, Schema

pytest.importorskip("gliner", reason="the extra `gliner` is not installed")
torch = pytest.importorskip("torch", reason="the extra `gliner` is not installed")

from gliner_models import DESCRIBED, join, war, write_model  # noqa: E402

from aloi.models.zero_shot.gliner_model import GlinerModel  # noqa: E402

TYPES = {label: EntityType(label.lower(), text) for label, text in DESCRIBED.items()}
SCHEMA = Schema("toy", "1", TYPES)
TOML = 'name = "toy"\nversion = "1"\n[entities]\n' + "".join(
    f'{label} = {{ fr = "{text}" }}\n' for label, text in DESCRIBED.items()
)
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
    return write_model(tmp_path_factory.mktemp("gliner"), steps=80)


@pytest.fixture(scope="module")
def model(folder: Path) -> GlinerModel:
    return GlinerModel.load(str(folder), SCHEMA)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that finds mentions and relations nearly everywhere."""
    return write_model(tmp_path_factory.mktemp("untrained"), relations_layer="dot")


def spans(document: Document) -> list[tuple[int, int, str]]:
    return sorted((entity.start, entity.end, entity.label) for entity in document.entities)


def predict(model: str, folder: Path, *arguments: str) -> Result:
    paths = [str(folder / "in.jsonl"), str(folder / "out.jsonl")]
    (folder / "schema.toml").write_text(TOML, encoding="utf-8")
    schema = ["--schema", str(folder / "schema.toml")]
    return CliRunner().invoke(app, ["predict", f"gliner:{model}", *paths, *schema, *arguments])


def test_mentions_are_found_by_their_descriptions(model: GlinerModel) -> None:
    for gold in [sentence(20), sentence(21), war("Oslo")]:
        found = model.annotate(Document(gold.id, gold.text, (), (), {"lang": "fr", "title": "T"}))
        assert spans(found) == spans(gold)
        assert all(0.5 <= (entity.score or 0) <= 1 for entity in found.entities)
        assert found.meta == {"lang": "fr", "title": "T", "model": model.name}


def test_a_long_document_has_each_mention_once(model: GlinerModel) -> None:
    """Each window has at most 24 words; a sentence has seven."""
    gold = join([sentence(n) if n % 4 else war(CITIES[n % 5]) for n in range(60)])
    assert spans(model.annotate(Document("d", gold.text, ()))) == spans(gold)


@pytest.mark.parametrize("text", UNUSUAL)
def test_unusual_texts_are_annotated(untrained: Path, text: str) -> None:
    found = GlinerModel.load(str(untrained), SCHEMA).annotate(Document("d", text, ()))
    assert found.text == text
    assert bool(found.entities) == bool(text.split())
    assert all(found.surface(entity).strip() == found.surface(entity) for entity in found.entities)


def test_mentions_nest_and_never_cross(untrained: Path) -> None:
    text = join([sentence(number) for number in range(30)]).text
    found = GlinerModel.load(str(untrained), SCHEMA).annotate(Document("d", text, ()))
    pairs = list(itertools.combinations(sorted(spans(found), key=lambda s: (s[0], -s[1])), 2))
    assert any(other[1] <= one[1] for one, other in pairs)
    assert not [p for p in pairs if p[0][0] < p[1][0] < p[0][1] < p[1][1]]
    assert len({span[:2] for span in spans(found)}) == len(found.entities)


def test_only_relations_that_the_schema_allows_are_kept(untrained: Path) -> None:
    relations = {
        "MEETS": RelationType(tuple(TYPES), tuple(TYPES), symmetric=True, fr="rencontre"),
        "LEADS": RelationType(("OTHER",), ("OTHER",), fr="dirige"),
    }
    schema = Schema("toy", "1", TYPES, relations)
    found = GlinerModel.load(str(untrained), schema).annotate(sentence(1))
    ends = [(relation.head, relation.tail) for relation in found.relations]
    assert {relation.label for relation in found.relations} == {"MEETS"}
    assert len({frozenset(pair) for pair in ends}) == len(ends)
    assert all(head != tail for head, tail in ends)
    assert all(0.5 <= (relation.score or 0) <= 1 for relation in found.relations)


def test_subwords_limit_the_windows(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "model")
    config = tmp_path / "model" / "tokenizer_config.json"
    text = config.read_text(encoding="utf-8")
    for limit in (70, 40):
        limited = text.replace("1000000000000000019884624838656", str(limit))
        assert limited != text
        config.write_text(limited, encoding="utf-8")
        if limit == 40:
            with pytest.raises(DataError, match="the model accepts at most 40 with the text"):
                GlinerModel.load(str(tmp_path / "model"), SCHEMA)
            continue
        model = GlinerModel.load(str(tmp_path / "model"), SCHEMA)
        gold = join([sentence(number) for number in range(20)])
        assert spans(model.annotate(Document("d", gold.text, ()))) == spans(gold)


def test_predictions_are_written_with_scores(folder: Path, tmp_path: Path) -> None:
    gold = [sentence(number) for number in range(10)]
    document_files.write([Document(x.id, x.text, ()) for x in gold], tmp_path / "in.jsonl")
    done = predict(str(folder), tmp_path)
    assert done.exit_code == 0, done.output
    assert "10 documents written" in done.output
    written = document_files.read(tmp_path / "out.jsonl")
    assert [spans(document) for document in written] == [spans(document) for document in gold]
    assert all(entity.score for document in written for entity in document.entities)
    assert {document.meta["model"].split()[0] for document in written} == {f"gliner:{folder.name}"}


def test_what_is_not_a_model_is_reported(folder: Path, tmp_path: Path) -> None:
    document_files.write([sentence(0)], tmp_path / "in.jsonl")
    (tmp_path / "empty").mkdir()
    shutil.copytree(folder, tmp_path / "damaged")
    (tmp_path / "damaged" / "pytorch_model.bin").write_bytes(b"\0" * 100)
    shutil.copytree(folder, tmp_path / "incomplete")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / "incomplete" / name).unlink()
    for name, message in {
        "missing": "there is no such folder",
        "empty": "it contains no gliner_config.json",
        "in.jsonl": "it contains no gliner_config.json",
        "damaged": "UnpicklingError",
        "incomplete": "OSError",
    }.items():
        done = predict(str(tmp_path / name), tmp_path)
        assert done.exit_code == 1
        assert isinstance(done.exception, DataError)
        assert f"{tmp_path / name}: not a GLiNER model: {message}" in str(done.exception)
        assert not (tmp_path / "out.jsonl").exists()


def test_a_name_that_the_hub_does_not_have_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    document_files.write([sentence(0)], tmp_path / "in.jsonl")
    done = predict("nobody/nothing", tmp_path)
    assert isinstance(done.exception, DataError)
    assert "the hub has no such model" in str(done.exception)
