"""Write CoNLL-U with mentions in `Entity=`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from aloi.corpus.document import Document
from aloi.corpus.formats import conllu
from aloi.corpus.formats.corefud.brackets import FIELDS, render_brackets
from aloi.corpus.formats.shared import column_writer
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import (
    TOKENS_KEY,
    Token,
    TokenWriteOptions,
    align_mentions,
    split_tokens,
)

_NO_LABEL = re.compile(r"(?!)")
"""A pattern without matches: the writer encodes any label."""


def write(
    documents: Iterable[Document], path: Path, options: TokenWriteOptions, notes: Notes
) -> int:
    """Write one file and return the number of documents; entity ids are unique in the file."""
    number = 1

    def render(document: Document) -> str:
        nonlocal number
        column_writer.check_id(document)
        tokens = split_tokens(document, options, notes)
        place, lost = f"document {document.id}", bool(document.text and not tokens)
        notes.add("white space dropped", place, lost)
        mentions = align_mentions(document, tokens, policy=options.tokens, notes=notes)
        starts = column_writer.find_sentence_starts(document.text, tokens, mentions)
        brackets, number = render_brackets(mentions, number)
        return _render(document, tokens, starts, brackets)

    return column_writer.write_documents(documents, path, render, bad_label=_NO_LABEL)


def _render(
    document: Document, tokens: Sequence[Token], starts: Sequence[int], brackets: Mapping[int, str]
) -> str:
    text = document.text
    spaces = conllu.misc_cells(text, tokens, ["O"] * len(tokens))
    lines = [f"# newdoc id = {document.id}", f"# global.Entity = {'-'.join(FIELDS)}"]
    meta = {key: value for key, value in document.meta.items() if key != TOKENS_KEY}
    lines += [f"# {key} = {value}" for key, value in meta.items()]
    for number, (start, end) in enumerate(pairwise([*starts, len(tokens)]), start=1):
        lines.append(f"# sent_id = {document.id}-{number}")
        lines.append(f"# text = {conllu.sentence_text(text, tokens[start:end])}")
        for position in range(start, end):
            form = text[tokens[position].start : tokens[position].end]
            misc = [f"Entity={brackets[position]}"] if position in brackets else []
            misc += [spaces[position]] if spaces[position] != "_" else []
            cells = [str(position - start + 1), form, *"_______", "|".join(misc) or "_"]
            lines.append("\t".join(cells))
        lines.append("")
    return "\n".join([*lines, "" if starts else "\n"])
