"""The guard finds changed copies of restricted text, and allows text that open documents share."""

import codecs
import html
import unicodedata
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from aloi.corpus.document import Document, Entity
from aloi.corpus.release.file_strings import extract_strings
from aloi.corpus.release.restricted_text import (
    LONG_RUN_LENGTH,
    MIN_RUN_LENGTH,
    Guard,
    Leak,
    RunIndex,
    file_problems,
    folder_problems,
)

TEXT = (
    "Il « cultive » des roses noires que l'on n'a jamais vues, à Vaucluse,\u00a0au bord de l'eau."
)
DOCUMENT = Document("d", TEXT, ())
EXCERPT = TEXT[TEXT.index("noires") : TEXT.index(", à")]
"""An excerpt that is long enough to be found: «noires que l'on n'a jamais vues»."""


@given(st.integers(0, len(TEXT) - 65), st.text(max_size=40), st.text(max_size=40))
def test_run_is_found_at_any_position(start: int, before: str, after: str) -> None:
    run = TEXT[start : start + 65].replace(" ", "\n ").replace("'", "’")
    assert any(RunIndex([("d", TEXT)], LONG_RUN_LENGTH).find_in_text(f"{before} {run} {after}"))


def test_shortest_run_has_18_letters() -> None:
    """«queLonNaJamaisVues» has 18 letters in six words."""
    guard = Guard([DOCUMENT])
    assert len("quelonnajamaisvues") == MIN_RUN_LENGTH
    assert guard.find_leak("que l'on n'a jamais vues") == Leak("d", 32, "quelonnajamaisvues")
    assert guard.find_leak("e l'on n'a jamais vues") is None


def test_single_long_word_is_not_a_leak() -> None:
    guard = Guard([Document("d", "Anticonstitutionnellement, dit-il, ils ont agi ainsi.", ())])
    assert guard.find_leak("anticonstitutionnellement") is None
    assert guard.find_leak("nnellement, dit-il, ils") is not None


def insert_between_letters(text: str, inserted: str) -> str:
    return inserted.join(text)


def wrap_words(text: str, left: str, right: str) -> str:
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
    "zero-width spaces": lambda text: insert_between_letters(text, "\u200b"),
    "word joiners": lambda text: insert_between_letters(text, "\u2060\ufeff"),
    "soft hyphens": lambda text: insert_between_letters(text, "\u00ad"),
    "direction marks": lambda text: insert_between_letters(text, "\u200f"),
    "named entities": lambda text: text.replace("'", "&rsquo;").replace(" ", "&nbsp;"),
    "decimal entities": lambda text: "".join(f"&#{ord(c)};" for c in text),
    "hexadecimal entities": lambda text: "".join(f"&#x{ord(c):x};" for c in text),
    "entities escaped twice": lambda text: html.escape("".join(f"&#{ord(c)};" for c in text)),
    "percent-encoding": lambda text: quote(text, safe=""),
    "plus for space": lambda text: text.replace(" ", "+"),
    "JSON escapes": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "JSON line breaks": lambda text: text.replace(" ", "\\n"),
    "Markdown bold": lambda text: wrap_words(text, "**", "**"),
    "Markdown italics": lambda text: wrap_words(text, "_", "_"),
    "Markdown code": lambda text: wrap_words(text, "`", "`"),
    "Markdown within words": lambda text: insert_between_letters(text, "*"),
    "HTML tags": lambda text: wrap_words(text, "<b>", "</b>"),
    "HTML tags with attributes": lambda text: wrap_words(text, '<span class="x">', "</span>"),
    "HTML tags within words": lambda text: insert_between_letters(text, "<wbr>"),
    "escaped HTML tags": lambda text: html.escape(wrap_words(text, "<b>", "</b>")),
    "an HTML attribute": lambda text: f'<img alt="{text}">',
    "an HTML comment": lambda text: f"<!-- {text} -->",
    "accents": lambda text: text.replace("e", "é").replace("a", "ä"),
    "combining accents": lambda text: text.replace("e", "e\u0301"),
    "compatibility letters": lambda text: text.translate(
        {ord("a") + n: 0xFF41 + n for n in range(26)}
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copy_is_found(change: str) -> None:
    leak = Guard([DOCUMENT]).find_leak(f"Comme on sait, {CHANGES[change](EXCERPT)} ici.")
    assert leak is not None
    assert leak.document == "d"


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
def test_copy_with_changed_accents_and_ligatures_is_found(change: Callable[[str], str]) -> None:
    guard = Guard([Document("d", unicodedata.normalize("NFC", ACCENTED), ())])
    assert guard.find_leak(change(ACCENTED)) is not None


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_file_in_any_usual_encoding_is_searched(tmp_path: Path, coding: str) -> None:
    (tmp_path / "notes.txt").write_bytes(ACCENTED.encode(coding))
    (problem,) = folder_problems(tmp_path, Guard([Document("d", ACCENTED, ())]))
    assert (problem.file, problem.document) == ("notes.txt", "d")
    assert codecs.lookup(coding)


def test_text_in_a_binary_file_is_found() -> None:
    raw = bytes(range(256)) * 8
    guard = Guard([DOCUMENT])
    assert list(file_problems("weights", raw, guard)) == []
    (problem,) = file_problems("weights", raw + TEXT.encode() + raw, guard)
    assert problem.document == "d"


def test_problem_names_document_and_offset_without_quoting_the_text(tmp_path: Path) -> None:
    other = Document(
        "other", "Rien de cela ne figure dans ce texte-ci, qui est bien assez long.", ()
    )
    (tmp_path / "page.html").write_text(f"<p>{EXCERPT}</p>", encoding="utf-8")
    (problem,) = folder_problems(tmp_path, Guard([other, DOCUMENT]))
    assert (problem.file, problem.document, problem.kind) == ("page.html", "d", "restricted-text")
    assert "starting at its character 25" in str(problem)
    assert "roses" not in str(problem)
    assert "jamais" not in str(problem)


def test_title_is_restricted_text() -> None:
    titled = Document("d", "Rien.", (), (), {"title": "Les roses que nul ne verra jamais"})
    assert Guard([titled]).find_leak("LES ROSES QUE NUL NE VERRA JAMAIS") is not None


@given(st.integers(0, len(TEXT) - 40))
def test_inserted_word_ends_a_run(start: int) -> None:
    run = TEXT[start : start + 40]
    cut = f"{run[:18]}xyz{run[18:]}"
    assert not any(RunIndex([("d", TEXT)], 25).find_in_text(cut))


def test_short_runs_and_mentions_are_allowed_if_an_open_text_contains_them() -> None:
    place = TEXT.index("Vaucluse")
    document = Document("d", TEXT, (Entity(id="e", start=place, end=place + 8, label="LOC"),))
    guard = Guard([document], [])
    assert guard.find_leak("des roses noires que l’on n") is not None
    assert guard.find_leak("à Vaucluse") == Leak("d", place, "vaucluse")
    assert guard.find_leak("à VAUCLUSE,") == Leak("d", place, "vaucluse")
    assert guard.find_leak("à Vaucluse", long_only=True) is None
    assert guard.find_leak("à Vauclusette") is None
    assert guard.find_leak("des roses noires") is None  # shorter than 18 letters
    lenient = Guard([document], ["Vaucluse a des roses noires que l'on n'a jamais vues, dit-on."])
    assert lenient.find_leak("des roses noires que l’on n") is None
    assert lenient.find_leak("à Vaucluse") is None
    assert lenient.find_leak(TEXT[10:70]) is not None


@pytest.mark.parametrize("damage", [lambda raw: raw[:-40], lambda raw: raw[4:] + b"\0garbage"])
def test_a_damaged_table_is_searched_as_a_binary_file(damage: Callable[[bytes], bytes]) -> None:
    stream, text = BytesIO(), "La délégation est arrivée lundi soir à la gare du Nord"
    table = pyarrow.table({"text": [text], "number": [1]})
    pq.write_table(table, stream, compression="none", use_dictionary=False)
    assert text in list(extract_strings("table.parquet", stream.getvalue()))
    damaged = damage(stream.getvalue())
    assert any(text in found for found in extract_strings("table.parquet", damaged))
