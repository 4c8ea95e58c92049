"""inline: parsing of typed markup, and the problems reported for invalid markup."""

from typing import Any

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


def test_metadata_nested_too_deeply_are_an_error() -> None:
    meta: dict[str, Any] = {}
    for _ in range(900):
        meta = {"a": [meta]}
    with pytest.raises(DataError, match="nested more than 100 levels deep"):
        list(inline.render_markup([Document("d", "Ana", (), (), meta)]))
    nested = "[" * 3000 + "]" * 3000
    with pytest.raises(DataError, match="not valid TOML"):
        list(inline.parse_markup(TYPED.replace("1963-01-22", nested)))


def test_typed_markup() -> None:
    (document,) = inline.parse_markup(TYPED)
    assert document.text == "Le président français reçoit K. A. [sic]."
    assert document.meta == {"date": "1963-01-22"}
    assert document.entities == (
        Entity(id="r", start=3, end=21, label="ROLE", ref="de-gaulle"),
        Entity(id="e1", start=13, end=21, label="NORP"),  # numbered, because the markup has no id
        Entity(id="k", start=29, end=34, label="PER"),
    )
    assert document.relations == (
        Relation(head="k", tail="r", label="MEETS", attributes={"assertion": "possible"}),
    )


@pytest.mark.parametrize(
    ("typed", "line", "what"),
    [
        ("Le [président", 5, "is not closed"),
        ("Le président](ROLE)", 5, r"`\].* is not part of a mention"),
        ("Le [président]", 5, r"`\]` is not part of a mention"),
        ("a\\b", 5, r"`\\` is not part of a mention"),
        ("[a](PER@x#y)", 5, "the tag .* is invalid"),
        ("[a](PER score=high)", 5, "the tag .* is invalid"),
        ("[a](PER kind)", 5, "the tag .* is invalid"),
        ("texte\n+++\n#k MEETS", 7, "the line is not a relation"),
        ("texte\n+++\n#k MEETS #r", 5, "no entity"),
    ],
)
def test_problems_are_reported_with_their_line(typed: str, line: int, what: str) -> None:
    ending = "" if "+++" in typed else "\n+++"
    with pytest.raises(DataError, match=what) as caught:
        list(inline.parse_markup(f'+++\nid = "d1"\n\n+++\n{typed}{ending}\n'))
    assert caught.value.problems[0].line == line


def test_a_missing_fence() -> None:
    with pytest.raises(DataError, match="needs three such lines"):
        list(inline.parse_markup('+++\nid = "d1"\n+++\ntext\n'))


@pytest.mark.parametrize("meta", [{"id": "other"}, {"x": None}])
def test_reserved_metadata(meta: dict[str, str | None]) -> None:
    with pytest.raises(DataError, match="cannot represent"):
        list(inline.render_markup([Document("d", "x", (), (), meta)]))


def test_tolerant_reading_keeps_what_is_well_formed() -> None:
    marked = r"[Ana](PER#a) vit [ici], à [Rome](LOC#b kind) avec [Bob](PER#c). [Fin \[1\]"
    read = inline.read_marked(marked, "#a MEETS #c\n- et #a aussi\n")
    assert read.text == "Ana vit ici, à Rome avec Bob. Fin [1]"
    assert [(read.text[e.start : e.end], e.id) for e in read.entities] == [
        ("Ana", "a"),
        ("Bob", "c"),
    ]
    assert read.relations == (Relation(head="a", tail="c", label="MEETS"),)
    assert len(read.problems) == 4  # `]` without a tag, the tag of Rome, `[Fin`, the last line


def test_the_two_sections_are_read_back() -> None:
    (document,) = inline.parse_markup(TYPED)
    read = inline.read_marked(*inline.render_marked(document))
    assert (read.text, read.entities, read.relations) == (
        document.text,
        document.entities,
        document.relations,
    )
    assert read.problems == ()
