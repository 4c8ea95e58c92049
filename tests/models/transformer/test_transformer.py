"""Tiny transformers with random weights learn toy sentences through the usual commands."""

import re
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from toy import CITIES, SCHEMA, sentence

from aloi.cli.main import app
from aloi.corpus import document_files, optional_dependencies
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.spacy_docs import annotate
from aloi.corpus.problems import DataError
from aloi.eval.reports.report import evaluate
from aloi.models.prediction import pipelines as prediction

pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
torch = pytest.importorskip("torch", reason="the extra `transformers` is not installed")

import checkpoints  # noqa: E402

from aloi.models.transformer import encoder as encoder_module  # noqa: E402

FAST_TRAINING = {
    "training.max_steps": 40,
    "training.eval_frequency": 20,
    "training.optimizer.learn_rate.warmup_steps": 5,
    "training.optimizer.learn_rate.initial_rate": 0.002,
}
TAGGER = {"@architectures": "aloi.TransformerTagger.v1", "weights": None}
UNUSUAL_TEXT = "🙂🙂 Éva\u0301  vit\u00a0à\r\nRome !\t\n Zoé"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module", params=["camembert", "modernbert"])
def weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return getattr(checkpoints, request.param)(tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    document_files.write([sentence(number) for number in range(24)], folder / "train.jsonl")
    document_files.write([sentence(number) for number in range(24, 34)], folder / "dev.jsonl")
    (folder / "schema.toml").write_text(SCHEMA, encoding="utf-8")
    return folder


def train(kind: str, weights: Path, data: Path, out: Path) -> None:
    """Run `aloi train KIND --config transformer` in this process."""
    paths = [f"--{name}={data / name}.jsonl" for name in ("train", "dev")]
    settings = [f"--set={key}={value}" for key, value in FAST_TRAINING.items()]
    arguments = ["train", kind, *paths, f"--schema={data / 'schema.toml'}", f"--out={out}"]
    arguments += ["--config=transformer", f"--set=paths.weights={weights}", *settings]
    app(arguments, standalone_mode=False)


@pytest.fixture(scope="module")
def pipeline(weights: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "pipeline"
    train("pipeline", weights, data, out)
    return out


def train_recognizer(weights: Path, documents: list[Document], steps: int = 30) -> Language:
    spacy.util.fix_random_seed(0)
    nlp = spacy.blank("fr")
    nlp.add_pipe("aloi_ner", config={"model": {**TAGGER, "weights": str(weights)}})
    examples = [
        Example(nlp.make_doc(document.text), annotate(nlp.make_doc(document.text), document))
        for document in documents
    ]
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.002
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer, drop=0.1)
    return nlp


def join_sentences(count: int) -> Document:
    """Return toy sentences as one document."""
    text, entities = "", []
    for number in range(count):
        part = sentence(number)
        entities += [
            Entity(
                id=f"{number}{e.id}",
                start=e.start + len(text),
                end=e.end + len(text),
                label=e.label,
            )
            for e in part.entities
        ]
        text += f"{part.text} "
    return Document("joined", text, tuple(entities))


@pytest.fixture(scope="module")
def nlp(weights: Path) -> Language:
    return train_recognizer(
        weights, [join_sentences(35), *(sentence(number) for number in range(12))]
    )


def get_encoder(nlp: Language) -> "encoder_module.Encoder":
    tagger = nlp.get_pipe("aloi_ner").model.layers[0]
    return tagger.shims[0]._model.eval().encoder


def test_mentions_and_relations_are_learned_end_to_end(pipeline: Path, data: Path) -> None:
    gold = document_files.read(data / "dev.jsonl")
    report = evaluate(gold, prediction.predict_documents(spacy.load(pipeline), gold))
    assert report.entities["exact"].scores.micro.ratios["f1"] == 1
    assert report.relations["strict"].scores.micro.ratios["f1"] > 0.9
    assert "word vectors or weights of" in (pipeline / "NOTICE").read_text(encoding="utf-8")


def test_a_saved_pipeline_loads_without_its_checkpoint(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "model")
    config = (tmp_path / "model" / "config.cfg").read_text(encoding="utf-8")
    checkpoint = re.search(r'weights = "(.*)"', config)
    assert checkpoint
    config = config.replace(checkpoint[1], "/nowhere")
    (tmp_path / "model" / "config.cfg").write_text(config, encoding="utf-8")
    for pipeline in (nlp, spacy.load(tmp_path / "model")):
        doc = pipeline(sentence(25).text)
        mentions = [(span.text, span.label_) for span in doc.spans["entities"]]
        assert mentions == [("Zoé", "PER"), ("Rome", "LOC"), ("Ida", "PER")]


def test_nested_mentions_are_learned(weights: Path) -> None:
    """`guerre à Lima` contains `Lima`: each nesting layer has its own tags."""
    documents = []
    for number, city in enumerate(CITIES):
        text = f"La guerre à {city} dure."
        outer, inner = (3, 12 + len(city)), (12, 12 + len(city))
        entities = (
            Entity(id="a", start=outer[0], end=outer[1], label="EVENT"),
            Entity(id="b", start=inner[0], end=inner[1], label="LOC"),
        )
        documents.append(Document(str(number), text, entities))
    doc = train_recognizer(weights, documents)(documents[0].text)
    assert [(span.text, span.label_) for span in doc.spans["entities"]] == [
        ("guerre à Rome", "EVENT"),
        ("Rome", "LOC"),
    ]
    assert [span.text for span in doc.ents] == ["guerre à Rome"]


def test_the_same_seed_gives_the_same_weights(weights: Path) -> None:
    documents = [sentence(number) for number in range(8)]
    first, second = (train_recognizer(weights, documents, steps=3).to_bytes() for _ in range(2))
    assert first == second


def test_learning_rates_follow_the_schedule_and_are_higher_in_the_head(weights: Path) -> None:
    nlp = train_recognizer(weights, [sentence(0)], steps=1)
    groups = nlp.get_pipe("aloi_ner").model.layers[0].shims[0]._optimizer.param_groups
    assert {group["lr"] for group in groups} == {0.002, 0.02}


def test_a_long_text_gives_the_same_gradient_in_less_memory(
    nlp: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recomputed activations do not change the gradient."""
    doc = nlp.make_doc(join_sentences(30).text)
    encoder = get_encoder(nlp)
    gradients = []
    for windows in (100, 2):
        monkeypatch.setattr(encoder_module, "WINDOWS_PER_BATCH", windows)
        encoder.zero_grad()
        encoder([doc]).square().sum().backward()
        gradients.append([p.grad.clone() for p in encoder.parameters() if p.grad is not None])
    for stored, recomputed in zip(*gradients, strict=True):
        assert torch.allclose(stored, recomputed, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("text", ["", " ", "\n\n \t", "🙂🙂", UNUSUAL_TEXT, "a" * 3000])
def test_unusual_texts_are_processed(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert all(span.text.strip() == span.text for span in doc.spans["entities"])


def test_every_word_of_an_unusual_text_has_subwords(nlp: Language) -> None:
    """Emoji, combining accents, no-break spaces and CRLF are aligned."""
    doc = nlp.make_doc(UNUSUAL_TEXT)
    _, alignment = get_encoder(nlp)._tokenize(doc)
    assert {token.i for token in doc if not token.is_space} <= set(alignment.token.tolist())


@pytest.mark.parametrize("sentences", [1, 40])
def test_each_token_has_one_vector(nlp: Language, sentences: int) -> None:
    doc = nlp.make_doc(join_sentences(sentences).text)
    windows, alignment = get_encoder(nlp)._tokenize(doc)
    assert (len(windows) > 1) == (sentences > 1)
    with torch.no_grad():
        assert get_encoder(nlp)([doc]).shape == (len(doc), 64)
    assert sorted(set(alignment.token.tolist())) == list(range(len(doc)))


def test_mentions_across_windows_are_recognised(nlp: Language) -> None:
    document = join_sentences(35)
    doc = nlp(document.text)
    mentions = {(span.start_char, span.end_char) for span in doc.spans["entities"]}
    assert mentions == {(entity.start, entity.end) for entity in document.entities}


@pytest.mark.parametrize(
    ("checkpoint", "message"),
    [(None, "paths.weights is not set"), ("/nowhere/at/all", "cannot read the checkpoint")],
)
def test_a_missing_checkpoint_is_reported(checkpoint: str | None, message: str) -> None:
    nlp = spacy.blank("fr")
    nlp.add_pipe("aloi_ner", config={"model": {**TAGGER, "weights": checkpoint}})
    document = sentence(0)
    gold = annotate(nlp.make_doc(document.text), document)
    with pytest.raises(DataError, match=message):
        nlp.initialize(lambda: [Example(nlp.make_doc(document.text), gold)])


def test_a_missing_extra_is_reported_with_the_command_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(optional_dependencies, "find_spec", lambda library: None)
    with pytest.raises(DataError, match=r"pip install 'aloi\[transformers\]'"):
        spacy.blank("fr").add_pipe("aloi_ner", config={"model": TAGGER})
