"""Small `transformers` checkpoints with random weights: CamemBERT and ModernBERT."""

from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from toy import sentence
from transformers import (
    CamembertConfig,
    CamembertModel,
    ModernBertConfig,
    ModernBertModel,
    PreTrainedTokenizerFast,
    set_seed,
)

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
SMALL = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 66,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}


def camembert(folder: Path) -> Path:
    """Write a RoBERTa-like encoder with a unigram tokenizer."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=120, special_tokens=SPECIAL, unk_token="<unk>")
    size = _save_tokenizer(tokenizer, trainer, folder)
    set_seed(0)
    CamembertModel(CamembertConfig(vocab_size=size, **SMALL)).save_pretrained(folder)
    return folder


def modernbert(folder: Path) -> Path:
    """Write an encoder with rotary positions and a byte-level BPE tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    size = _save_tokenizer(tokenizer, trainer, folder)
    set_seed(0)
    config = ModernBertConfig(vocab_size=size, cls_token_id=0, sep_token_id=2, **SMALL)
    ModernBertModel(config).save_pretrained(folder)
    return folder


def store_truncation(folder: Path) -> None:
    """Store a truncation to two subwords, at the left, in the tokenizer.json of a checkpoint."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(max_length=2, direction="left")
    tokenizer.save(str(folder / "tokenizer.json"))


def _save_tokenizer(tokenizer: Tokenizer, trainer: trainers.Trainer, folder: Path) -> int:
    """Train and save a tokenizer; return its vocabulary size."""
    tokenizer.train_from_iterator([sentence(number).text for number in range(35)], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>")
    fast.save_pretrained(folder)
    return len(fast)
