"""Small GLiNER models with random weights, written without a download."""

from pathlib import Path

import torch
from gliner import GLiNER
from gliner.config import GLiNERConfig
from gliner.data_processing import WordsSplitter
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from toy import CITIES, sentence
from transformers import PreTrainedTokenizerFast, set_seed

from aloi.corpus.document import Document, Entity

DESCRIBED = {"PER": "nom de personne", "LOC": "ville", "EVENT": "guerre"}
"""The descriptions of the labels in the training data."""

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
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


def write_model(folder: Path, *, steps: int = 0, **settings: object) -> Path:
    """Write a model, trained for some steps on toy sentences and wars.

    `settings` are further keys of GLiNER's configuration.
    """
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    config = GLiNERConfig(
        model_name=str(folder),
        encoder_config={**ENCODER, "vocab_size": len(tokenizer)},
        hidden_size=32,
        dropout=0.0,
        max_len=24,
        max_width=4,
        **settings,
    )
    set_seed(0)
    model = GLiNER.from_config(config, backbone_from_pretrained=False, local_files_only=True)
    _train(model, steps)
    model.save_pretrained(folder)
    return folder


def war(city: str) -> Document:
    """Return a document with a mention in another one."""
    text = f"La guerre à {city} dure."
    entities = (
        Entity(id="a", start=3, end=12 + len(city), label="EVENT"),
        Entity(id="b", start=12, end=12 + len(city), label="LOC"),
    )
    return Document(city, text, entities)


def join(documents: list[Document]) -> Document:
    """Return documents as one text with a document per sentence."""
    text, entities = "", []
    for number, document in enumerate(documents):
        for entity in document.entities:
            start, end = entity.start + len(text), entity.end + len(text)
            id_ = f"{number}{entity.id}"
            entities.append(Entity(id=id_, start=start, end=end, label=entity.label))
        text += f"{document.text} "
    return Document("joined", text, tuple(entities))


def _train(model: GLiNER, steps: int) -> None:
    """Train a model to find mentions by their descriptions."""
    wars = [war(city) for city in CITIES]
    documents = [join([sentence(n), wars[n % 5], sentence(n + 3)][: 1 + n % 3]) for n in range(15)]
    records = [_record(document) for document in [*documents, *wars]]
    collate = model.data_collator_class(model.config, data_processor=model.data_processor)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    model.train()
    for _ in range(steps):
        loss = model(**collate(records)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def _record(document: Document) -> dict[str, object]:
    """Return a document as a record of GLiNER's training data."""
    words = list(WordsSplitter("whitespace")(document.text))
    first = {start: number for number, (_, start, _) in enumerate(words)}
    last = {end: number for number, (_, _, end) in enumerate(words)}
    return {
        "tokenized_text": [word for word, _, _ in words],
        "ner": [[first[e.start], last[e.end], DESCRIBED[e.label]] for e in document.entities],
        "ner_labels": list(DESCRIBED.values()),
    }


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
