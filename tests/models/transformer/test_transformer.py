"""Tiny transformers with random weights learn toy sentences through the usual commands."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from toy import CITIES, SCHEMA, sentence

from aloi.cli.main import app
from aloi.corpus import document_files, optional_dependencies
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.spacy_docs import annotate
from aloi.corpus.problems import DataError
from aloi.eval.reports.report import evaluate
from aloi.models.prediction import pipelines as prediction
from aloi.models.training.pipeline_training import assemble_pipeline, train_component
from aloi.models.training.settings import shipped_config

pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
torch = pytest.importorskip("torch", reason="the extra `transformers` is not installed")

import checkpoints  # noqa: E402
from transformers import AutoModel, AutoTokenizer  # noqa: E402

from aloi.models.transformer import windowed  # noqa: E402
from aloi.models.transformer.architectures import make_transformer_vectors  # noqa: E402
from aloi.models.transformer.encoder import FrozenEncoder  # noqa: E402
from aloi.models.transformer.layers import TokenVectors  # noqa: E402
from aloi.models.transformer.states import MarkedDoc, stored_states  # noqa: E402

LAYERS = {"frozen": 1, "trained": 1}
FAST_TRAINING = {
    "training.max_steps": 40,
    "training.eval_frequency": 20,
    "training.optimizer.learn_rate.warmup_steps": 5,
    "training.optimizer.learn_rate.initial_rate": 0.01,
    "transformer.frozen": 1,
    "transformer.trained": 1,
}
TAGGER = {
    "@architectures": "aloi.MentionTagger.v1",
    "width": 32,
    "hidden_width": 32,
    "tok2vec": {"@architectures": "aloi.TransformerVectors.v1", "width": 32, **LAYERS},
}
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


def train(kind: str, weights: Path, data: Path, out: Path, config: str = "transformer") -> None:
    """Run `aloi train KIND --config CONFIG` in this process."""
    paths = [f"--{name}={data / name}.jsonl" for name in ("train", "dev")]
    settings = [f"--set={key}={value}" for key, value in FAST_TRAINING.items()]
    arguments = ["train", kind, *paths, f"--schema={data / 'schema.toml'}", f"--out={out}"]
    arguments += [f"--config={config}", f"--set=paths.weights={weights}", *settings]
    app(arguments, standalone_mode=False)


@pytest.fixture(scope="module")
def pipeline(weights: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train with the base model of the language for one checkpoint, without it for the other."""
    config = "transformer" if "camembert" in weights.name else "blank-transformer"
    out = tmp_path_factory.mktemp("trained") / "pipeline"
    train("pipeline", weights, data, out, config)
    return out


def make_recognizer(weights: str | None, **layers: int) -> Language:
    """Return a pipeline with an encoder and an entity recogniser, before its training."""
    nlp = spacy.blank("fr")
    settings = {**LAYERS, **layers}
    nlp.add_pipe("aloi_encoder", config={"weights": weights, "frozen": settings["frozen"]})
    model = {**TAGGER, "tok2vec": {**TAGGER["tok2vec"], "weights": weights, **settings}}
    nlp.add_pipe("aloi_ner", config={"model": model})
    return nlp


def examples_of(nlp: Language, documents: list[Document]) -> list[Example]:
    return [
        Example(nlp.make_doc(document.text), annotate(nlp.make_doc(document.text), document))
        for document in documents
    ]


def train_recognizer(weights: Path, documents: list[Document], steps: int = 30) -> Language:
    spacy.util.fix_random_seed(0)
    nlp = make_recognizer(str(weights))
    examples = examples_of(nlp, documents)
    optimizer = nlp.initialize(lambda: examples)
    optimizer.learn_rate = 0.01
    for _ in range(steps):
        nlp.update(examples, sgd=optimizer, drop=0.1, annotates=["aloi_encoder"])
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


def get_layers(nlp: Language, ref: str = "tok2vec") -> TokenVectors:
    """Return the trained layers of the entity recogniser."""
    return nlp.get_pipe("aloi_ner").model.get_ref(ref).shims[0]._model.eval()


def encoded(nlp: Language, text: str) -> Doc:
    """Return a doc with the vectors of the encoder."""
    return nlp.get_pipe("aloi_encoder")(nlp.make_doc(text))


def test_mentions_and_relations_are_learned_end_to_end(pipeline: Path, data: Path) -> None:
    gold = document_files.read(data / "dev.jsonl")
    report = evaluate(gold, prediction.predict_documents(spacy.load(pipeline), gold))
    assert report.entities["exact"].scores.micro.ratios["f1"] == 1
    assert report.relations["strict"].scores.micro.ratios["f1"] > 0.9
    assert "word vectors or weights of" in (pipeline / "NOTICE").read_text(encoding="utf-8")


def test_the_components_share_one_encoder(pipeline: Path) -> None:
    nlp = spacy.load(pipeline)
    assert nlp.pipe_names.count("aloi_encoder") == 1
    before = nlp.pipe_names.index("aloi_encoder")
    assert before < min(nlp.pipe_names.index(name) for name in ("ner", "aloi_relations"))


def test_a_pipeline_of_two_encoders_is_refused(
    weights: Path, data: Path, pipeline: Path, tmp_path: Path
) -> None:
    """The second component was trained with more frozen layers."""
    other = tmp_path / "relations"
    layers = {"transformer.frozen": 2, "transformer.trained": 0, "training.max_steps": 1}
    config = shipped_config("blank-transformer-relations")
    overrides = {**FAST_TRAINING, **layers, "paths.weights": str(weights)}
    files = data / "train.jsonl", data / "dev.jsonl"
    train_component("relations", *files, other, config=config, overrides=overrides)
    parts = {"ner": pipeline.with_name("pipeline-ner"), "relations": other}
    with pytest.raises(DataError, match="different frozen layers"):
        assemble_pipeline(parts, out=tmp_path / "both")


def test_docs_of_a_pipeline_do_not_keep_the_vectors_of_subwords(pipeline: Path) -> None:
    doc = spacy.load(pipeline)(sentence(3).text)
    assert doc._.encoder_states is None


def test_docs_with_vectors_are_serialised(nlp: Language) -> None:
    doc = encoded(nlp, UNUSUAL_TEXT)
    copy = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert np.array_equal(stored_states(copy).vectors, stored_states(doc).vectors)


def test_a_saved_pipeline_loads_without_its_checkpoint(
    nlp: Language, weights: Path, tmp_path: Path
) -> None:
    nlp.to_disk(tmp_path / "model")
    config = (tmp_path / "model" / "config.cfg").read_text(encoding="utf-8")
    config = config.replace(str(weights), "/nowhere")
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


def test_learning_rates_are_lower_in_the_pretrained_layers(weights: Path) -> None:
    nlp = train_recognizer(weights, [sentence(0)], steps=1)
    groups = nlp.get_pipe("aloi_ner").model.get_ref("tok2vec").shims[0]._optimizer.param_groups
    assert {group["lr"] for group in groups} == {0.01, 0.001}


def test_only_the_trained_layers_change(weights: Path) -> None:
    """The frozen layers, the trained layers and the layers left out together are the checkpoint."""
    document = sentence(0)
    before, after = (train_recognizer(weights, [document], steps=steps) for steps in (0, 2))
    encoders = [nlp.get_pipe("aloi_encoder").to_bytes() for nlp in (before, after)]
    assert encoders[0] == encoders[1]
    layers = [get_layers(nlp).model.state_dict() for nlp in (before, after)]
    assert any(not torch.equal(layers[0][name], layers[1][name]) for name in layers[0])


def test_the_two_parts_of_a_checkpoint_compute_what_the_whole_computes(weights: Path) -> None:
    text = sentence(3).text
    nlp = make_recognizer(str(weights))
    nlp.initialize(lambda: examples_of(nlp, [sentence(0)]))
    ids = AutoTokenizer.from_pretrained(weights)(text, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        whole = AutoModel.from_pretrained(weights)(input_ids=ids).last_hidden_state[0]
        lower = torch.from_numpy(stored_states(encoded(nlp, text)).vectors).float()
        upper = get_layers(nlp)._run(lower[None], None)[0]
    assert torch.allclose(upper, whole, atol=0.01)  # the vectors are stored in 16 bits


def test_the_vectors_of_a_text_are_computed_once_in_training(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = make_recognizer(str(weights))
    nlp.initialize(lambda: examples_of(nlp, [sentence(0)]))
    runs: list[int] = []
    run = FrozenEncoder._run
    monkeypatch.setattr(FrozenEncoder, "_run", lambda *inputs: (runs.append(1), run(*inputs))[1])
    first, second = (stored_states(encoded(nlp, sentence(7).text)) for _ in range(2))
    assert len(runs) == 1
    assert np.array_equal(first.vectors, second.vectors)
    loaded = nlp.get_pipe("aloi_encoder").from_bytes(nlp.get_pipe("aloi_encoder").to_bytes())
    for _ in range(2):  # a trained pipeline keeps nothing
        loaded(nlp.make_doc(sentence(7).text))
    assert len(runs) == 3


def test_a_recogniser_joins_a_light_network_and_a_transformer(weights: Path) -> None:
    nlp = spacy.blank("fr")
    nlp.add_pipe("aloi_encoder", config={"weights": str(weights), "frozen": 1})
    transformer = {**TAGGER["tok2vec"], "weights": str(weights)}
    nlp.add_pipe("aloi_ner", config={"model": {"transformer": transformer}})
    examples = examples_of(nlp, [sentence(number) for number in range(6)])
    optimizer = nlp.initialize(lambda: examples)
    tagger = nlp.get_pipe("aloi_ner").model
    layers = get_layers(nlp, "transformer")
    before = [layers.output.weight.detach().clone(), tagger.get_ref("tok2vec").to_bytes()]
    nlp.update(examples, sgd=optimizer, annotates=["aloi_encoder"])
    nlp.update(examples, sgd=optimizer, annotates=["aloi_encoder"])  # the output layer begins at 0
    assert not torch.equal(layers.output.weight, before[0])
    assert tagger.get_ref("tok2vec").to_bytes() != before[1]


def test_marks_change_the_vectors_of_their_tokens(weights: Path) -> None:
    nlp = make_recognizer(str(weights))
    nlp.initialize(lambda: examples_of(nlp, [sentence(0)]))
    model = make_transformer_vectors(str(weights), **LAYERS, width=8, marks=2)
    model.initialize()
    doc = encoded(nlp, sentence(1).text)
    marks = np.zeros((len(doc), 2), dtype=np.float32)
    (plain,) = model.predict([doc])
    (unmarked,) = model.predict([MarkedDoc(doc, marks)])
    marks[0] = 1
    (marked,) = model.predict([MarkedDoc(doc, marks)])
    assert np.allclose(plain, unmarked)
    assert not np.allclose(plain[0], marked[0])


def test_a_long_text_gives_the_same_gradient_in_batches_and_in_less_memory(
    nlp: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither padded batches nor recomputed activations change the gradient."""
    doc = encoded(nlp, join_sentences(30).text)
    layers = get_layers(nlp)
    gradients = []
    for stored, together in ((100, 1), (100, 16), (2, 1), (2, 2)):
        monkeypatch.setattr(windowed, "MAX_STORED_WINDOWS", stored)
        monkeypatch.setitem(windowed.WINDOWS_TOGETHER, "cpu", together)
        layers.zero_grad()
        layers([MarkedDoc(doc)]).square().sum().backward()
        gradients.append([p.grad.clone() for p in layers.parameters() if p.grad is not None])
    for first, *others in zip(*gradients, strict=True):
        assert all(torch.allclose(first, other, rtol=1e-3, atol=1e-3) for other in others)


@pytest.mark.parametrize("text", ["", " ", "\n\n \t", "🙂🙂", UNUSUAL_TEXT, "a" * 3000])
def test_unusual_texts_are_processed(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert doc.text == text
    assert all(span.text.strip() == span.text for span in doc.spans["entities"])


def test_every_word_of_an_unusual_text_has_subwords(nlp: Language) -> None:
    """Emoji, combining accents, no-break spaces and CRLF are aligned."""
    doc = encoded(nlp, UNUSUAL_TEXT)
    tokens = set(stored_states(doc).token.tolist())
    assert {token.i for token in doc if not token.is_space} <= tokens


@pytest.mark.parametrize("sentences", [1, 40])
def test_each_token_has_one_vector(nlp: Language, sentences: int) -> None:
    doc = encoded(nlp, join_sentences(sentences).text)
    states = stored_states(doc)
    assert (len(states.lengths) > 1) == (sentences > 1)
    assert states.lengths.sum() == len(states.vectors)
    with torch.no_grad():
        assert get_layers(nlp)([MarkedDoc(doc)]).shape == (len(doc), 32)
    assert sorted(set(states.token.tolist())) == list(range(len(doc)))


def test_a_stored_truncation_does_not_change_the_windows(weights: Path, tmp_path: Path) -> None:
    truncated = shutil.copytree(weights, tmp_path / "truncated")
    checkpoints.store_truncation(truncated)
    text = join_sentences(12).text
    found = []
    for folder in (weights, truncated):
        nlp = make_recognizer(str(folder))
        nlp.initialize(lambda nlp=nlp: examples_of(nlp, [sentence(0)]))
        encoder = nlp.get_pipe("aloi_encoder")
        for each in (encoder, encoder.from_bytes(encoder.to_bytes())):
            states = stored_states(each(nlp.make_doc(text)))
            assert len(states.lengths) > 1
            found.append((states.token.tolist(), states.row.tolist()))
    assert found == [found[0]] * 4


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
    nlp = make_recognizer(checkpoint)
    with pytest.raises(DataError, match=message):
        nlp.initialize(lambda: examples_of(nlp, [sentence(0)]))


def test_more_layers_than_the_checkpoint_has_are_reported(weights: Path) -> None:
    nlp = make_recognizer(str(weights), trained=2)
    with pytest.raises(DataError, match="3 layers are to be used, but the checkpoint has 2"):
        nlp.initialize(lambda: examples_of(nlp, [sentence(0)]))


def test_a_network_without_the_encoder_reports_it(nlp: Language) -> None:
    with pytest.raises(DataError, match="Put aloi_encoder before"):
        nlp.get_pipe("aloi_ner")(nlp.make_doc("Ana"))


def test_a_missing_extra_is_reported_with_the_command_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(optional_dependencies, "find_spec", lambda library: None)
    with pytest.raises(DataError, match=r"pip install 'aloi\[transformers\]'"):
        spacy.blank("fr").add_pipe("aloi_encoder")
