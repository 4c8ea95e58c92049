"""Read all strings in a file: a Parquet table, a text file or a binary file."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

MIN_BINARY_STRING = 18
"""Minimum length of a string in a binary file, in characters; equal to `MIN_RUN_LENGTH`."""

_UTF8 = re.compile(
    rb"(?:[\t\n\r -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3}){%d,}" % MIN_BINARY_STRING
)
"""Pattern of UTF-8 text without control characters, for binary files."""


def read_strings(file: Path) -> Iterator[str]:
    """Yield every string in a file; strings in a list, such as tokens, are joined to one string."""
    yield from extract_strings(file.name, file.read_bytes())


def extract_strings(name: str, raw: bytes) -> Iterator[str]:
    """Yield every string in `raw`, the content of a file with the file name `name`."""
    if Path(name).suffix == ".parquet":
        from pyarrow import ArrowException  # noqa: PLC0415 - an extra

        try:
            yield from _table_strings(raw)
        except (
            ArrowException,
            OSError,
            ValueError,
        ):  # a damaged table, which is searched like any binary file
            yield from _decode(raw)
    else:
        yield from _decode(raw)


def _decode(raw: bytes) -> Iterator[str]:
    """Yield the content of a text file as one string, or all UTF-8 strings in a binary file.

    A text file is decoded as UTF-16 if it begins with a byte order mark, otherwise as UTF-8. If the
    content is not valid UTF-8, it is yielded twice: as UTF-8 with replacement characters, and as
    Windows-1252. A file with a zero byte, but without a byte order mark, is binary; an example
    is a file with the weights of a pipeline.
    """
    if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        yield raw.decode("utf-16", errors="replace")
    elif b"\0" in raw:
        yield from (match[0].decode("utf-8", errors="replace") for match in _UTF8.finditer(raw))
    else:
        with suppress(UnicodeDecodeError):
            yield raw.decode("utf-8")
            return
        yield raw.decode("utf-8", errors="replace")
        yield raw.decode("cp1252", errors="replace")


def _table_strings(raw: bytes) -> Iterator[str]:
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    with parquet.ParquetFile(BytesIO(raw)) as table:
        for key, value in (table.schema_arrow.metadata or {}).items():
            yield f"{key.decode()} {value.decode()}"
        for batch in table.iter_batches():
            yield from _value_strings(batch.to_pylist())


def _value_strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
        yield from _json_strings(value)
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _value_strings(part)
    elif isinstance(value, list):
        words = [part for part in value if isinstance(part, str)]
        yield " ".join(words)
        for word in words:
            yield from _json_strings(word)
        for part in value:
            if not isinstance(part, str):
                yield from _value_strings(part)


def _json_strings(value: str) -> Iterator[str]:
    """Yield the strings in a JSON document that is stored as a string, such as metadata."""
    if value[:1] in ("{", "["):
        with suppress(ValueError):
            yield from _value_strings(json.loads(value))
