r"""conllu: CoNLL-U, the ten-column format of Universal Dependencies, with mentions in MISC.

Source: https://universaldependencies.org/format.html; white space as in UDPipe
(https://ufal.mff.cuni.cz/udpipe/1/users-manual). For a word in a mention, the column MISC contains
`NER=TAG`, with a tag in IOB1, IOB2 or BILOU. `# newdoc id = …` opens a document. The lines
`# key = value` between this line and the first sentence are the metadata of the document. A file
without `# newdoc` is one document with the file name as id. The words of a multiword token (`1-2`)
get the offsets of that token. If the multiword token has a tag, the tags of its words are ignored.

The text consists of the words and the white space between them. The first of these rules that
applies determines the white space after a word:

1. If MISC contains `SpacesAfter=`, the value of this key. In the value, `\s` is a space, `\p` is
   `|`, and `\t`, `\r`, `\n`, `\\` and `\uXXXX` (an extension of this project) are escape sequences.
2. If MISC contains `SpaceAfter=No`, no white space.
3. If the sentence has a line `# text = …`, the white space in that line.
4. Before `# newpar`, a line end.
5. Otherwise, a space.

The format represents flat mentions with labels, any text with at least one word, and metadata with
one-line values. The writer raises `DataError` for labels with white space, `|` or `=`, and for
document ids that contain line breaks or begin or end with white space. The reader counts and leaves
out: analyses of words, empty nodes, all other comments, and the mentions in `Entity=` (CorefUD).

Read options:

- `key`: the key for tags in MISC (default: NER, or ner as written by Stanza)
- `scheme`: the tag scheme: detect (default), iob1, iob2, or bilou (also for IOBES)
- `repair`: the treatment of tags that break the scheme: error (default), conlleval (mentions begin
  and end at such tags, as in the program conlleval), or discard (mentions that contain such tags
  are left out)

The reader keeps the tokens in the metadata (`tokens`); the writer uses them.

Write options (tags are written in IOB2):

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
- `keep`: which of nested mentions to write: outermost (default) or innermost
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared import bio, column_writer
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.column_reader import (
    ParsedDocument,
    SchemeOption,
    TagSequence,
    TokenLineReader,
    read_files,
)
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import (
    TOKENS_KEY,
    FlatWriteOptions,
    Token,
    split_tokens,
    token_layer,
)

_META_KEY = re.compile(r"(?!(?:newdoc|newpar|sent_id|text)$|global\.)[^\s=]+")
CAPABILITIES = Capabilities(
    overlap="flat",
    same_span=False,
    entity_ids=False,
    refs=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    tokens=True,
    meta=False,
    meta_lines=_META_KEY,
)
WriteOptions = FlatWriteOptions
_WORD_ID = re.compile(r"([0-9]{1,9})(?:(-)([0-9]{1,9})|(\.)[0-9]{1,9})?")
"""The id of a word (`1`), a multiword token (`1-2`) or an empty node (`1.1`)."""

_BAD_LABEL = re.compile(r"[\s|=]")
_ESCAPES = {" ": r"\s", "\t": r"\t", "\r": r"\r", "\n": r"\n", "|": r"\p", "\\": r"\\"}
_ESCAPED_CHARACTERS = {escape: character for character, escape in _ESCAPES.items()}
_ESCAPE = re.compile(r"\\(?:[strnp\\]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})")


_TAG_KEYS = ("NER", "ner")
"""The keys for tags in MISC that are read by default."""


class ReadOptions(Options, frozen=True):
    """Read options: the key for tags in MISC, the tag scheme, and how to treat invalid tags."""

    key: str = ""
    scheme: SchemeOption = "detect"
    repair: bio.TagRepair = "error"


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """Yield the documents of a file, or of the `.conllu` files below a folder."""

    def make_reader(file: Path, file_id: str) -> ConlluReader:
        return ConlluReader(file, file_id, notes, options.scheme, options.repair, options.key)

    return read_files(path, (".conllu",), make_reader)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A word or multiword token, with the white space that MISC specifies before and after it.

    `after` is None if MISC does not specify the white space after the unit.
    """

    form: str
    before: str
    after: str | None


class Word(NamedTuple):
    """A word or an empty node: its line, its form, and the key `Entity` in its column MISC.

    `unit` is the index of the unit that contains the word, or that precedes the empty node.
    """

    line: int
    unit: int
    form: str
    entity: str
    is_empty: bool


@dataclass(slots=True)
class ConlluSentence(TagSequence):
    """The units, tags and words of a sentence.

    `unit_indices` contains one unit index per tag. `line` is the line number of the first unit.
    `multiword_end` is the id of the last word in the most recent multiword token.
    `multiword_tagged` is True if that token has a tag.
    """

    new_paragraph: bool = False
    text: str | None = None
    line: int = 0
    units: list[_Unit] = field(default_factory=list)
    unit_indices: list[int] = field(default_factory=list)
    multiword_end: int = 0
    multiword_tagged: bool = False
    words: list[Word] = field(default_factory=list)


@dataclass(slots=True)
class ConlluReader(TokenLineReader[ConlluSentence]):
    """A parser for one file; `opened` is the number of `# newdoc` lines so far."""

    key: str
    opened: int = field(init=False, default=0)
    sentence: ConlluSentence = field(init=False, default_factory=ConlluSentence)

    def parse_line(self, line: str, number: int) -> ParsedDocument[ConlluSentence] | None:
        if line.startswith("#"):
            key, _, value = (side.strip() for side in line[1:].partition("="))
            if key in ("newdoc", "newdoc id"):
                self.opened += 1
                self.sentence = ConlluSentence()
                id_ = value or f"{self.file_id}-{self.opened}"
                return self.open_document(id_, number, in_header=True)
            self._parse_comment(key, value, number)
            return None
        self.document.in_header = False
        if line.strip():
            self._parse_row(line.split("\t"), number)
        elif self.sentence.units:
            self.sentence = ConlluSentence()
        return None

    def _parse_comment(self, key: str, value: str, number: int) -> None:
        document = self.document
        document.in_header &= key not in ("newpar", "newpar id", "sent_id", "text")
        if key in ("newpar", "newpar id"):
            self.sentence.new_paragraph = True
        elif key == "text":
            self.sentence.text = value
        elif document.in_header and _META_KEY.fullmatch(key) and key not in document.meta:
            document.meta[key] = value
        elif key != "sent_id":  # sentence ids are dropped without a note
            self.note("comments left out", number)

    def _parse_row(self, cells: list[str], number: int) -> None:
        id_ = _WORD_ID.fullmatch(cells[0])
        if len(cells) != 10 or not id_ or not cells[1]:
            what = "the word id is invalid, or the word is empty"
            if len(cells) != 10:
                what = f"expected 10 columns, found {len(cells)}"
            fix = "Separate the 10 columns by tabs, and write `_` in empty columns"
            self.report("bad-conllu", what, fix, number)
            return
        pairs = dict(pair.partition("=")[::2] for pair in cells[9].split("|"))
        if id_[4]:
            self.note("empty nodes left out", number)
        else:
            key = self.key or next((key for key in _TAG_KEYS if key in pairs), "")
            tag = pairs.get(key)
            self._add_word(id_, cells[1], pairs, tag, number)
            self._note_omissions(cells, pairs, number)
        if not id_[2]:
            unit, entity = len(self.sentence.units) - 1, pairs.get("Entity", "")
            self.sentence.words.append(Word(number, unit, cells[1], entity, bool(id_[4])))

    def _add_word(
        self, id_: re.Match[str], form: str, pairs: dict[str, str], tag: str | None, number: int
    ) -> None:
        """Add a word or a multiword token to the current sentence; `tag` is None without a tag."""
        sentence = self.sentence
        first, multiword, last, _ = id_.groups()
        if multiword or int(first) > sentence.multiword_end:
            if not sentence.units:
                self.document.sequences.append(sentence)
                sentence.line = number
            sentence.units.append(_parse_unit(form, pairs))
            sentence.multiword_end = int(last) if multiword else 0
            sentence.multiword_tagged = multiword is not None and tag is not None
        # The tag of a multiword token replaces the tags of its words.
        if sentence.multiword_tagged == (multiword is not None):
            sentence.tags.append("O" if tag in (None, "", "_") else tag)
            sentence.lines.append(number)
            sentence.unit_indices.append(len(sentence.units) - 1)

    def _note_omissions(self, cells: list[str], pairs: dict[str, str], number: int) -> None:
        if any(cell != "_" for cell in cells[2:9]):
            self.note("analyses of words left out", number)
        if "Entity" in pairs and self.key != "Entity":
            self.note("mentions in Entity= left out", number)

    def build(self, parsed: ParsedDocument[ConlluSentence], scheme: bio.TagScheme) -> Document:
        pieces: list[str] = []
        entities: list[Entity] = []
        all_tokens: list[Token] = []
        length = 0
        sentences = parsed.sequences
        ends = ["\n" if sentence.new_paragraph else " " for sentence in sentences[1:]]
        for sentence, end in zip(sentences, [*ends, ""], strict=False):
            text, tokens = join_units(sentence.units, self._gaps(sentence, end))
            for first, last, label in self.decode_tags(parsed, sentence, scheme):
                first_token = tokens[sentence.unit_indices[first]]
                last_token = tokens[sentence.unit_indices[last - 1]]
                entity = Entity(
                    id=f"e{len(entities) + 1}",
                    start=first_token.start + length,
                    end=last_token.end + length,
                    label=label,
                )
                entities.append(entity)
            pieces.append(text)
            all_tokens += (Token(start + length, end + length) for start, end in tokens)
            length += len(text)
        text = "".join(pieces)
        meta = parsed.meta | token_layer(text, all_tokens)
        return Document(parsed.id, text, tuple(entities), (), dict(meta))

    def _gaps(self, sentence: ConlluSentence, end: str) -> list[str]:
        """Return the white space after each unit, from MISC or `# text`.

        `end` is the default white space after the last unit.
        """
        forms = [unit.form for unit in sentence.units]
        gaps = None
        if sentence.text is not None:
            gaps = _gaps_between(sentence.text, forms)
            differs = gaps is None
            self.note("# text ignored because it differs from the words", sentence.line, differs)
        defaults = [*(gaps or [" "] * (len(forms) - 1)), end]
        units = zip(sentence.units, defaults, strict=True)
        return [default if unit.after is None else unit.after for unit, default in units]


def _parse_unit(form: str, pairs: dict[str, str]) -> _Unit:
    after = "" if pairs.get("SpaceAfter") == "No" else None
    if "SpacesAfter" in pairs:
        after = _unescape(pairs["SpacesAfter"])
    return _Unit(form, _unescape(pairs.get("SpacesBefore", "")), after)


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda m: _ESCAPED_CHARACTERS.get(m[0]) or chr(int(m[0][2:], 16)), value)


def _escape(gap: str) -> str:
    """Return white space as escape sequences for MISC: `\\s`, `\\t`, `\\r`, `\\n` or `\\uXXXX`.

    Without escape sequences, some readers would strip white space or treat it as a line end.
    """
    return "".join(_ESCAPES.get(character) or f"\\u{ord(character):04x}" for character in gap)


def join_units(units: Iterable[_Unit], gaps: Iterable[str]) -> tuple[str, list[Token]]:
    """Join units and the white space after each unit; return the text and the unit offsets."""
    pieces: list[str] = []
    tokens: list[Token] = []
    position = 0
    for unit, gap in zip(units, gaps, strict=True):
        start = position + len(unit.before)
        tokens.append(Token(start, start + len(unit.form)))
        pieces += [unit.before, unit.form, gap]
        position = tokens[-1].end + len(gap)
    return "".join(pieces), tokens


def _gaps_between(text: str, words: Sequence[str]) -> list[str] | None:
    """Return the gaps between the words of a text, or None if the text has different words."""
    gaps: list[str] = []
    position = 0
    for word in words:
        end = position
        while text[end : end + 1].isspace():
            end += 1
        if not text.startswith(word, end):
            return None
        gaps.append(text[position:end])
        position = end + len(word)
    return None if text[position:].strip() else gaps[1:]


def write(
    documents: Iterable[Document], path: Path, options: FlatWriteOptions, notes: Notes
) -> int:
    """Write one file and return the number of documents."""

    def render(document: Document) -> str:
        return _render(document, options, notes)

    return column_writer.write_documents(documents, path, render, bad_label=_BAD_LABEL)


def _render(document: Document, options: FlatWriteOptions, notes: Notes) -> str:
    column_writer.check_id(document)
    text = document.text
    tokens = split_tokens(document, options, notes)
    notes.add("white space dropped", f"document {document.id}", bool(text and not tokens))
    mentions = column_writer.align_flat(document, tokens, policy=options.tokens, notes=notes)
    starts = column_writer.find_sentence_starts(text, tokens, mentions)
    spans = [bio.TokenSpan(first, end, entity.label) for entity, first, end in mentions]
    misc = misc_cells(text, tokens, bio.encode_tags(spans, len(tokens)))
    lines = [f"# newdoc id = {document.id}"]
    meta = {key: value for key, value in document.meta.items() if key != TOKENS_KEY}
    lines += [f"# {key} = {value}" for key, value in meta.items()]
    for number, (start, end) in enumerate(pairwise([*starts, len(tokens)]), start=1):
        lines.append(f"# sent_id = {document.id}-{number}")
        lines.append(f"# text = {sentence_text(text, tokens[start:end])}")
        for position in range(start, end):
            form = text[tokens[position].start : tokens[position].end]
            cells = [str(position - start + 1), form, *"_______", misc[position]]
            lines.append("\t".join(cells))
        lines.append("")
    return "\n".join([*lines, "" if starts else "\n"])


def sentence_text(text: str, tokens: Sequence[Token]) -> str:
    """Return the value of `# text`: the words, with one space for each gap between words."""
    gaps = [" " if token.end < following.start else "" for token, following in pairwise(tokens)]
    forms = (text[token.start : token.end] for token in tokens)
    return "".join(form + gap for form, gap in zip(forms, [*gaps, ""], strict=True))


def misc_cells(text: str, tokens: Sequence[Token], tags: Sequence[str]) -> list[str]:
    """Return one MISC cell per token, with the tag and with the white space after the token.

    A single space is not written, because it is the default.
    """
    cells = [[f"NER={tag}"] if tag != "O" else [] for tag in tags]
    if tokens and tokens[0].start:
        cells[0].append(f"SpacesBefore={_escape(text[: tokens[0].start])}")
    for position, (token, following) in enumerate(pairwise(tokens)):
        gap = text[token.end : following.start]
        if not gap:
            cells[position].append("SpaceAfter=No")
        elif gap != " ":
            cells[position].append(f"SpacesAfter={_escape(gap)}")
    if tokens and tokens[-1].end < len(text):
        cells[-1].append(f"SpacesAfter={_escape(text[tokens[-1].end :])}")
    return ["|".join(cell) or "_" for cell in cells]
