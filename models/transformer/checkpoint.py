"""Pretrained checkpoints, split into a frozen lower part and an upper part that is trained."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging

from aloi.corpus.problems import DataError, Problem

SPECIAL_IDS = ("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")
"""The settings of a configuration that name a row of the word embeddings."""

ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")
"""The names of the dropout rate of attention in configurations."""

_FIX = "Use a checkpoint folder with config.json, model.safetensors and tokenizer.json"


def read_checkpoint(weights: str | None) -> Any:  # noqa: ANN401 - a model of transformers
    """Return the model of a checkpoint, in float32.

    weights: a folder, or a name on the Hugging Face Hub. The model has no dropout of attention,
    which would double the time of a training step on a CPU. Raises `DataError` if the checkpoint
    cannot be read.
    """
    if weights is None:
        what = "paths.weights is not set: no pretrained checkpoint to start from"
        fix = "Set a folder or a name on the Hugging Face hub: --set paths.weights=…"
        raise DataError([Problem("no-weights", what, fix)])
    try:
        with _without_messages():
            config = AutoConfig.from_pretrained(weights)
            for name in ATTENTION_DROPOUT:
                if hasattr(config, name):
                    setattr(config, name, 0.0)
            return AutoModel.from_pretrained(weights, config=config).float()
    except (OSError, ValueError) as error:
        raise _unreadable(weights, error) from error


@contextmanager
def _without_messages() -> Iterator[None]:
    """Hide the progress bar of transformers, and its remarks on weights that are not used."""
    verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()


def read_tokenizer(weights: str) -> Any:  # noqa: ANN401 - a tokeniser of transformers
    """Return the tokeniser of a checkpoint; raise `DataError` if it is not a fast one."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(weights)
    except (OSError, ValueError) as error:
        raise _unreadable(weights, error) from error
    if not tokenizer.is_fast:
        what = "the checkpoint has no fast tokenizer, which subword offsets require"
        raise DataError([Problem("bad-weights", what, _FIX, file=weights)])
    tokenizer.truncation_side = "right"  # windows are in text order
    return tokenizer


def _unreadable(weights: str, error: Exception) -> DataError:
    what = f"cannot read the checkpoint: {str(error).splitlines()[0]}"
    return DataError([Problem("bad-weights", what, _FIX, file=weights)])


class _GivenVectors(nn.Module):
    """A replacement for the embeddings of a model: it returns the vectors that the model gets."""

    def forward(self, input_ids: None = None, *, inputs_embeds: Tensor, **_: object) -> Tensor:
        return inputs_embeds


def lower_part(model: Any, frozen: int) -> Any:  # noqa: ANN401 - models of transformers
    """Reduce a model to its embeddings and its first `frozen` layers, and return it."""
    _first_layers(model, frozen)
    if hasattr(model, "final_norm"):
        model.final_norm = nn.Identity()
    return _without_pooler(model)


def upper_part(model: Any, frozen: int, trained: int) -> Any:  # noqa: ANN401
    """Reduce a model to `trained` layers above the first `frozen` layers, and return it.

    Its input is the output of `lower_part`, as `inputs_embeds`. The configuration names a
    vocabulary of one word, so that no large embeddings are made when the part is loaded.
    """
    owner, name = _first_layers(model, frozen + trained)
    setattr(owner, name, getattr(owner, name)[frozen:])
    model.embeddings = _GivenVectors()
    for name in SPECIAL_IDS:
        setattr(model.config, name, None)
    model.config.vocab_size, model.config.pad_token_id = 1, 0
    return _without_pooler(model)


def _first_layers(model: Any, count: int) -> tuple[Any, str]:  # noqa: ANN401
    """Remove the layers of a model above the first `count`, also from its configuration.

    Returns the module that holds the list of layers, and the name of the list. Raises `DataError`
    if the model has fewer layers.
    """
    for owner, name in ((getattr(model, "encoder", None), "layer"), (model, "layers")):
        found = getattr(owner, name, None)
        if isinstance(found, nn.ModuleList) and hasattr(model, "embeddings"):
            if count > len(found):
                what = f"{count} layers are to be used, but the checkpoint has {len(found)}"
                fix = "Lower transformer.frozen or transformer.trained"
                raise DataError([Problem("bad-config", what, fix)])
            setattr(owner, name, found[:count])
            model.config.num_hidden_layers = count
            if hasattr(model.config, "layer_types"):
                model.config.layer_types = model.config.layer_types[:count]
            return owner, name
    what = f"the layers of a {type(model).__name__} cannot be separated"
    fix = "Use a checkpoint like BERT, RoBERTa, CamemBERT, XLM-R, DeBERTa or ModernBERT"
    raise DataError([Problem("bad-weights", what, fix)])


def _without_pooler(model: Any) -> Any:  # noqa: ANN401
    if hasattr(model, "pooler"):
        model.pooler = None
    return model


def saved_files(*parts: Any) -> dict[str, bytes]:  # noqa: ANN401
    """Return the files that configurations and tokenisers of transformers write, by name."""
    with tempfile.TemporaryDirectory() as name:
        for part in parts:
            part.save_pretrained(name)
        return {file.name: file.read_bytes() for file in sorted(Path(name).iterdir())}


@contextmanager
def _folder(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Write files to a temporary folder, and yield the folder."""
    with tempfile.TemporaryDirectory() as name:
        for file, content in files.items():
            (Path(name) / file).write_bytes(content)
        yield Path(name)


def random_model(files: Mapping[str, bytes]) -> Any:  # noqa: ANN401
    """Return a model with random weights for the configuration in saved files."""
    with _folder(files) as folder:
        return AutoModel.from_config(AutoConfig.from_pretrained(folder)).float()


def saved_tokenizer(files: Mapping[str, bytes]) -> Any:  # noqa: ANN401
    """Return the tokeniser in saved files."""
    with _folder(files) as folder:
        return AutoTokenizer.from_pretrained(folder)
