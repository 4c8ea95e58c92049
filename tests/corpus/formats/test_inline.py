"""The markup a person types, and what they are told when it is wrong."""

import pytest

from aloi.corpus.document import Document, Entity, Relation
from aloi.corpus.formats import inline
from aloi.corpus.problems import DataError

TYPED = r"""+++
id = "d1"
date = 1963-01-22
+++
Le [président [français](NORP)](ROLE#r@de-gaulle) reçoit [K. A.](PER#k) \[sic\].
+++
#k MEETS #r assertion=possible
"""


def test_what_a_person_types() -> None:
    (document,) = inline.parse(TYPED)
    assert document.text == "Le président français reçoit K. A. [sic]."
    assert document.meta == {"date": "1963-01-22"}
    assert document.entities == (
        Entity("r", 3, 21, "ROLE", "de-gaulle"),
        Entity("e1", 13, 21, "NORP"),  # no id was given
        Entity("k", 29, 34, "PER"),
    )
    assert document.relations == (
        Relation("k", "r", "MEETS", attributes={"assertion": "possible"}),
    )


@pytest.mark.parametrize(
    ("typed", "line", "what"),
    [
        ("Le [président", 5, "never closed"),
        ("Le président](ROLE)", 5, "closes nothing"),
        ("Le [président]", 5, "closes nothing"),
        ("a\\b", 5, "closes nothing"),
        ("[a](PER@x#y)", 5, "is no tag"),
        ("[a](PER score=high)", 5, "is no tag"),
        ("[a](PER kind)", 5, "is no tag"),
        ("texte\n+++\n#k MEETS", 7, "not a relation"),
        ("texte\n+++\n#k MEETS #r", 5, "no entity"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(typed: str, line: int, what: str) -> None:
    ending = "" if "+++" in typed else "\n+++"
    with pytest.raises(DataError, match=what) as caught:
        list(inline.parse(f'+++\nid = "d1"\n\n+++\n{typed}{ending}\n'))
    assert caught.value.problems[0].line == line


def test_a_fence_that_is_missing() -> None:
    with pytest.raises(DataError, match="not three"):
        list(inline.parse('+++\nid = "d1"\n+++\ntext\n'))


@pytest.mark.parametrize("meta", [{"id": "other"}, {"x": None}])
def test_metadata_that_markup_cannot_hold(meta: dict[str, str | None]) -> None:
    with pytest.raises(DataError, match="cannot hold"):
        list(inline.render([Document("d", "x", (), (), meta)]))
