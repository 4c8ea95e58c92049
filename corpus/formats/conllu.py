r"""conllu: CoNLL-U, the ten columns of Universal Dependencies, with mentions in MISC.

Source: https://universaldependencies.org/format.html; white space as UDPipe writes it
(https://ufal.mff.cuni.cz/udpipe/1/users-manual). A mention is `NER=` and a tag of IOB1, IOB2 or
BILOU in MISC, one for each word. `# newdoc id = …` opens a document; `# key = value` lines between
it and the first sentence are its metadata. A file without `# newdoc` is one document named after
the file. Words of a multiword token (`1-2`) share its place in the text; a tag that it bears itself
stands for theirs.

The text is that of the words; between two stands what `SpacesAfter=` says (`\s` a space, `\t`,
`\r`, `\n`, `\p` for `|`, `\\`, and, our own addition, `\uXXXX`), nothing after `SpaceAfter=No`,
else what the words have between them in `# text`, else a space; a line end before `# newpar`.

Holds flat mentions with labels, any text with a word in it, and metadata of one line. Labels with
white space, `|` or `=` and ids that do not fit in a line are a `DataError`. Analyses, empty nodes,
other comments and the mentions of `Entity=` (CorefUD) are left out in reading and counted.

Reading: `key` of MISC (NER), `scheme` (detect, iob1, iob2 or bilou) and `repair` of tags that break
it (error; conlleval: begin and end mentions there; discard: leave those mentions out). Writing, in
IOB2: `tokens` for mentions off the tokens (expand, error or drop).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from aloi.corpus.document import Document, Entity
from aloi.corpus.formats.shared import bio, columns
from aloi.corpus.formats.shared.capabilities import Capabilities
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.options import Options
from aloi.corpus.formats.shared.tokens import OnTokens, Token, tokenize
from aloi.corpus.problems import Problem

_META_KEY = re.compile(r"(?!(?:newdoc|newpar|sent_id|text)$|global\.)[^\s=]+")
CAPABILITIES = Capabilities(
    overlap="flat",
    twins=False,
    entity_ids=False,
    refs=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    meta=False,
    meta_lines=_META_KEY,
)
WriteOptions = OnTokens
_ID = re.compile(r"([0-9]{1,9})(?:(-)([0-9]{1,9})|(\.)[0-9]{1,9})?")
_UNFIT = re.compile(r"[\s|=]")
_ESCAPES = {" ": r"\s", "\t": r"\t", "\r": r"\r", "\n": r"\n", "|": r"\p", "\\": r"\\"}
_ESCAPED = {escape: character for character, escape in _ESCAPES.items()}
_ESCAPE = re.compile(r"\\(?:[strnp\\]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})")


class ReadOptions(Options, frozen=True):
    """Where the tags are, and how they are read."""

    key: str = "NER"
    scheme: columns.Scheme = "detect"
    repair: bio.Repair = "error"


@dataclass(frozen=True, slots=True)
class _Unit:
    """A stretch of the text: a word, or a multiword token. `after` is None where MISC is silent."""

    form: str
    before: str
    after: str | None


@dataclass(slots=True)
class _Sentence:
    """Units of the text; tags, each with its line and the index of the unit it speaks of."""

    newpar: bool = False
    text: str | None = None
    line: int = 0
    units: list[_Unit] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    reach: int = 0
    tagged: bool = False
    """The last word of a multiword token that is open, and whether that token has a tag."""


@dataclass(slots=True)
class _Part:
    """A document as found; `heading` while its metadata may go on."""

    id: str
    line: int
    opened: bool = False
    heading: bool = False
    meta: dict[str, str] = field(default_factory=dict)
    sentences: list[_Sentence] = field(default_factory=lambda: [_Sentence()])


def read(path: Path, options: ReadOptions, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.conllu` files below a folder."""
    problems: list[Problem] = []
    return columns.gathered(_found(path, options, notes, problems), problems)


def _found(
    path: Path, options: ReadOptions, notes: Notes, problems: list[Problem]
) -> Iterator[tuple[Document, str, int]]:
    for file, name in columns.files(path, ".conllu"):
        unheard = _Parts(file, name, options.key, Notes(), []).read()
        sequences = (sentence.tags for part in unheard for sentence in part.sentences)
        scheme = bio.scheme_of(sequences) if options.scheme == "detect" else options.scheme
        tags = columns.Tags(file, scheme, options.repair, notes, problems)
        for part in _Parts(file, name, options.key, notes, problems).read():
            if part.opened or part.sentences[0].units:
                yield _document(part, tags), str(file), part.line


@dataclass(slots=True)
class _Parts:
    """Reads a file's lines into the documents they make."""

    file: Path
    name: str
    key: str
    notes: Notes
    problems: list[Problem]
    opened: int = 0

    def read(self) -> Iterator[_Part]:
        part = _Part(self.name, 1)
        for number, line in columns.lines(self.file, self.problems):
            sentence = part.sentences[-1]
            if line.startswith("#"):
                key, _, value = (side.strip() for side in line[1:].partition("="))
                if key in ("newdoc", "newdoc id"):
                    yield part
                    self.opened += 1
                    part = _Part(value or f"{self.name}-{self.opened}", number, True, True)
                else:
                    self.comment(part, key, value, number)
            elif line.strip():
                part.heading = False
                self.word(part.id, sentence, line.split("\t"), number)
            else:
                part.heading = False
                part.sentences.append(_Sentence()) if sentence.units else None
        yield part

    def comment(self, part: _Part, key: str, value: str, number: int) -> None:
        sentence = part.sentences[-1]
        part.heading &= key not in ("newpar", "newpar id", "sent_id", "text")
        if key in ("newpar", "newpar id"):
            sentence.newpar = True
        elif key == "text":
            sentence.text = value
        elif part.heading and _META_KEY.fullmatch(key) and key not in part.meta:
            part.meta[key] = value
        elif key != "sent_id":  # sentences are no part of a document
            self.noted("comments left out", number)

    def word(self, document: str, sentence: _Sentence, cells: list[str], number: int) -> None:
        id_ = _ID.fullmatch(cells[0])
        if len(cells) != 10 or not id_ or not cells[1]:
            what = f"{len(cells)} columns, not the ten of a word with its number first"
            fix = "Part columns by tabs, with `_` in empty ones"
            place = (document, None, str(self.file), number)
            self.problems.append(Problem("bad-conllu", what, fix, *place))
        elif id_[4]:
            self.noted("empty nodes left out", number)
        else:
            pairs = dict(pair.partition("=")[::2] for pair in cells[9].split("|"))
            self.add(sentence, id_, cells[1], pairs, number)
            self.left_out(cells, pairs, number)

    def add(
        self, sentence: _Sentence, id_: re.Match[str], form: str, pairs: dict[str, str], number: int
    ) -> None:
        """Add a word, or the multiword token before its words, to a sentence."""
        first, range_, last, _ = id_.groups()
        if range_ or int(first) > sentence.reach:
            sentence.line = sentence.line or number
            sentence.units.append(_unit(form, pairs))
            sentence.reach = int(last) if range_ else 0
            sentence.tagged = range_ is not None and self.key in pairs
        # A tag on a multiword token stands for all its words; without one, each has its own.
        if sentence.tagged == (range_ is not None):
            tag = pairs.get(self.key, "O")
            sentence.tags.append("O" if tag in ("", "_") else tag)
            sentence.lines.append(number)
            sentence.places.append(len(sentence.units) - 1)

    def left_out(self, cells: list[str], pairs: dict[str, str], number: int) -> None:
        if any(cell != "_" for cell in cells[2:9]):
            self.noted("analyses of words left out", number)
        if "Entity" in pairs and self.key != "Entity":
            self.noted("mentions in Entity= left out", number)

    def noted(self, what: str, line: int) -> None:
        self.notes.add(what, f"{self.file}:{line}")


def _unit(form: str, pairs: dict[str, str]) -> _Unit:
    after = "" if pairs.get("SpaceAfter") == "No" else None
    if "SpacesAfter" in pairs:
        after = _unescape(pairs["SpacesAfter"])
    return _Unit(form, _unescape(pairs.get("SpacesBefore", "")), after)


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[0]) or chr(int(m[0][2:], 16)), value)


def _escape(gap: str) -> str:
    """White space in MISC; what some readers take for line ends or strip is written as a code."""
    return "".join(_ESCAPES.get(character) or f"\\u{ord(character):04x}" for character in gap)


def _document(part: _Part, tags: columns.Tags) -> Document:
    pieces: list[str] = []
    entities: list[Entity] = []
    length = 0
    sentences = [sentence for sentence in part.sentences if sentence.units]
    ends = ["\n" if following.newpar else " " for following in sentences[1:]]
    for number, sentence in enumerate(sentences):
        end = ends[number] if number < len(ends) else ""
        text, tokens = _laid(sentence.units, _gaps(sentence, end, tags))
        for first, last, label in tags.spans(sentence.tags, sentence.lines, part.id):
            start = tokens[sentence.places[first]].start + length
            stop = tokens[sentence.places[last - 1]].end + length
            entities.append(Entity(f"e{len(entities) + 1}", start, stop, label))
        pieces.append(text)
        length += len(text)
    return Document(part.id, "".join(pieces), tuple(entities), (), dict(part.meta))


def _laid(units: Iterable[_Unit], gaps: Iterable[str]) -> tuple[str, list[Token]]:
    """A sentence's text with the gap after each unit, and each unit's place in it."""
    pieces: list[str] = []
    tokens: list[Token] = []
    position = 0
    for unit, gap in zip(units, gaps, strict=True):
        start = position + len(unit.before)
        tokens.append(Token(start, start + len(unit.form)))
        pieces += [unit.before, unit.form, gap]
        position = tokens[-1].end + len(gap)
    return "".join(pieces), tokens


def _gaps(sentence: _Sentence, end: str, tags: columns.Tags) -> list[str]:
    """What stands after each unit: as MISC says, else `# text`; `end` after the last."""
    forms = [unit.form for unit in sentence.units]
    found = _gaps_in(sentence.text, forms) if sentence.text is not None else None
    differs = sentence.text is not None and found is None
    place = f"{tags.file}:{sentence.line}"
    tags.notes.add("# text that differs from the words left out", place, differs)
    silent = [*(found or [" "] * (len(forms) - 1)), end]
    units = zip(sentence.units, silent, strict=True)
    return [gap if unit.after is None else unit.after for unit, gap in units]


def _gaps_in(text: str, words: Sequence[str]) -> list[str] | None:
    """The white space between words that make up a text; None if they do not."""
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


def write(documents: Iterable[Document], path: Path, options: OnTokens, notes: Notes) -> int:
    """Write one file."""
    return columns.write(
        documents, path, lambda document: _rendered(document, options, notes), unfit=_UNFIT
    )


def _rendered(document: Document, options: OnTokens, notes: Notes) -> str:
    columns.check_id(document)
    text = document.text
    tokens = tokenize(text)
    notes.add("white space lost", f"document {document.id}", bool(text and not tokens))
    laid = columns.flat(document, tokens, policy=options.tokens, notes=notes)
    starts = columns.sentence_starts(text, tokens, laid)
    tags = bio.tags([bio.Span(first, end, e.label) for e, first, end in laid], len(tokens))
    misc = _misc(text, tokens, tags)
    lines = [f"# newdoc id = {document.id}"]
    lines += [f"# {key} = {value}" for key, value in document.meta.items()]
    for number, (start, end) in enumerate(pairwise([*starts, len(tokens)]), start=1):
        lines.append(f"# sent_id = {document.id}-{number}")
        lines.append(f"# text = {_told(text, tokens[start:end])}")
        for position in range(start, end):
            form = text[tokens[position].start : tokens[position].end]
            cells = [str(position - start + 1), form, *"_______", misc[position]]
            lines.append("\t".join(cells))
        lines.append("")
    return "\n".join([*lines, "" if starts else "\n"])


def _told(text: str, tokens: Sequence[Token]) -> str:
    """A sentence as `# text` has it: a space for any white space between its words."""
    gaps = [" " if token.end < after.start else "" for token, after in pairwise(tokens)]
    forms = (text[token.start : token.end] for token in tokens)
    return "".join(form + gap for form, gap in zip(forms, [*gaps, ""], strict=True))


def _misc(text: str, tokens: Sequence[Token], tags: Sequence[str]) -> list[str]:
    """The MISC cell of each token: its tag, and the white space that is not told by default."""
    cells = [[f"NER={tag}"] if tag != "O" else [] for tag in tags]
    if tokens and tokens[0].start:
        cells[0].append(f"SpacesBefore={_escape(text[: tokens[0].start])}")
    for position, (token, after) in enumerate(pairwise(tokens)):
        gap = text[token.end : after.start]
        if not gap:
            cells[position].append("SpaceAfter=No")
        elif gap != " ":
            cells[position].append(f"SpacesAfter={_escape(gap)}")
    if tokens and tokens[-1].end < len(text):
        cells[-1].append(f"SpacesAfter={_escape(text[tokens[-1].end :])}")
    return ["|".join(cell) or "_" for cell in cells]
