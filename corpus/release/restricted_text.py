"""Whether text that may not be given on has reached a file.

A run of `LONG` characters of a restricted text is a leak wherever it stands. A shorter one, that is
a mention or a run of `SHORT` characters, is a leak unless an open document has it too: names and
stock phrases belong to nobody, nor do mentions without a letter. Runs are counted with each stretch
of white space as one, and compared without any and with all quotation marks and apostrophes alike.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from aloi.corpus.document import Document
from aloi.corpus.problems import Problem

LONG = 50
SHORT = 25
"""Any two texts of one language share runs shorter than this."""

_QUOTES = str.maketrans(dict.fromkeys('«»“”„‟‹›"‘’‚‛`´', "'"))
_PIECE = re.compile(r"\w+|[^\w\s]")
_INNER = re.compile(r"(?<=\w)(?=\w)")


class Runs:
    """The runs of `length` characters of some texts."""

    def __init__(self, texts: Iterable[str], length: int) -> None:
        collapsed = [" ".join(text.split()) for text in texts]
        runs = {
            _squeezed(text[start : start + length])
            for text in collapsed
            for start in range(len(text) - length + 1)
        }
        self._shortest = min(map(len, runs), default=1)
        self._by_start: dict[str, list[str]] = defaultdict(list)
        for run in runs:
            self._by_start[run[: self._shortest]].append(run)
        self._step = (self._shortest + 1) // 2
        self._blocks = {block for run in runs for block in _blocks(run, self._step)}

    def within(self, value: str) -> Iterator[str]:
        """The runs that a string has, as they stand in it without white space.

        Every `_step` characters one block is looked at: each run has one that begins less than
        a block after it.
        """
        value = _squeezed(value)
        for position in range(0, len(value), self._step):
            if value[position : position + self._step] in self._blocks:
                for start in range(max(position - self._step + 1, 0), position + 1):
                    for run in self._by_start.get(value[start : start + self._shortest], ()):
                        if value.startswith(run, start):
                            yield run


class Guard:
    """Finds restricted text in strings; `allowed` are the texts whose shorter runs are free."""

    def __init__(self, restricted: Iterable[Document], allowed: Iterable[str] = ()) -> None:
        restricted = list(restricted)
        texts, allowed = [document.text for document in restricted], list(allowed)
        self._long, self._short = Runs(texts, LONG), Runs(texts, SHORT)
        self._allowed = "\n".join(map(_squeezed, allowed))
        unquoted = "\n".join(text.translate(_QUOTES) for text in allowed)
        surfaces = {d.surface(entity) for d in restricted for entity in d.entities}
        surfaces = {surface for surface in surfaces if any(map(str.isalpha, surface))}
        own = {s for s in surfaces if _whole_words(re.compile(_words(s)), unquoted) is None}
        ordered = sorted(own, key=lambda surface: (-len(surface), surface))
        self._mentions = re.compile("|".join(map(_words, ordered)) or "(?!)")

    def found(self, value: str) -> str | None:
        """The first leak in a string, the long runs first."""
        for run in self._long.within(value):
            return run
        for run in self._short.within(value):
            if run not in self._allowed:
                return run
        return _whole_words(self._mentions, value.translate(_QUOTES))


def leak_problems(folder: Path, guard: Guard) -> Iterator[Problem]:
    """One problem for each file below a folder that restricted text has reached."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        found = next(filter(None, map(guard.found, strings(file))), None)
        if found is not None:
            what = f"has text that may not be given on, without its spaces: «{found[:LONG]}»"
            fix = "Take it out of what the file is made from"
            yield Problem("restricted-text", what, fix, file=file.relative_to(folder).as_posix())


def strings(file: Path) -> Iterator[str]:
    """Every string in a file: what its tables, its JSON or its bytes hold.

    A list of strings, such as tokens, is one string besides.
    """
    if file.suffix == ".parquet":
        yield from _table(file)
        return
    content = file.read_bytes().decode("utf-8", errors="replace")
    yield content
    if file.suffix == ".json":
        yield from _values(json.loads(content))


def _table(file: Path) -> Iterator[str]:
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    with parquet.ParquetFile(file) as table:
        for key, value in (table.schema_arrow.metadata or {}).items():
            yield f"{key.decode()} {value.decode()}"
        for batch in table.iter_batches():
            yield from _values(batch.to_pylist())


def _values(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
        with suppress(ValueError):  # metadata is JSON in a string, whose escapes could hide text
            yield from _values(json.loads(value) if value[:1] == "{" else None)
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _values(part)
    elif isinstance(value, list):
        words = [part for part in value if isinstance(part, str)]
        if len(words) > 1:
            yield " ".join(words)
        for part in value:
            yield from _values(part)


def _blocks(run: str, size: int) -> Iterator[str]:
    return (run[start : start + size] for start in range(len(run) - size + 1))


def _squeezed(text: str) -> str:
    return "".join(text.translate(_QUOTES).split())


def _words(surface: str) -> str:
    """A pattern for the words of a surface, whatever white space is between them."""
    pieces = map(re.escape, _PIECE.findall(surface.translate(_QUOTES)))
    return r"\s*".join(pieces) + r"(?!\w)"


def _whole_words(pattern: re.Pattern[str], text: str) -> str | None:
    """The first match that does not begin within a word.

    Looked at afterwards: a pattern that begins with a letter is found several times as fast.
    """
    matches = pattern.finditer(text)
    return next((m[0] for m in matches if not _INNER.match(text, m.start())), None)
