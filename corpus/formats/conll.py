"""conll: a token a line in columns, sentences parted by blank lines, tags in a BIO scheme.

Source: CoNLL-2002 and CoNLL-2003 shared tasks (Tjong Kim Sang and De Meulder 2003). Columns are
parted by tabs where a line has one, else by spaces; `-DOCSTART-` lines open documents, whose id is
the column `id=…` (percent-encoded) or the file's name and a number. Holds flat mentions with
labels. The text is lost but for its tokens: `tokens.detokenize` rebuilds it, a sentence a line.

Reading: `token` and `tag` (columns from 0, from the end if negative; 0 and -1), `scheme`
(detect, iob1, iob2 or bilou) and `repair` of tags that break it (error, conlleval: begins a
mention, discard: taken for O). Writing: `scheme` (iob2) and `tokens` (expand, error or drop).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

from aloi.corpus.document import Document, Entity
from aloi.corpus.files import whole_file
from aloi.corpus.formats import bio
from aloi.corpus.formats.fitting import Holds
from aloi.corpus.formats.notes import Notes
from aloi.corpus.formats.options import Options
from aloi.corpus.formats.tokens import Policy, detokenize, lay, tokenize
from aloi.corpus.problems import DataError, Problem

HOLDS = Holds(
    overlap="flat",
    twins=False,
    entity_ids=False,
    refs=False,
    entity_attributes=False,
    entity_scores=False,
    relations=False,
    meta=False,
)
DOCSTART = "-DOCSTART-"


class Reading(Options, frozen=True):
    """Which columns are read, and how."""

    token: int = 0
    tag: int = -1
    scheme: Literal["detect", "iob1", "iob2", "bilou"] = "detect"
    repair: bio.Repair = "error"


class Writing(Options, frozen=True):
    """Scheme of the tags, and what becomes of mentions off the tokens."""

    scheme: bio.Scheme = "iob2"
    tokens: Policy = "expand"


@dataclass(slots=True)
class _Sentence:
    words: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """What stands between two document lines."""

    id: str
    sentences: list[_Sentence] = field(default_factory=lambda: [_Sentence()])


def read(path: Path, options: Reading, notes: Notes) -> Iterator[Document]:
    """The documents of a file, or of the `.conll`, `.bio` and `.iob` files below a folder."""
    problems: list[Problem] = []
    files = [f for f in sorted(path.rglob("*")) if f.suffix in (".conll", ".bio", ".iob")]
    for file in files if path.is_dir() else [path]:
        scheme = options.scheme
        if scheme == "detect":
            unheard: list[Problem] = []
            parts = _parts(file, options, unheard)
            scheme = bio.scheme_of(s.tags for part in parts for s in part.sentences)
        for part in _parts(file, options, problems):
            document = _document(part, file, scheme, options.repair, notes, problems)
            if document:
                yield document
    if problems:
        raise DataError(problems)


def _parts(file: Path, options: Reading, problems: list[Problem]) -> Iterator[_Part]:
    part = _Part(file.stem)
    count = 0
    with file.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip("\r\n")
                columns = re.split("\t" if "\t" in line else " +", line.strip(" "))
                if columns[0] == DOCSTART:
                    if count or part.sentences[0].words:
                        yield part
                    count += 1
                    part = _Part(_id(columns, f"{file.stem}-{count}"))
                elif columns == [""]:
                    part.sentences.append(_Sentence()) if part.sentences[-1].words else None
                else:
                    _add(part.sentences[-1], columns, options, number)
            except (UnicodeDecodeError, IndexError) as error:
                what = "not UTF-8" if isinstance(error, UnicodeError) else "too few columns"
                fix = "Save it as UTF-8, a token and its tag a line"
                place = {"document": part.id, "file": str(file)}
                problems.append(Problem("bad-conll", what, fix, **place, line=number))
    yield part


def _id(columns: list[str], otherwise: str) -> str:
    given = (unquote(c[3:]) for c in columns if c.startswith("id="))
    return next(given, "") or otherwise


def _add(sentence: _Sentence, columns: list[str], options: Reading, number: int) -> None:
    if len(columns) < 2:
        raise IndexError
    word, tag = columns[options.token], columns[options.tag]
    if not word.strip():
        raise IndexError
    sentence.words.append(word)
    sentence.tags.append(tag)
    sentence.lines.append(number)


def _document(
    part: _Part,
    file: Path,
    scheme: bio.Scheme,
    repair: bio.Repair,
    notes: Notes,
    problems: list[Problem],
) -> Document | None:
    texts: list[str] = []
    entities: list[Entity] = []
    offset, good = 0, True
    for sentence in part.sentences:
        found, wrong = bio.spans(sentence.tags, scheme, repair)
        for position in wrong:
            line, tag = sentence.lines[position], sentence.tags[position]
            if repair == "error" or bio.parts(tag) is None:
                good, fix = False, "Correct the tag, or read with repair=conlleval or discard"
                what = f"the tag {tag!r} cannot stand here in {scheme}"
                problems.append(Problem("bad-tag", what, fix, part.id, None, str(file), line))
            else:
                notes.add(f"tags repaired ({repair})", f"{file}:{line}")
        text, tokens = detokenize(sentence.words)
        for span in found:
            start, end = tokens[span.first].start + offset, tokens[span.end - 1].end + offset
            entities.append(Entity(f"e{len(entities) + 1}", start, end, span.label))
        texts.append(text)
        offset += len(text) + 1
    return Document(part.id, "\n".join(texts).rstrip("\n"), tuple(entities)) if good else None


def write(documents: Iterable[Document], path: Path, options: Writing, notes: Notes) -> int:
    """Write one file; labels with white space are a `DataError`."""
    bad: set[str] = set()
    count = 0
    with whole_file(path) as stream:
        for document in documents:
            bad |= {e.label for e in document.entities if not e.label or re.search(r"\s", e.label)}
            stream.write(_rendered(document, options, notes))
            count += 1
        if bad:
            what = f"labels that conll cannot write: {', '.join(map(repr, sorted(bad)))}"
            raise DataError([Problem("bad-label", what, "Rename them with --labels")])
    return count


def _rendered(document: Document, options: Writing, notes: Notes) -> str:
    tokens = tokenize(document.text)
    spans: list[bio.Span] = []
    for entity, first, end in lay(document, tokens, policy=options.tokens, notes=notes):
        if spans and first < spans[-1].end:
            notes.add("mentions lost on shared tokens", f"document {document.id}")
        else:
            spans.append(bio.Span(first, end, entity.label))
    inside = {position for span in spans for position in range(span.first + 1, span.end)}
    lines = [f"{DOCSTART}\tid={quote(document.id)}\tO\n\n"]
    tags = bio.tags(spans, len(tokens), options.scheme)
    for position, (token, tag) in enumerate(zip(tokens, tags, strict=True)):
        gap = document.text[tokens[position - 1].end : token.start] if position else ""
        lines.append("\n" if "\n" in gap and position not in inside else "")
        lines.append(f"{document.text[token.start : token.end]}\t{tag}\n")
    return "".join([*lines, "\n"])
