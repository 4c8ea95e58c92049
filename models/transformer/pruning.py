"""Removal of subwords that a language does not need from the vocabulary of a checkpoint.

A multilingual checkpoint spends most of its size on the subwords of other languages. Only
vocabularies of unigram models (SentencePiece, as in XLM-R) are reduced: a text whose best
segmentation uses kept subwords only keeps exactly this segmentation. In byte-pair encodings,
subwords are built from each other, so their vocabularies stay complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import torch
from spacy.util import minibatch
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from aloi.models.transformer.checkpoint import SPECIAL_IDS

_TEXTS_PER_BATCH = 10_000


def reduce_vocabulary(
    model: Any,  # noqa: ANN401 - a model of transformers
    tokenizer: Any,  # noqa: ANN401 - a tokeniser of transformers
    texts: Iterable[str],
) -> Any:  # noqa: ANN401
    """Remove subwords that the texts do not contain; return the reduced tokeniser.

    Kept are special tokens, the subwords of the texts, numbers and punctuation in ASCII, and single
    characters up to U+024F (Latin). The rows of the removed subwords are removed from the word
    embeddings of `model`. A tokeniser with another model than unigram is returned unchanged.
    """
    content = json.loads(tokenizer.backend_tokenizer.to_str())
    if content["model"]["type"] != "Unigram":
        return tokenizer
    content["truncation"] = content["padding"] = None  # the texts are segmented completely
    pieces = [piece for piece, _ in content["model"]["vocab"]]
    kept = _used(Tokenizer.from_str(json.dumps(content)), texts)
    kept |= {each["id"] for each in content["added_tokens"]}
    kept |= {number for number, piece in enumerate(pieces) if _is_general(piece)}
    kept |= set(tokenizer.all_special_ids) | {content["model"]["unk_id"]}
    rows = sorted(kept)
    new = {old: number for number, old in enumerate(rows)}
    _renumber(content, new)
    _keep_rows(model, rows, new)
    return _rebuild(tokenizer, content)


def _used(tokenizer: Tokenizer, texts: Iterable[str]) -> set[int]:
    used: set[int] = set()
    for batch in minibatch(texts, _TEXTS_PER_BATCH):  # type: ignore[no-untyped-call]
        for encoding in tokenizer.encode_batch(batch, add_special_tokens=False):
            used.update(encoding.ids)
    return used


def _is_general(piece: str) -> bool:
    """Return whether a subword is a Latin character, or a number or punctuation in ASCII."""
    characters = piece.lstrip("▁")
    if len(characters) <= 1:
        return characters <= "\u024f"
    return characters.isascii() and not any(map(str.isalpha, characters))


def _renumber(content: dict[str, Any], new: dict[int, int]) -> None:
    """Remove the subwords that have no new number from a tokenizer.json, and renumber the others.

    new: the new number of each kept subword, by its old number.
    """
    model = content["model"]
    model["vocab"] = [each for old, each in enumerate(model["vocab"]) if old in new]
    model["unk_id"] = new[model["unk_id"]]
    for token in content["added_tokens"]:
        token["id"] = new[token["id"]]
    specials = (content["post_processor"] or {}).get("special_tokens", {})
    for token in specials.values() if isinstance(specials, dict) else ():
        token["ids"] = [new[old] for old in token["ids"]]


def _keep_rows(model: Any, rows: list[int], new: dict[int, int]) -> None:  # noqa: ANN401
    """Keep only these rows of the word embeddings of a model."""
    embeddings = model.get_input_embeddings()
    kept = torch.nn.Embedding(len(rows), embeddings.embedding_dim)
    kept.weight.data = embeddings.weight.data[rows].clone()
    if embeddings.padding_idx is not None:
        kept.padding_idx = new[embeddings.padding_idx]
    model.set_input_embeddings(kept)
    model.config.vocab_size = len(rows)
    for name in SPECIAL_IDS:
        old = getattr(model.config, name, None)
        if old is not None:
            setattr(model.config, name, new.get(old))


def _rebuild(tokenizer: Any, content: dict[str, Any]) -> Any:  # noqa: ANN401
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(content)),
        model_max_length=tokenizer.model_max_length,
        **tokenizer.special_tokens_map,
    )
