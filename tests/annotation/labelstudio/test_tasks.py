"""What a task may hold."""

import msgspec
import pytest

from aloi.annotation.labelstudio.tasks import holds_nul
from aloi.corpus.document import Document, Entity

PLAIN = Document("d", "Xi a téléphoné", (Entity("e", 0, 2, "PER", ref="xi"),), meta={"desk": "AFP"})


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "Xi\0a téléphoné"},
        {"text": "Xi\\\0 téléphoné"},  # a backslash, then NUL
        {"entities": (Entity("\0", 0, 2, "PER"),)},
        {"entities": (Entity("e", 0, 2, "PER", attributes={"note": "a\0"}),)},
        {"meta": {"desk": "\0"}},
    ],
)
def test_a_nul_is_seen_wherever_it_stands(changes: dict[str, object]) -> None:
    assert holds_nul(msgspec.structs.replace(PLAIN, **changes))


def test_text_that_only_looks_like_one_is_none() -> None:
    assert not holds_nul(msgspec.structs.replace(PLAIN, text=r"\u0000 \\u0000"))
