"""Training of the component `aloi_attributes` on documents with gold mentions and relations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training.initialize import init_nlp
from thinc.api import Config

from aloi.corpus.document import Document
from aloi.corpus.formats.shared.spacy_docs import annotate
from aloi.corpus.schema import Schema
from aloi.models.arrays import DoubleArray
from aloi.models.attributes.attribute_types import Owner, PredictedAttribute
from aloi.models.attributes.classifier import (
    AttributeClassifier,
    Sample,
    calibration_error,
    softmax,
)
from aloi.models.attributes.component import AttributeModel, AttributePredictor
from aloi.models.attributes.items import iter_items

COMPONENT = "aloi_attributes"
"""The name of the component in training configs."""

FOLDS = 4
"""Parts of the training documents; the items of each part are scored by a model of the others."""


def has_attributes(documents: Iterable[Document]) -> bool:
    """Return whether any mention or relation has an attribute."""
    return any(
        any(entity.attributes for entity in document.entities)
        or any(relation.attributes for relation in document.relations)
        for document in documents
    )


def fit_attributes(
    settings: Config, train: Sequence[Document], dev: Sequence[Document], *, schema: Schema | None
) -> tuple[Language, dict[str, Any]]:
    """Return the pipeline of a config with a trained component, and measurements for the record."""
    nlp = init_nlp(settings)
    component = nlp.get_pipe(COMPONENT)
    assert isinstance(component, AttributePredictor)
    return nlp, train_attributes(nlp, component, train, dev, schema=schema)


def train_attributes(
    nlp: Language,
    component: AttributePredictor,
    train: Sequence[Document],
    dev: Sequence[Document],
    *,
    schema: Schema | None,
) -> dict[str, Any]:
    """Train the models of a component; return measurements for the training record.

    The classifiers are trained on train. Temperature and thresholds are chosen on dev, and on the
    training documents, which are scored by models that were trained on the other documents.
    """
    train_docs, dev_docs = _parse(nlp, component, train), _parse(nlp, component, dev)
    models, record = [], {}
    for attribute in PredictedAttribute.of_documents(train, schema):
        sample = _sample(train_docs, attribute)
        classifier = AttributeClassifier.fit(sample)
        logits, values = _held_out(classifier, sample, _sample(dev_docs, attribute))
        tuned = classifier.tuned(logits, values)
        models.append(AttributeModel(attribute, tuned))
        record[attribute.name] = _measure(tuned, logits, values)
    component.models = tuple(models)
    return record


def _parse(
    nlp: Language, component: AttributePredictor, documents: Sequence[Document]
) -> list[Doc]:
    """Return docs with gold annotations, and the annotations of the syntactic components."""
    with nlp.select_pipes(disable=[component.name]):
        return list(nlp.pipe(annotate(nlp.make_doc(each.text), each) for each in documents))


def _sample(docs: Sequence[Doc], attribute: PredictedAttribute) -> Sample:
    """Return the items that may have an attribute.

    Mentions are included twice: with the features of their gold relations, and without them,
    because fewer relations are predicted.
    """
    sample = Sample([], [], [])
    views = (True, False) if attribute.owner is Owner.MENTIONS else (True,)
    labels = attribute.labels or None
    for number, doc in enumerate(docs):
        for view in views:
            for item in iter_items(doc, attribute.owner, labels=labels, with_relations=view):
                if item is not None:
                    sample.features.append(item.features)
                    sample.values.append(attribute.value_of(item.attributes))
                    sample.documents.append(number)
    return sample


def _held_out(
    classifier: AttributeClassifier, train: Sample, dev: Sample
) -> tuple[DoubleArray, list[str]]:
    """Return the logits and values of dev, and of the training items by cross-validation."""
    logits = [classifier.logits(dev.features)] if dev.features else []
    values = [*dev.values]
    for fold in range(FOLDS):
        inside = [row for row, each in enumerate(train.documents) if each % FOLDS == fold]
        outside = [row for row, each in enumerate(train.documents) if each % FOLDS != fold]
        if not inside or not outside:
            continue
        part, held_out = train.select(outside), train.select(inside)
        model = AttributeClassifier.fit(part)
        logits.append(_reorder(model, model.logits(held_out.features), classifier.classes))
        values += held_out.values
    if not logits:
        return np.zeros((0, len(classifier.classes))), []
    return np.concatenate(logits), values


def _reorder(
    model: AttributeClassifier, logits: DoubleArray, classes: Sequence[str]
) -> DoubleArray:
    """Return logits with a column for each of `classes`; a class that is unknown gets -20."""
    columns = [
        logits[:, model.classes.index(name)]
        if name in model.classes
        else np.full(len(logits), -20.0)
        for name in classes
    ]
    return np.stack(columns, axis=1)


def _measure(
    classifier: AttributeClassifier, logits: DoubleArray, values: Sequence[str]
) -> dict[str, Any]:
    """Return thresholds, temperature, sizes and calibration errors as JSON values."""
    written = [column for column, value in enumerate(classifier.classes) if value]
    truth = np.array([[value == each for each in classifier.classes] for value in values])
    raw, calibrated = softmax(logits), softmax(logits / classifier.temperature)
    errors = (
        calibration_error(each[:, written].ravel(), truth[:, written].ravel().astype(float))
        for each in (raw, calibrated)
    )
    before, after = errors if len(values) else (0.0, 0.0)
    return {
        "features": len(classifier.features),
        "items": {value or "none": values.count(value) for value in classifier.classes},
        "temperature": classifier.temperature,
        "thresholds": classifier.thresholds,
        "calibration_error": {"uncalibrated": round(before, 4), "calibrated": round(after, 4)},
    }
