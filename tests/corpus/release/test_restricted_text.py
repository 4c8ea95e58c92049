"""Restricted text is found wherever it is and however it is spelled; what is shared is allowed."""

import codecs
import html
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aloi.corpus.document import Document, Entity
from aloi.corpus.release.restricted_text import (
    LONG_RUN,
    MIN_RUN,
    Guard,
    Leak,
    Runs,
    content_problems,
    leak_problems,
)

TEXT = (
    "Il « cultive » des roses noires que l'on n'a jamais vues, à Vaucluse,\u00a0au bord de l'eau."
)
WHOLE = Document("d", TEXT, ())
PART = TEXT[TEXT.index("noires") : TEXT.index(", à")]
"""A part of the text that is long enough: «noires que l'on n'a jamais vues»."""


@given(st.integers(0, len(TEXT) - 65), st.text(max_size=40), st.text(max_size=40))
def test_a_run_is_found_wherever_it_is(start: int, before: str, after: str) -> None:
    run = TEXT[start : start + 65].replace(" ", "\n ").replace("'", "’")
    assert any(Runs([("d", TEXT)], LONG_RUN).within(f"{before} {run} {after}"))


def test_the_shortest_run_that_is_found() -> None:
    """«queLonNaJamaisVues» has 18 letters in six words."""
    guard = Guard([WHOLE])
    assert len("quelonnajamaisvues") == MIN_RUN
    assert guard.found("que l'on n'a jamais vues") == Leak("d", 32, "quelonnajamaisvues")
    assert guard.found("e l'on n'a jamais vues") is None


def test_a_long_word_is_not_a_run() -> None:
    guard = Guard([Document("d", "Anticonstitutionnellement, dit-il, ils ont agi ainsi.", ())])
    assert guard.found("anticonstitutionnellement") is None
    assert guard.found("nnellement, dit-il, ils") is not None


def interleaved(text: str, mark: str) -> str:
    return mark.join(text)


def tagged(text: str, left: str, right: str) -> str:
    return " ".join(f"{left}{word}{right}" for word in text.split())


CHANGES: dict[str, Callable[[str], str]] = {
    "nothing": str,
    "capitals": str.upper,
    "title case": str.title,
    "no apostrophes": lambda text: text.replace("'", ""),
    "other apostrophes": lambda text: text.replace("'", "’"),
    "added punctuation": lambda text: text.replace(" ", ", "),
    "replaced punctuation": lambda text: text.replace("'", "-"),
    "ellipses": lambda text: text.replace(" ", "… "),
    "no spaces": lambda text: text.replace(" ", ""),
    "non-breaking spaces": lambda text: text.replace(" ", "\u00a0"),
    "narrow and ideographic spaces": lambda text: text.replace(" ", "\u202f\u3000"),
    "line breaks": lambda text: text.replace(" ", "\r\n\t"),
    "zero-width spaces": lambda text: interleaved(text, "\u200b"),
    "word joiners": lambda text: interleaved(text, "\u2060\ufeff"),
    "soft hyphens": lambda text: interleaved(text, "\u00ad"),
    "direction marks": lambda text: interleaved(text, "\u200f"),
    "named entities": lambda text: text.replace("'", "&rsquo;").replace(" ", "&nbsp;"),
    "decimal entities": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "hexadecimal entities": lambda text: "".join(f"&#x{ord(c):x};" for c in text),
    "entities escaped twice": lambda text: html.escape("".join(f"&#{ord(c)};" for c in text)),
    "percent-encoding": lambda text: quote(text, safe=""),
    "plus for space": lambda text: text.replace(" ", "+"),
    "JSON escapes": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "JSON line breaks": lambda text: text.replace(" ", "\\n"),
    "Markdown bold": lambda text: tagged(text, "**", "**"),
    "Markdown italics": lambda text: tagged(text, "_", "_"),
    "Markdown code": lambda text: tagged(text, "`", "`"),
    "Markdown within words": lambda text: interleaved(text, "*"),
    "HTML tags": lambda text: tagged(text, "<b>", "</b>"),
    "HTML tags with attributes": lambda text: tagged(text, '<span class="x">', "</span>"),
    "HTML tags within words": lambda text: interleaved(text, "<wbr>"),
    "escaped HTML tags": lambda text: html.escape(tagged(text, "<b>", "</b>")),
    "an HTML attribute": lambda text: f'<img alt="{text}">',
    "an HTML comment": lambda text: f"<!-- {text} -->",
    "accents": lambda text: text.replace("e", "é").replace("a", "ä"),
    "combining accents": lambda text: text.replace("e", "e\u0301"),
    "compatibility letters": lambda text: text.translate(
        {ord("a") + n: 0xFF41 + n for n in range(26)}
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found(change: str) -> None:
    found = Guard([WHOLE]).found(f"Comme on sait, {CHANGES[change](PART)} ici.")
    assert found is not None
    assert found.document == "d"


ACCENTED = "Où l’œuvre inachevée était-elle restée, à l’été ?"


@pytest.mark.parametrize(
    "change",
    [
        str,
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode(),
        lambda text: text.replace("œ", "oe"),
        lambda text: text.encode("ascii", "xmlcharrefreplace").decode(),
    ],
    ids=["NFC", "NFD", "no accents, no œ", "oe", "entities"],
)
def test_accents_and_ligatures_may_be_there_or_not(change: Callable[[str], str]) -> None:
    guard = Guard([Document("d", unicodedata.normalize("NFC", ACCENTED), ())])
    assert guard.found(change(ACCENTED)) is not None


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_in_any_usual_encoding(tmp_path: Path, coding: str) -> None:
    (tmp_path / "notes.txt").write_bytes(ACCENTED.encode(coding))
    (problem,) = leak_problems(tmp_path, Guard([Document("d", ACCENTED, ())]))
    assert (problem.file, problem.document) == ("notes.txt", "d")
    assert codecs.lookup(coding)


def test_text_between_the_numbers_of_a_binary_file() -> None:
    raw = bytes(range(256)) * 8
    guard = Guard([WHOLE])
    assert list(content_problems("weights", raw, guard)) == []
    (problem,) = content_problems("weights", raw + TEXT.encode() + raw, guard)
    assert problem.document == "d"


def test_a_problem_says_which_document_and_where_and_not_what(tmp_path: Path) -> None:
    other = Document(
        "other", "Rien de cela ne figure dans ce texte-ci, qui est bien assez long.", ()
    )
    (tmp_path / "page.html").write_text(f"<p>{PART}</p>", encoding="utf-8")
    (problem,) = leak_problems(tmp_path, Guard([other, WHOLE]))
    assert (problem.file, problem.document, problem.kind) == ("page.html", "d", "restricted-text")
    assert "from character 25 of this document" in str(problem)
    assert "roses" not in str(problem)
    assert "jamais" not in str(problem)


def test_a_title_is_text_too() -> None:
    titled = Document("d", "Rien.", (), (), {"title": "Les roses que nul ne verra jamais"})
    assert Guard([titled]).found("LES ROSES QUE NUL NE VERRA JAMAIS") is not None


@given(st.integers(0, len(TEXT) - 40))
def test_words_put_in_end_a_run(start: int) -> None:
    run = TEXT[start : start + 40]
    cut = f"{run[:18]}xyz{run[18:]}"
    assert not any(Runs([("d", TEXT)], 25).within(cut))


def test_shorter_runs_and_mentions_are_allowed_where_an_open_text_has_them() -> None:
    place = TEXT.index("Vaucluse")
    document = Document("d", TEXT, (Entity("e", place, place + 8, "LOC"),))
    guard = Guard([document], [])
    assert guard.found("des roses noires que l’on n") is not None
    assert guard.found("à Vaucluse") == Leak("d", place, "vaucluse")
    assert guard.found("à VAUCLUSE,") == Leak("d", place, "vaucluse")
    assert guard.found("à Vaucluse", long_only=True) is None
    assert guard.found("à Vauclusette") is None
    assert guard.found("des roses noires") is None  # too short to say whose it is
    free = Guard([document], ["Vaucluse a des roses noires que l'on n'a jamais vues, dit-on."])
    assert free.found("des roses noires que l’on n") is None
    assert free.found("à Vaucluse") is None
    assert free.found(TEXT[10:70]) is not None
