"""Find text of restricted documents in files, even where its spelling was changed.

A restricted document is one whose text must not be redistributed. The guard normalises its text and
the searched string in the same way, so these changes do not hide a copy:

- capitals, accents, ligatures, compatibility characters, composed or decomposed Unicode (NFC, NFD);
- white space of any kind, none at all, zero-width characters, soft hyphens, direction marks;
- punctuation and symbols that were removed, added or replaced;
- HTML entities (named or numeric, escaped once or twice), percent-encoding, escapes of JSON;
- inserted markup: HTML or XML tags, and Markdown such as `**word**` or `_word_`.

Normalised text has letters and digits alone. A run of `LONG_RUN` of them is a leak in any case. A
run of `MIN_RUN` that covers `MIN_WORDS` words, or a whole mention, is a leak unless an open
document has it too: names and stock phrases are in many texts. Mentions without a letter are not
searched for. Words that were added, removed or replaced end a run; archives are not opened.
"""

from __future__ import annotations

import codecs
import html
import json
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aloi.corpus.document import Document
from aloi.corpus.problems import Problem

LONG_RUN = 40
MIN_RUN = 18
MIN_WORDS = 3
"""Unrelated texts of one language share shorter runs, and single long words."""

_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[nrtbf])")
_ESCAPING_ROUNDS = 2
_UTF8 = re.compile(
    rb"(?:[\t\n\r -~]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}"
    rb"|[\xf0-\xf4][\x80-\xbf]{3}){%d,}" % MIN_RUN
)
"""A stretch of UTF-8 without control characters."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\U000e0000-\U000e01ff]+"
)
"""Zero-width characters, soft hyphens, direction marks and combining accents."""
_LETTERS = (("œ", "oe"), ("æ", "ae"), ("ø", "o"), ("đ", "d"), ("ł", "l"), ("ı", "i"))
"""Letters that Unicode does not decompose."""
_SEPARATORS = re.compile(r"[\W_]+")


def normalised(text: str) -> Iterator[str]:
    """Yield the words of a text as the guard compares them, with one space between two.

    Text with tags is yielded twice: without its tags, and with their contents as words, since an
    attribute or what looks like a tag may hold text.
    """
    if "\\" in text:
        text = _JSON_ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else " ", text)
    if "%" in text:
        text = unquote(text)
    for _ in range(_ESCAPING_ROUNDS):
        text = html.unescape(text) if "&" in text else text
    if "<" in text and _TAG.search(text):
        yield _words(_TAG.sub("", text))
    yield _words(text)


def _words(text: str) -> str:
    text = unicodedata.normalize("NFKD", text).casefold()
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
        for letter, plain in _LETTERS:
            text = text.replace(letter, plain)
    return _SEPARATORS.sub(" ", text).strip()


class Runs:
    """The runs of `length` letters and digits of some texts, each over `MIN_WORDS` words or more.

    `Runs.documents` has the id of the first document with a run.
    """

    def __init__(self, texts: Iterable[tuple[str, str]], length: int) -> None:
        self.documents: dict[str, str] = {}
        self._length = length
        for document, text in texts:
            for words in normalised(text):
                for run in _wide_runs(words, length):
                    self.documents.setdefault(run, document)
        self._step = (length + 1) // 2

    @cached_property
    def _blocks(self) -> set[str]:
        return {block for run in self.documents for block in _runs(run, self._step)}

    def remove(self, text: str) -> None:
        """Drop the runs that a text has."""
        for words in normalised(text):
            for run in _runs(words.replace(" ", ""), self._length):
                self.documents.pop(run, None)

    def within(self, value: str) -> Iterator[str]:
        """Yield the runs in a string, normalised."""
        for words in normalised(value):
            yield from self.among(words.replace(" ", ""))

    def among(self, letters: str) -> Iterator[str]:
        """Yield the runs in a normalised string without spaces.

        One block is looked up every `_step` characters: each run has one that begins less than a
        block after it.
        """
        step, length = self._step, self._length
        for position in range(0, len(letters) - step + 1, step):
            if letters[position : position + step] in self._blocks:
                for start in range(max(position - step + 1, 0), position + 1):
                    run = letters[start : start + length]
                    if run in self.documents:
                        yield run


def _runs(letters: str, length: int) -> Iterator[str]:
    return (letters[start : start + length] for start in range(len(letters) - length + 1))


def _wide_runs(words: str, length: int) -> Iterator[str]:
    """Yield the runs that cover `MIN_WORDS` words or more."""
    word_of = [number for number, word in enumerate(words.split(" ")) for _ in word]
    for start, run in enumerate(_runs(words.replace(" ", ""), length)):
        if word_of[start + length - 1] - word_of[start] >= MIN_WORDS - 1:
            yield run


class Mentions:
    """The mentions of some documents as normalised words; `documents` has one document of each."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents: dict[str, str] = {}
        for document in documents:
            for entity in document.entities:
                *_, words = normalised(document.surface(entity))
                if any(map(str.isalpha, words)):
                    self.documents.setdefault(words, document.id)

    @cached_property
    def _by_first_word(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for mention in sorted(self.documents, key=lambda mention: (-len(mention), mention)):
            found[mention.partition(" ")[0]].append(mention)
        return dict(found)

    def remove(self, text: str) -> None:
        """Drop the mentions that a text has."""
        for words in normalised(text):
            for mention in list(self.among(words)):
                self.documents.pop(mention, None)

    def among(self, words: str) -> Iterator[str]:
        """Yield the mentions in normalised words, each as whole words."""
        padded = f" {words} "
        for first in sorted(self._by_first_word.keys() & set(words.split(" "))):
            for mention in self._by_first_word[first]:
                if mention in self.documents and f" {mention} " in padded:
                    yield mention


@dataclass(frozen=True, slots=True)
class Leak:
    """Restricted text in a string: its document, the offset there, its letters and digits."""

    document: str
    start: int
    letters: str


class Guard:
    """Finds text of restricted documents in strings.

    Runs shorter than `LONG_RUN`, and mentions, are not restricted where an `allowed` text has them.
    A document's title counts as its text.
    """

    def __init__(self, restricted: Iterable[Document], allowed: Iterable[str] = ()) -> None:
        restricted = list(restricted)
        self.documents = tuple(sorted({document.id for document in restricted}))
        self._texts = [(each.id, text) for each in restricted for text in _texts(each)]
        self._long, self._short = Runs(self._texts, LONG_RUN), Runs(self._texts, MIN_RUN)
        self._mentions = Mentions(restricted)
        for text in allowed:
            self._short.remove(text)
            self._mentions.remove(text)

    def found(self, value: str, *, long_only: bool = False) -> Leak | None:
        """Return the first leak in a string, long runs first; `long_only`: no others."""
        for words in normalised(value):
            letters = words.replace(" ", "")
            for runs in (self._long,) if long_only else (self._long, self._short):
                for run in runs.among(letters):
                    return self._leak(runs.documents[run], run, letters[letters.index(run) :])
            for mention in () if long_only else self._mentions.among(words):
                run = mention.replace(" ", "")
                return self._leak(self._mentions.documents[mention], run, run)
        return None

    def _leak(self, document: str, run: str, letters: str) -> Leak:
        """Return the leak that begins with a run: all that `letters` share with the document."""
        for id_, text in self._texts:
            for words in normalised(text) if id_ == document else ():
                before, there, after = words.replace(" ", "").partition(run)
                if there:
                    return Leak(document, _offset(text, len(before)), _shared(letters, run + after))
        return Leak(document, 0, run)  # a mention over a tag


def _shared(one: str, other: str) -> str:
    """Return the start that two strings have in common."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(letter for letter, _ in pairs)


def _offset(text: str, number: int) -> int:
    """Return the offset of a letter in a text, given how many letters and digits precede it."""

    def count(end: int) -> int:
        *_, words = normalised(text[:end])
        return len(words.replace(" ", ""))

    return max(bisect_left(range(len(text)), number + 1, key=count) - 1, 0)


def _texts(document: Document) -> Iterator[str]:
    """Yield the text of a document, and its title."""
    yield document.text
    if title := document.meta.get("title"):
        yield str(title)


def leak_problems(folder: Path, guard: Guard) -> Iterator[Problem]:
    """Yield a problem for each file below a folder that has restricted text."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    for name in sorted(name for name, path in files.items() if path.is_file()):
        yield from content_problems(name, files[name], guard)


def content_problems(
    name: str, content: Path | bytes, guard: Guard, *, long_only: bool = False
) -> Iterator[Problem]:
    """Yield a problem if a file, or the bytes to write to one, has restricted text.

    `long_only`: only long runs count, as in a vocabulary, which lists names and stock phrases.
    """
    raw = content if isinstance(content, bytes) else content.read_bytes()
    found = (guard.found(each, long_only=long_only) for each in dict.fromkeys(_strings(name, raw)))
    leak = next(filter(None, found), None)
    if leak is not None:
        # The text itself would end up in a log, so the message has only its length.
        what = (
            f"contains restricted text: {len(leak.letters)} letters and digits "
            f"from character {leak.start} of this document"
        )
        fix = "Remove it from what the file is made of; docs/rights.md says what counts"
        yield Problem("restricted-text", what, fix, document=leak.document, file=name)


def strings(file: Path) -> Iterator[str]:
    """Yield every string in a file: in its tables, its JSON or its bytes.

    A list of strings, such as tokens, is yielded as one string.
    """
    yield from _strings(file.name, file.read_bytes())


def _strings(name: str, raw: bytes) -> Iterator[str]:
    if Path(name).suffix == ".parquet":
        yield from _table(raw)
    else:
        yield from _decoded(raw)


def _decoded(raw: bytes) -> Iterator[str]:
    """Yield the bytes as text: UTF-8, UTF-16 with its mark, else Windows-1252.

    Of a binary file, such as the weights of a pipeline, the parts that are UTF-8 are yielded.
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


def _table(raw: bytes) -> Iterator[str]:
    from pyarrow import parquet  # noqa: PLC0415 - an extra

    with parquet.ParquetFile(BytesIO(raw)) as table:
        for key, value in (table.schema_arrow.metadata or {}).items():
            yield f"{key.decode()} {value.decode()}"
        for batch in table.iter_batches():
            yield from _values(batch.to_pylist())


def _values(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
        yield from _nested(value)
    elif isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _values(part)
    elif isinstance(value, list):
        words = [part for part in value if isinstance(part, str)]
        yield " ".join(words)
        for word in words:
            yield from _nested(word)
        for part in value:
            if not isinstance(part, str):
                yield from _values(part)


def _nested(value: str) -> Iterator[str]:
    """Yield the strings of JSON in a string, such as metadata in a table."""
    if value[:1] in ("{", "["):
        with suppress(ValueError):
            yield from _values(json.loads(value))
