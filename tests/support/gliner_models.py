"""Small GLiNER models with random weights, written without a download."""

from pathlib import Path

from gliner import GLiNER
from gliner.config import GLiNERConfig
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from toy import sentence
from transformers import PreTrainedTokenizerFast, set_seed

SPECIAL = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
ENCODER = {
    "model_type": "deberta-v2",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 256,
    "relative_attention": True,
    "position_biased_input": False,
    "pos_att_type": ["p2c", "c2p"],
}


def write_model(folder: Path, **settings: object) -> Path:
    """Write a model that finds mentions nearly everywhere, with scores slightly over 0.5.

    `settings` are further keys of GLiNER's configuration.
    """
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    config = GLiNERConfig(
        model_name=str(folder),
        encoder_config={**ENCODER, "vocab_size": len(tokenizer)},
        hidden_size=32,
        max_len=24,
        max_width=4,
        **settings,
    )
    set_seed(0)
    model = GLiNER.from_config(config, backbone_from_pretrained=False, local_files_only=True)
    model.save_pretrained(folder)
    return folder


def _tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([sentence(number).text for number in range(35)], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
    )
