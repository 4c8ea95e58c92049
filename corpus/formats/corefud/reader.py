"""Read CoNLL-U with mentions in `Entity=`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.conllu import ConlluReader, ConlluSentence, Word, join_units
from aloi.corpus.formats.corefud.brackets import DEFAULT_FIELDS, BracketMention, BracketParser
from aloi.corpus.formats.shared import bio
from aloi.corpus.formats.shared.column_reader import ParsedDocument, read_files
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import Token, token_layer

_GLOBAL_FIELDS = re.compile(r"#\s*global\.Entity\s*=\s*(\S+)\s*")
_LINKS = re.compile(r"(?:^|[\t|])(?:Bridge|SplitAnte)=")
_NO_TYPE = "mention"
"""The label of a mention without a type."""


def read(path: Path, options: Options, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.conllu` files below a folder."""

    def make_reader(file: Path, file_id: str) -> _CorefReader:
        return _CorefReader(file, file_id, notes, "iob2", "error", "Entity")

    return read_files(path, (".conllu",), make_reader)


class _PlacedWord(NamedTuple):
    """A word with its span in the text; the span of an empty node is empty."""

    word: Word
    start: int
    end: int


@dataclass(slots=True)
class _CorefReader(ConlluReader):
    """A parser for one file; `fields` are the fields of an opening bracket."""

    fields: Sequence[str] = field(init=False, default=DEFAULT_FIELDS)

    def parse_line(self, line: str, number: int) -> ParsedDocument[ConlluSentence] | None:
        if match := _GLOBAL_FIELDS.fullmatch(line):
            self.fields = match[1].split("-")
            return None
        self.note("links between entities left out", number, bool(_LINKS.search(line)))
        return ConlluReader.parse_line(self, line, number)

    def build(self, parsed: ParsedDocument[ConlluSentence], scheme: bio.TagScheme) -> Document:
        pieces: list[str] = []
        words: list[_PlacedWord] = []
        length = 0
        sentences = parsed.sequences
        ends = ["\n" if sentence.new_paragraph else " " for sentence in sentences[1:]]
        for sentence, end in zip(sentences, [*ends, ""], strict=False):
            text, tokens = join_units(sentence.units, self._gaps(sentence, end))
            words += _place_words(sentence, tokens, length)
            pieces.append(text)
            length += len(text)
        whole, entities = "".join(pieces), self._entities(parsed, words)
        spans = sorted({Token(start, end) for _, start, end in words if start < end})
        meta = parsed.meta | token_layer(whole, spans)
        return Document(parsed.id, whole, tuple(entities), (), dict(meta))

    def _entities(
        self, parsed: ParsedDocument[ConlluSentence], words: Sequence[_PlacedWord]
    ) -> Iterator[Entity]:
        """Yield the mentions of a document in text order; report malformed brackets."""
        parser = BracketParser(self.fields)
        for number, placed in enumerate(words):
            if placed.word.entity:
                parser.add_word(number, placed.word.entity, placed.word.line)
        parser.finish()
        fix = "Correct the brackets, or declare their fields in `# global.Entity = …`"
        for line, what in parser.errors:
            self.report("bad-entity", what, fix, line, parsed)
        closed = [mention for mention in parser.mentions if mention.last >= mention.first]
        spans = [(self._span(mention, words), mention) for mention in closed]
        found = [(span, mention) for span, mention in spans if span is not None]
        found.sort(key=lambda item: (item[0].start, -item[0].end, item[1].label))
        sizes = Counter(mention.eid for _, mention in found)
        for number, ((start, end), mention) in enumerate(found, start=1):
            yield Entity(
                id=f"e{number}",
                start=start,
                end=end,
                label=mention.label or _NO_TYPE,
                ref=_ref(mention, sizes[mention.eid], parsed.id),
            )

    def _span(self, mention: BracketMention, words: Sequence[_PlacedWord]) -> Token | None:
        """Return the span of a mention, or None if it contains only empty nodes."""
        covered = words[mention.first : mention.last + 1]
        spans = [(start, end) for _, start, end in covered if start < end]
        line = mention.line
        self.note("mentions on empty nodes left out", line, not spans)
        self.note("mentions without a type", line, bool(spans) and not mention.label)
        self.note("discontinuous mentions joined", line, bool(spans) and mention.parts > 1)
        return Token(spans[0][0], spans[-1][1]) if spans else None


def _ref(mention: BracketMention, size: int, document: str) -> str | None:
    """Return the identity, or the entity id if the entity has several mentions, or None."""
    return mention.identity or (f"{document}#{mention.eid}" if size > 1 else None)


def _place_words(
    sentence: ConlluSentence, tokens: Sequence[Token], offset: int
) -> Iterator[_PlacedWord]:
    """Yield the words of a sentence with their spans; `offset` is the start of the sentence.

    The words of a multiword token get their pieces of its form, or else the span of the token.
    """
    for unit, group in groupby(sentence.words, key=lambda word: word.unit):
        words = list(group)
        forms = [word.form for word in words if not word.is_empty]
        start, end = tokens[unit] if unit >= 0 else (0, 0)
        in_pieces = "".join(forms) == sentence.units[unit].form if forms else False
        position = start
        for word in words:
            if word.is_empty:
                yield _PlacedWord(word, offset + end, offset + end)
                continue
            stop = position + len(word.form) if in_pieces else end
            yield _PlacedWord(word, offset + position, offset + stop)
            position = stop if in_pieces else start
