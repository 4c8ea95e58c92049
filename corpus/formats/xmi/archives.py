"""ZIP archives with an XMI file and its type system, as INCEpTION and WebAnno export them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from aloi.corpus.problems import DataError, Problem

ARCHIVE_SUFFIX = ".zip"
XMI_SUFFIX = ".xmi"

MAX_BYTES = 1 << 28
"""The maximum size of an unpacked file; a small archive can unpack to many gigabytes."""

_BAD_ARCHIVE = (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error)
"""What zipfile raises for damaged, encrypted and unsupported archives."""


def unpack(archive: Path, folder: Path) -> list[Path]:
    """Unpack the XMI files and the type systems of an archive into an empty folder.

    Returns the XMI files. Raises `DataError` if the archive is invalid, contains no XMI file, or
    contains a file that is too large.
    """
    try:
        with zipfile.ZipFile(archive) as content:
            files = list(_unpack(content, folder))
    except (*_BAD_ARCHIVE, OSError) as error:
        what = f"the archive cannot be read: {error}"
        raise DataError([Problem("bad-archive", what, "Export the document again")]) from error
    if not files:
        what = "the archive contains no .xmi file"
        fix = "Export the document as UIMA CAS XMI"
        raise DataError([Problem("bad-archive", what, fix)])
    return files


def _unpack(content: zipfile.ZipFile, folder: Path) -> Iterator[Path]:
    for member in content.infolist():
        name = Path(member.filename).name  # without folders, so that no file is written elsewhere
        if not name.lower().endswith((XMI_SUFFIX, "typesystem.xml")):
            continue
        with content.open(member) as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            what = f"{member.filename} unpacks to more than {MAX_BYTES >> 20} MiB"
            raise DataError([Problem("bad-archive", what, "Export the document again")])
        (folder / name).write_bytes(data)
        if name.lower().endswith(XMI_SUFFIX):
            yield folder / name
