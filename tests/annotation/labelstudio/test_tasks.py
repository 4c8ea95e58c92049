"""NUL characters in documents, and the reserved keys of tasks."""

import msgspec
import pytest

from aloi.annotation.labelstudio.tasks import LabelStudioTaskWriter, contains_nul
from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.problems import DataError
from aloi.corpus.schema import Schema

PLAIN = Document(
    "d",
    "Xi a téléphoné",
    (Entity(id="e", start=0, end=2, label="PER", ref="xi"),),
    meta={"desk": "AFP"},
)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "Xi\0a téléphoné"},
        {"text": "Xi\\\0 téléphoné"},  # a backslash, then NUL
        {"entities": (Entity(id="\0", start=0, end=2, label="PER"),)},
        {"entities": (Entity(id="e", start=0, end=2, label="PER", attributes={"note": "a\0"}),)},
        {"meta": {"desk": "\0"}},
    ],
)
def test_a_nul_is_found_anywhere_in_a_document(changes: dict[str, object]) -> None:
    assert contains_nul(msgspec.structs.replace(PLAIN, **changes))


def test_an_escaped_nul_in_the_text_is_not_a_nul() -> None:
    assert not contains_nul(msgspec.structs.replace(PLAIN, text=r"\u0000 \\u0000"))


def test_metadata_with_a_reserved_key_is_refused() -> None:
    writer = LabelStudioTaskWriter("marie", Schema("s", "1", {}), None, Notes())
    document = Document("d", "Xi", (), meta={"text": "x", "doc_id": "y"})
    with pytest.raises(DataError, match="keys that are reserved in tasks: doc_id, text"):
        writer.task(document)


def test_predictions_are_equal_whatever_the_order_of_their_results() -> None:
    writer = LabelStudioTaskWriter("marie", Schema("s", "1", {}), None, Notes())
    prediction = writer.prediction(
        Document(
            "d",
            "Xi et Ana",
            (
                Entity(id="a", start=0, end=2, label="PER"),
                Entity(id="b", start=6, end=9, label="PER"),
            ),
        ),
        "m",
    )
    reordered = {**prediction, "result": prediction["result"][::-1]}
    shorter = {"result": prediction["result"][:1]}
    assert writer.prediction_hash(reordered) == writer.prediction_hash(prediction)
    assert writer.prediction_hash(shorter) != writer.prediction_hash(prediction)
