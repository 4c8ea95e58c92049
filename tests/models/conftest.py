"""The toy pipeline, blank and trained."""

import pytest
import spacy
from spacy.language import Language
from toy import sentence, train

from aloi.corpus.document import Document


@pytest.fixture
def documents() -> list[Document]:
    return [sentence(number) for number in range(24)]


@pytest.fixture
def nlp() -> Language:
    return spacy.blank("fr")


@pytest.fixture
def trained(nlp: Language, documents: list[Document]) -> Language:
    return train(nlp, documents)
