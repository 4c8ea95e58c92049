"""Texts of plain text files and web pages, normalized, with the metadata of the page."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aloi.corpus.optional_dependencies import need
from aloi.corpus.problems import DataError, Problem
from aloi.corpus.text_files import decode_utf8

if TYPE_CHECKING:
    from lxml.html import HtmlElement  # type: ignore[import-untyped]

_HTML_SUFFIXES = (".html", ".htm")
_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")
_NO_BREAK_SPACES = (0x00A0, 0x202F)
_DATE_OPTIONS = {"min_date": "1600-01-01", "original_date": True, "extensive_search": False}
"""Options of trafilatura: accept the dates of old newspapers, and search only the metadata."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """A normalized text, the file it was read from, and the metadata in that file."""

    file: str
    text: str
    title: str | None = None
    date: str | None = None
    source: str | None = None


def normalize(text: str) -> str:
    """Normalize a text; normalizing it again changes nothing.

    1. Line ends become LF: CR LF, CR, vertical tab, form feed, the file, group and record
       separators, NEL, and the line and paragraph separators.
    2. Invisible characters are removed: control characters except the tab, soft hyphen, zero width
       space, word joiner and byte order mark. The zero width joiner and non-joiner and the
       directional marks are kept, because scripts and emoji need them.
    3. The text is converted to Unicode NFC.
    4. White space at the end of lines is removed. Other white space is kept, no-break spaces too.
    5. Blank lines at the beginning and end are removed; several blank lines become one.
    """
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", text).split("\n")]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def read_texts(path: Path) -> list[SourceText]:
    """Return the texts of a `.txt` or `.html` file, or of a folder of such files.

    Hidden files in a folder are ignored. Raises `DataError` with every file that has another
    suffix or encoding, or no text.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if not file.name.startswith("."))
    texts: list[SourceText] = []
    problems: list[Problem] = []
    if not files:
        fix = "Add .txt or .html files"
        problems.append(Problem("no-text", "the folder is empty", fix, file=str(path)))
    for file in files:
        try:
            texts.append(read_text_file(file))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return texts


def read_text_file(file: Path) -> SourceText:
    """Return the text of a `.txt` or `.html` file; raise `DataError` for other files."""
    if file.suffix.lower() in _HTML_SUFFIXES:
        return parse_html(file.read_bytes(), file=str(file))
    if file.suffix.lower() != ".txt" or not file.is_file():
        fix = "Use .txt and .html files, or a folder that contains no other files"
        raise DataError([Problem("other-file", "neither .txt nor .html", fix, file=str(file))])
    return parse_plain(file.read_bytes(), file=str(file))


def parse_plain(raw: bytes, *, file: str) -> SourceText:
    """Return a plain text in UTF-8; raise `DataError` if it is empty or not UTF-8."""
    return _require_text(SourceText(file, normalize(decode_utf8(raw, file=file))))


def parse_html(raw: bytes, *, file: str) -> SourceText:
    """Return the title, date, address and main text of a web page, extracted by trafilatura.

    Comments are left out. Paragraphs are separated by a blank line; a first paragraph that repeats
    the title is removed. Raises `DataError` if there is no text or trafilatura is not installed.
    """
    need("trafilatura", extra="html")
    from trafilatura import bare_extraction, load_html  # noqa: PLC0415 - an extra
    from trafilatura.settings import Document as Page  # noqa: PLC0415 - an extra

    tree = load_html(raw)
    if tree is None:
        return _require_text(SourceText(file, ""))
    placeholders = _replace_no_break_spaces(tree)
    page = bare_extraction(
        tree, include_comments=False, with_metadata=True, date_extraction_params=_DATE_OPTIONS
    )
    if not isinstance(page, Page):
        return _require_text(SourceText(file, ""))
    title = normalize((page.title or "").translate(placeholders)).replace("\n", " ")
    lines = normalize((page.text or "").translate(placeholders)).split("\n")
    body = lines[1:] if lines[0] == title else lines
    text = normalize("\n\n".join(body))
    return _require_text(SourceText(file, text, title or None, page.date, page.url))


def _replace_no_break_spaces(tree: HtmlElement) -> dict[int, str]:
    """Replace no-break spaces by characters that the page does not contain.

    Returns the table for `str.translate` that restores them. trafilatura would turn some of these
    spaces into ordinary ones, depending on the length of the text.
    """
    used = set("".join(tree.itertext()))
    unused = (code for code in range(0x2801, 0x2900) if chr(code) not in used)  # braille
    placeholders = dict(zip(_NO_BREAK_SPACES, unused, strict=False))
    for element in tree.iter():
        element.text = element.text and element.text.translate(placeholders)
        element.tail = element.tail and element.tail.translate(placeholders)
    return {code: chr(space) for space, code in placeholders.items()}


def _require_text(text: SourceText) -> SourceText:
    if text.text.strip():
        return text
    fix = "Use a file with text; save a page that is filled by a script from a browser"
    raise DataError([Problem("no-text", "the file contains no text", fix, file=text.file)])
