"""Search files for text of restricted documents, even with changed capitals, accents or markup.

The text of a restricted document must not be redistributed; all other documents are open. `Guard`
normalises the restricted texts and a given string in the same way (`text_normalisation`). Then the
guard searches the string for *runs* of a restricted text. A run is a sequence of letters and
digits; spaces are ignored. These matches are leaks:

- a run of `LONG_RUN_LENGTH` letters and digits;
- a run of `MIN_RUN_LENGTH` letters and digits that spans at least `MIN_RUN_WORDS` words; it is
  ignored if an open document contains the same run, because names and stock phrases are common;
- a whole mention with at least one letter; it is ignored if an open document contains the same
  words.

An inserted, removed or replaced word ends a run. Compressed archives are not opened.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path

from aloi.corpus.document import Document
from aloi.corpus.problems import Problem
from aloi.corpus.release.file_strings import extract_strings
from aloi.corpus.release.text_normalisation import normalised_variants, remove_spaces

LONG_RUN_LENGTH = 40
"""Minimum length of a run that is always a leak, in letters and digits."""

MIN_RUN_LENGTH = 18
"""Minimum length of a run that can be a leak, in letters and digits."""

MIN_RUN_WORDS = 3
"""Minimum number of words in a short run; unrelated texts may share a single long word."""


class RunIndex:
    """Index of the runs in texts that have a given length and span `MIN_RUN_WORDS` words or more.

    `documents` maps each run to the id of the first document that contains it.
    """

    def __init__(self, texts: Iterable[tuple[str, str]], length: int) -> None:
        """Index texts, given as pairs (document id, text)."""
        self.documents: dict[str, str] = {}
        self._length = length
        for document_id, text in texts:
            for words in normalised_variants(text):
                for run in _runs_over_words(words, length):
                    self.documents.setdefault(run, document_id)
        self._block_length = (length + 1) // 2

    @cached_property
    def _blocks(self) -> set[str]:
        return {block for run in self.documents for block in _runs(run, self._block_length)}

    def remove(self, text: str) -> None:
        """Remove from the index all runs that occur in a text."""
        for words in normalised_variants(text):
            for run in _runs(remove_spaces(words), self._length):
                self.documents.pop(run, None)

    def find_in_text(self, text: str) -> Iterator[str]:
        """Normalise a text, and yield the indexed runs that occur in it."""
        for words in normalised_variants(text):
            yield from self.find(remove_spaces(words))

    def find(self, letters: str) -> Iterator[str]:
        """Yield the indexed runs that occur in `letters`, a normalised text without spaces.

        The text is divided into blocks of `_block_length` characters. A run is compared with the
        text only around the blocks that occur in an indexed run. This finds every run, because a
        run always contains at least one whole block.
        """
        step, length = self._block_length, self._length
        for position in range(0, len(letters) - step + 1, step):
            if letters[position : position + step] in self._blocks:
                for start in range(max(position - step + 1, 0), position + 1):
                    run = letters[start : start + length]
                    if run in self.documents:
                        yield run


def _runs(letters: str, length: int) -> Iterator[str]:
    return (letters[start : start + length] for start in range(len(letters) - length + 1))


def _runs_over_words(words: str, length: int) -> Iterator[str]:
    """Yield the runs of a given length that span at least `MIN_RUN_WORDS` words."""
    word_of = [number for number, word in enumerate(words.split(" ")) for _ in word]
    for start, run in enumerate(_runs(remove_spaces(words), length)):
        if word_of[start + length - 1] - word_of[start] >= MIN_RUN_WORDS - 1:
            yield run


class MentionIndex:
    """Index of the mentions in documents, as normalised words; each mention contains a letter.

    `documents` maps each mention to the id of the first document that contains it.
    """

    def __init__(self, documents: Iterable[Document]) -> None:
        self.documents: dict[str, str] = {}
        for document in documents:
            for entity in document.entities:
                *_, words = normalised_variants(document.surface(entity))
                if any(map(str.isalpha, words)):
                    self.documents.setdefault(words, document.id)

    @cached_property
    def _by_first_word(self) -> dict[str, list[str]]:
        mentions: dict[str, list[str]] = defaultdict(list)
        for mention in sorted(self.documents, key=lambda mention: (-len(mention), mention)):
            mentions[mention.partition(" ")[0]].append(mention)
        return dict(mentions)

    def remove(self, text: str) -> None:
        """Remove from the index all mentions that occur in a text."""
        for words in normalised_variants(text):
            for mention in list(self.find(words)):
                self.documents.pop(mention, None)

    def find(self, words: str) -> Iterator[str]:
        """Yield the indexed mentions that occur as whole words in a normalised text."""
        padded = f" {words} "
        for first in sorted(self._by_first_word.keys() & set(words.split(" "))):
            for mention in self._by_first_word[first]:
                if mention in self.documents and f" {mention} " in padded:
                    yield mention


@dataclass(frozen=True, slots=True)
class Leak:
    """Restricted text found in a string.

    `document`: id of the restricted document. `start`: code point offset of the leak in the text of
    this document. `letters`: the copied letters and digits, normalised.
    """

    document: str
    start: int
    letters: str


class Guard:
    """Detector of restricted text in strings.

    Restricted text is the text, the title and the mentions of each `restricted` document. Mentions,
    and runs shorter than `LONG_RUN_LENGTH`, are ignored if an `allowed` text contains them. The
    attribute `documents` contains the ids of the restricted documents.
    """

    def __init__(self, restricted: Iterable[Document], allowed: Iterable[str] = ()) -> None:
        restricted = list(restricted)
        self.documents = tuple(sorted({document.id for document in restricted}))
        self._texts = [(each.id, text) for each in restricted for text in _texts(each)]
        self._long_runs = RunIndex(self._texts, LONG_RUN_LENGTH)
        self._short_runs = RunIndex(self._texts, MIN_RUN_LENGTH)
        self._mentions = MentionIndex(restricted)
        for text in allowed:
            self._short_runs.remove(text)
            self._mentions.remove(text)

    def find_leak(self, value: str, *, long_only: bool = False) -> Leak | None:
        """Return the first leak in a string, or None if there is no leak.

        Long runs are searched for first, then short runs, then mentions. With `long_only`, only
        long runs are leaks.
        """
        for words in normalised_variants(value):
            letters = remove_spaces(words)
            for runs in (self._long_runs,) if long_only else (self._long_runs, self._short_runs):
                for run in runs.find(letters):
                    return self._leak(runs.documents[run], run, letters[letters.index(run) :])
            for mention in () if long_only else self._mentions.find(words):
                run = remove_spaces(mention)
                return self._leak(self._mentions.documents[mention], run, run)
        return None

    def _leak(self, document_id: str, run: str, letters: str) -> Leak:
        """Return the leak: `run`, extended as far as `letters` agree with the document."""
        for id_, text in self._texts:
            for words in normalised_variants(text) if id_ == document_id else ():
                before, match, after = remove_spaces(words).partition(run)
                if match:
                    shared = _common_start(letters, run + after)
                    return Leak(document_id, _letter_offset(text, len(before)), shared)
        return Leak(document_id, 0, run)  # not found, because the mention contains a tag


def _common_start(one: str, other: str) -> str:
    """Return the longest common prefix of two strings."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(letter for letter, _ in pairs)


def _letter_offset(text: str, number: int) -> int:
    """Return the code point offset of a letter or digit; `number` letters or digits precede it."""

    def count(end: int) -> int:
        *_, words = normalised_variants(text[:end])
        return len(remove_spaces(words))

    return max(bisect_left(range(len(text)), number + 1, key=count) - 1, 0)


def _texts(document: Document) -> Iterator[str]:
    """Yield the text of a document, and its title if it has one."""
    yield document.text
    if title := document.meta.get("title"):
        yield str(title)


def folder_problems(folder: Path, guard: Guard) -> Iterator[Problem]:
    """Yield a problem for each file with restricted text in a folder and its subfolders."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    for name in sorted(name for name, path in files.items() if path.is_file()):
        yield from file_problems(name, files[name], guard)


def file_problems(
    name: str, content: Path | bytes, guard: Guard, *, long_only: bool = False
) -> Iterator[Problem]:
    """Yield a problem if a file contains restricted text.

    `content`: the path of the file, or its bytes. With `long_only`, only runs of
    `LONG_RUN_LENGTH` letters and digits are leaks. Use `long_only` for a vocabulary,
    because a vocabulary lists names and stock phrases.
    """
    raw = content if isinstance(content, bytes) else content.read_bytes()
    strings = dict.fromkeys(extract_strings(name, raw))
    leaks = (guard.find_leak(string, long_only=long_only) for string in strings)
    leak = next(filter(None, leaks), None)
    if leak is not None:
        # Messages are logged, so this message does not quote the text.
        what = (
            f"the file contains restricted text: {len(leak.letters)} letters and digits of this "
            f"document, starting at its character {leak.start}"
        )
        fix = "Remove this text from the source of the file (see docs/rights.md)"
        yield Problem("restricted-text", what, fix, document=leak.document, file=name)
