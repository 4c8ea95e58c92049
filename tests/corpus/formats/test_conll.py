"""conll: columns of tokens and tags."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats import bio, conll, registry
from aloi.corpus.formats.notes import Notes
from aloi.corpus.formats.tokens import detokenize
from aloi.corpus.problems import DataError


def read(tmp_path: Path, content: str, **options: str) -> list[tuple[str, str]]:
    file = tmp_path / "f.conll"
    file.write_text(content)
    found = conll.read(file, conll.Reading(**options), Notes())
    return [(d.surface(e), e.label) for d in found for e in d.entities]


def test_only_inside_tags_are_iob1(tmp_path: Path) -> None:
    assert read(tmp_path, "Ana I-PER\nRoy I-PER\nà O\nLyon I-LOC\n") == [
        ("Ana Roy", "PER"),
        ("Lyon", "LOC"),
    ]


def test_a_broken_tag_is_named_with_its_line_or_repaired(tmp_path: Path) -> None:
    content = "Ana B-PER\nvit O\nà O\nLyon I-LOC\n"
    with pytest.raises(DataError) as error:
        read(tmp_path, content)
    assert [problem.line for problem in error.value.problems] == [4]
    assert read(tmp_path, content, repair="conlleval") == [("Ana", "PER"), ("Lyon", "LOC")]
    assert read(tmp_path, content, repair="discard") == [("Ana", "PER")]


def test_french_text_from_tokens() -> None:
    text, _ = detokenize(["«", "Qu'", "il", "(", "Luc", ")", "vienne", "!", "»", ",", "dit"])
    assert text == "«\u00a0Qu'il (Luc) vienne\u00a0!\u00a0», dit"


@pytest.mark.parametrize("scheme", ["iob1", "iob2", "bilou"])
def test_spans_come_back_from_tags(scheme: bio.Scheme) -> None:
    spans = [bio.Span(0, 2, "A"), bio.Span(2, 3, "A"), bio.Span(4, 5, "B")]
    assert bio.spans(bio.tags(spans, 6, scheme), scheme) == (spans, [])


def test_documents_come_back(tmp_path: Path) -> None:
    one = Document("a/b", "Ana vit à Lyon.", (Entity("e1", 10, 14, "LOC"),))
    two = Document("c", "L'Oise", (Entity("e1", 2, 6, "LOC"),))
    path = str(tmp_path / "f.conll")
    assert registry.write([one, two], path, format_="conll") == 2
    assert list(registry.read(path)) == [one, two]


@given(st.binary(max_size=80) | st.text("AB-IO \t\n", max_size=60).map(str.encode))
def test_any_bytes_give_documents_or_problems(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("fuzz") / "f.conll"
    file.write_bytes(content)
    with contextlib.suppress(DataError):
        list(conll.read(file, conll.Reading(), Notes()))
