"""The spaCy component `aloi_attributes`, which predicts the attributes of mentions and relations.

It comes after the components that set mentions and relations, and uses parts of speech, morphology
and syntax. Attributes that a mention or relation has already are kept. The attributes of mentions
are in `span._.attributes`, those of relations in `relation.attributes` of `doc._.relations`.
"""

# spaCy evaluates the type annotations of the factory at run time. Therefore this module does not
# import `annotations` from `__future__`.
import io
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
import numpy as np
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc

from aloi.corpus.formats.shared.spacy_docs import (
    get_attributes,
    get_relations,
    mentions,
    set_attributes,
    set_relations,
    span_key,
)
from aloi.models.attributes.attribute_types import Owner, PredictedAttribute
from aloi.models.attributes.classifier import AttributeClassifier
from aloi.models.attributes.items import Item, iter_items

BLOCK_SIZE = 512
"""Items whose features are in memory at once."""

SETTINGS_FILE, WEIGHTS_FILE = "cfg", "weights.npz"


class AttributeModel(NamedTuple):
    """An attribute and its classifier."""

    attribute: PredictedAttribute
    classifier: AttributeClassifier


class _Settings(msgspec.Struct, frozen=True):
    """The part of an `AttributeModel` that is stored as JSON."""

    attribute: PredictedAttribute
    classes: tuple[str, ...]
    features: tuple[str, ...]
    temperature: float
    thresholds: dict[str, float]


class AttributePredictor(Pipe):
    """A component that sets the attributes for which it has a trained model."""

    def __init__(
        self, name: str = "aloi_attributes", models: Iterable[AttributeModel] = ()
    ) -> None:
        self.name, self.models = name, tuple(models)

    @property
    def labels(self) -> tuple[str, ...]:
        """The values that can be predicted, such as `assertion=negated`."""
        return tuple(
            f"{model.attribute.name}={value}"
            for model in self.models
            for value in model.classifier.classes
            if value
        )

    def __call__(self, doc: Doc) -> Doc:
        """Set the attributes of a doc's mentions and relations, and return the doc."""
        relations = get_relations(doc)
        predicted = self.predict(doc, Owner.RELATIONS)
        set_relations(
            doc,
            [
                relation._replace(attributes={**values, **relation.attributes})
                for relation, values in zip(relations, predicted, strict=True)
            ],
        )
        given = get_attributes(doc)
        keys = map(span_key, mentions(doc))
        values = zip(keys, self.predict(doc, Owner.MENTIONS), strict=True)
        set_attributes(doc, {key: {**own, **given.get(key, {})} for key, own in values})
        return doc

    def predict(self, doc: Doc, owner: Owner) -> list[dict[str, str]]:
        """Return the predicted attributes of each mention or relation of a doc.

        Default values are left out.
        """
        models = [model for model in self.models if model.attribute.owner is owner]
        if not models:
            return [{} for _ in (mentions if owner is Owner.MENTIONS else get_relations)(doc)]
        predicted: list[dict[str, str]] = []
        items = iter_items(doc, owner, labels=_joint_labels(models))
        while block := list(islice(items, BLOCK_SIZE)):
            predicted += _predict_block(models, block)
        return predicted

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write settings (`cfg`) and weights (`weights.npz`) to a folder."""
        Path(path).mkdir(parents=True, exist_ok=True)
        (Path(path) / SETTINGS_FILE).write_bytes(self._settings())
        (Path(path) / WEIGHTS_FILE).write_bytes(self._weights())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Read a folder that `to_disk` wrote, and return the component."""
        files = (Path(path) / name for name in (SETTINGS_FILE, WEIGHTS_FILE))
        return self._load(*(file.read_bytes() for file in files))

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return settings and weights as bytes."""
        return msgspec.msgpack.encode((self._settings(), self._weights()))

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Read bytes that `to_bytes` returned, and return the component."""
        return self._load(*msgspec.msgpack.decode(data, type=tuple[bytes, bytes]))

    def _settings(self) -> bytes:
        settings = [
            _Settings(attribute, *(getattr(classifier, name) for name in _STORED))
            for attribute, classifier in self.models
        ]
        return msgspec.json.format(msgspec.json.encode(settings), indent=1) + b"\n"

    def _weights(self) -> bytes:
        arrays = {
            f"{name}.{number}": getattr(model.classifier, name)
            for number, model in enumerate(self.models)
            for name in ("weights", "bias")
        }
        stream = io.BytesIO()
        np.savez(stream, **arrays)
        return stream.getvalue()

    def _load(self, settings: bytes, weights: bytes) -> Self:
        arrays = np.load(io.BytesIO(weights), allow_pickle=False)
        stored = msgspec.json.decode(settings, type=list[_Settings])
        self.models = tuple(
            AttributeModel(
                each.attribute,
                AttributeClassifier(
                    weights=arrays[f"weights.{number}"],
                    bias=arrays[f"bias.{number}"],
                    **{name: getattr(each, name) for name in _STORED},
                ),
            )
            for number, each in enumerate(stored)
        )
        return self


_STORED = ("classes", "features", "temperature", "thresholds")
"""The fields of a classifier that are stored as JSON, in the order of `_Settings`."""


def _joint_labels(models: Iterable[AttributeModel]) -> Collection[str] | None:
    """Return the labels to which any of the attributes applies, or None for all labels."""
    labels = [model.attribute.labels for model in models]
    return {label for each in labels for label in each} if all(labels) else None


def _predict_block(
    models: Iterable[AttributeModel], block: list[Item | None]
) -> Iterator[dict[str, str]]:
    predicted: list[dict[str, str]] = [{} for _ in block]
    for attribute, classifier in models:
        rows = [row for row, item in enumerate(block) if item and attribute.applies_to(item.label)]
        features = [item.features for row in rows if (item := block[row])]
        for row, value in zip(rows, classifier.predict(features), strict=True):
            if value:
                predicted[row][attribute.name] = value
    yield from predicted


@Language.factory("aloi_attributes", requires=["doc.ents", "doc._.relations", "token.dep"])
def make_attribute_predictor(nlp: Language, name: str) -> AttributePredictor:
    """Return a new component without models; `nlp.add_pipe("aloi_attributes")` calls this."""
    return AttributePredictor(name)
