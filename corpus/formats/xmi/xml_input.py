"""Safety checks of XML files, made before cassis parses them."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from aloi.corpus.problems import DataError, Problem

_ENCODINGS = {"UTF-8", "UTF-16", "US-ASCII"}


def read_xml(file: Path) -> bytes:
    """Return the content of an XML file.

    Raises `DataError` if the file is malformed, has a `DOCTYPE`, or declares an encoding that
    another parser could read differently. A file without a `DOCTYPE` cannot declare entities, so no
    entity is expanded or fetched.
    """
    content = file.read_bytes()
    parser = expat.ParserCreate()

    def refuse(what: str, fix: str) -> NoReturn:
        raise DataError([Problem("refused-xml", what, fix, line=parser.CurrentLineNumber)])

    def check_declaration(version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.upper() not in _ENCODINGS:
            refuse(f"unsupported encoding {encoding!r}", "Save the file as UTF-8")

    def refuse_doctype(*_: object) -> None:
        refuse("DOCTYPE declaration", "Remove it; a CAS does not need it")

    parser.XmlDeclHandler = check_declaration
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        what, fix = f"not well-formed XML: {error}", "Export the file again"
        raise DataError([Problem("bad-xml", what, fix, line=error.lineno)]) from error
    return content
