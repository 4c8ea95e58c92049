"""Smaller vocabularies and weights of 8 bits: the predictions stay nearly the same."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from toy import sentence

pytest.importorskip("transformers", reason="the extra `transformers` is not installed")
torch = pytest.importorskip("torch", reason="the extra `transformers` is not installed")

import checkpoints  # noqa: E402
from torch import nn  # noqa: E402

from aloi.models.transformer import checkpoint, pruning, quantised  # noqa: E402

TEXTS = [sentence(number).text for number in range(12)]


@pytest.fixture(scope="module")
def unigram(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoints.camembert(tmp_path_factory.mktemp("camembert"))


def last_vectors(model: nn.Module, tokenizer: object, text: str) -> torch.Tensor:
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        return model.eval()(input_ids=ids).last_hidden_state[0]


def test_a_reduced_vocabulary_keeps_the_segmentation_and_the_vectors(unigram: Path) -> None:
    whole, reduced = (checkpoint.read_checkpoint(str(unigram)) for _ in range(2))
    tokenizer = checkpoint.read_tokenizer(str(unigram))
    smaller = pruning.reduce_vocabulary(reduced, tokenizer, TEXTS[:1])
    assert len(smaller) < len(tokenizer)
    assert reduced.get_input_embeddings().weight.shape[0] == len(smaller)
    for text in TEXTS[:1]:
        assert smaller.tokenize(text) == tokenizer.tokenize(text)
        vectors = [last_vectors(whole, tokenizer, text), last_vectors(reduced, smaller, text)]
        assert torch.allclose(*vectors, atol=1e-5)
    assert smaller.unk_token_id not in smaller("Zoé vit à Oslo.")["input_ids"][1:-1]


def test_a_stored_truncation_does_not_remove_subwords(unigram: Path, tmp_path: Path) -> None:
    truncated = shutil.copytree(unigram, tmp_path / "truncated")
    checkpoints.store_truncation(truncated)
    vocabularies = []
    for folder in (unigram, truncated):
        model, tokenizer = (
            read(str(folder)) for read in (checkpoint.read_checkpoint, checkpoint.read_tokenizer)
        )
        vocabularies.append(pruning.reduce_vocabulary(model, tokenizer, TEXTS).get_vocab())
    assert vocabularies[0] == vocabularies[1]


def test_a_byte_pair_vocabulary_stays_complete(tmp_path: Path) -> None:
    folder = checkpoints.modernbert(tmp_path)
    model, tokenizer = (
        checkpoint.read_checkpoint(str(folder)),
        checkpoint.read_tokenizer(str(folder)),
    )
    assert pruning.reduce_vocabulary(model, tokenizer, TEXTS[:1]) is tokenizer


def test_the_factors_bring_integers_back_to_the_matrix() -> None:
    """Each number is rounded by at most half a step, which is 1/254 of the row's largest number."""
    matrix = torch.randn(20, 30)
    integers, factor = quantised.quantise(matrix)
    assert integers.dtype == torch.int8
    error = (integers * factor[:, None] - matrix).abs()
    assert (error <= matrix.abs().amax(dim=1, keepdim=True) / 254 + 1e-6).all()


@pytest.mark.parametrize("as_integers", [True, False])
def test_packed_weights_compute_nearly_the_same(as_integers: bool) -> None:
    torch.manual_seed(0)
    module, copy = (nn.Sequential(nn.Linear(40, 64), nn.GELU(), nn.Linear(64, 20)) for _ in "ab")
    inputs = torch.randn(3, 5, 40)
    data = quantised.pack(module, quantised=as_integers)
    quantised.unpack(copy, data)
    with torch.no_grad():
        expected, found = module(inputs), copy(inputs)
    assert (found - expected).abs().mean() < 0.02 * expected.abs().mean()
    assert isinstance(copy[0], quantised.QuantisedLinear) == (
        as_integers and not torch.cuda.is_available()
    )


@pytest.mark.parametrize("as_integers", [True, False])
def test_loaded_weights_can_be_saved_again(as_integers: bool) -> None:
    module, copy = (nn.Sequential(nn.Embedding(30, 40), nn.Linear(40, 64)) for _ in "ab")
    data = quantised.pack(module, quantised=as_integers)
    quantised.unpack(copy, data)
    assert quantised.pack(copy, quantised=as_integers) == data


def test_integers_take_a_quarter_of_the_bytes() -> None:
    module = nn.Linear(256, 256)
    float32 = sum(weight.numel() * 4 for weight in module.parameters())
    assert len(quantised.pack(module, quantised=True)) < 0.3 * float32


def test_rows_of_zeros_are_quantised() -> None:
    integers, factor = quantised.quantise(torch.zeros(2, 3))
    assert np.all(integers.numpy() == 0)
    assert np.all(np.isfinite(factor.numpy()))
