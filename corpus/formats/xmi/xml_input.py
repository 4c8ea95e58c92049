"""Safety checks of XML files before cassis parses them."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from aloi.corpus.problems import DataError, Problem

_ENCODINGS = {"UTF-8", "UTF-16", "US-ASCII"}


def read_xml(file: Path) -> bytes:
    """Return the content of an XML file.

    Raises `DataError` if the file is malformed, contains a `DOCTYPE`, or declares an encoding that
    parsers could interpret differently. Without a `DOCTYPE`, a file cannot declare entities, so
    later parsers do not expand or fetch any entities.
    """
    content = file.read_bytes()
    parser = expat.ParserCreate()

    def refuse(what: str, fix: str) -> NoReturn:
        raise DataError([Problem("refused-xml", what, fix, line=parser.CurrentLineNumber)])

    def check_declaration(version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.upper() not in _ENCODINGS:
            refuse(f"the encoding {encoding!r} is not supported", "Save the file as UTF-8")

    def refuse_doctype(*_: object) -> None:
        refuse("the file contains a DOCTYPE declaration", "Remove the declaration")

    parser.XmlDeclHandler = check_declaration
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        what, fix = f"the file is not well-formed XML: {error}", "Export the file again"
        raise DataError([Problem("bad-xml", what, fix, line=error.lineno)]) from error
    return content
