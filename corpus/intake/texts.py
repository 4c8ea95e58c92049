"""Reading of plain text files and web pages as normalised texts with metadata."""

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
"""Options of trafilatura: accept dates since 1600, and search for dates only in the metadata."""


@dataclass(frozen=True, slots=True)
class SourceText:
    """A normalised text, the name of its file, and the metadata found in the file."""

    file: str
    text: str
    title: str | None = None
    date: str | None = None
    source: str | None = None


def normalize(text: str) -> str:
    """Return the normalised text; normalising it again has no effect.

    1. Each of these line ends becomes LF: CR LF, CR, vertical tab, form feed, the file, group and
       record separators, NEL, and the line and paragraph separators.
    2. These invisible characters are removed: soft hyphen, zero width space, word joiner, byte
       order mark, and all control characters except the tab. The zero width joiner and non-joiner
       and the directional marks are kept, because scripts and emoji need these characters.
    3. The text is converted to Unicode NFC.
    4. White space at the end of each line is removed. Other white space, including no-break spaces,
       is kept.
    5. Blank lines at the beginning and end of the text are removed; several consecutive blank lines
       become one.
    """
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    lines = [line.rstrip() for line in unicodedata.normalize("NFC", text).split("\n")]
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def read_texts(path: Path) -> list[SourceText]:
    """Return the text of a `.txt` or `.html` file, or the texts of all files in a folder.

    Hidden files in the folder are ignored. Raises `DataError` with a problem for each file that has
    a different suffix, is a plain text file that is not UTF-8, or contains no text.
    """
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if not file.name.startswith("."))
    texts: list[SourceText] = []
    problems: list[Problem] = []
    if not files:
        fix = "Add .txt or .html files to the folder"
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
    """Return the text of a `.txt` or `.html` file; raise `DataError` for any other suffix."""
    if file.suffix.lower() in _HTML_SUFFIXES:
        return parse_html(file.read_bytes(), file=str(file))
    if file.suffix.lower() != ".txt" or not file.is_file():
        what = "the file is neither a .txt nor an .html file"
        fix = "Use a .txt or .html file, or a folder that contains only such files"
        raise DataError([Problem("other-file", what, fix, file=str(file))])
    return parse_plain(file.read_bytes(), file=str(file))


def parse_plain(raw: bytes, *, file: str) -> SourceText:
    """Return the text of a plain text file; raise `DataError` if it is empty or not UTF-8."""
    return _require_text(SourceText(file, normalize(decode_utf8(raw, file=file))))


def parse_html(raw: bytes, *, file: str) -> SourceText:
    """Return the main text, title, date and address of a web page, extracted by trafilatura.

    Readers' comments are dropped. Paragraphs are separated by a blank line. If the first paragraph
    repeats the title, the paragraph is removed. Raises `DataError` if the page contains no text or
    trafilatura is not installed.
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
    """Replace no-break spaces by placeholder characters that do not occur in the page.

    Returns the table for `str.translate` that restores the no-break spaces. Without placeholders,
    trafilatura converts some no-break spaces to ordinary spaces, depending on the text length.
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
    fix = "Use a file with text; if a script loads the text of a page, save the page in a browser"
    raise DataError([Problem("no-text", "the file contains no text", fix, file=text.file)])
