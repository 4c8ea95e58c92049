"""Write HIPE files: flat mentions and their refs in the coarse columns."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path

from aloi.corpus.document import Document
from aloi.corpus.formats.hipe.options import APPLICABLE_COLUMNS, COLUMN_NAMES, NO_REF
from aloi.corpus.formats.hipe.spacing import join_words, spacing_flags
from aloi.corpus.formats.shared import bio, column_writer
from aloi.corpus.formats.shared.notes import Notes
from aloi.corpus.formats.shared.tokens import (
    TOKENS_KEY,
    AlignedMention,
    FlatWriteOptions,
    Token,
    cut_at_mentions,
    source_tokens,
    split_tokens,
)

_WHITE_SPACE = re.compile(r"\s")


def write(
    documents: Iterable[Document], path: Path, options: FlatWriteOptions, notes: Notes
) -> int:
    """Write one file and return the number of documents."""

    def render(document: Document) -> str:
        return format_document(document, options, notes)

    head = "\t".join(COLUMN_NAMES) + "\n"
    return column_writer.write_documents(documents, path, render, bad_label=_WHITE_SPACE, head=head)


def format_document(document: Document, options: FlatWriteOptions, notes: Notes) -> str:
    """Return the lines of a document; raise `DataError` if its id does not fit in a line."""
    column_writer.check_id(document)
    text = document.text
    place = f"document {document.id}"
    tokens = _tokens(document, options, notes)
    words = [text[token.start : token.end] for token in tokens]
    flags = spacing_flags(text, tokens)
    rebuilt = join_words(words, flags)[0] != text
    notes.add("texts with changed white space", place, rebuilt)
    partial = options.tokens == "cut"
    mentions = column_writer.align_flat(
        document, tokens, policy=options.tokens, notes=notes, partial=partial
    )
    if partial:
        flags = _add_partial_flags(flags, mentions, tokens)
    spans = [bio.TokenSpan(first, end, entity.label) for entity, first, end in mentions]
    tags = bio.encode_tags(spans, len(tokens))
    refs = _ref_cells(mentions, len(tokens), notes, place)
    lines = [f"# hipe2022:document_id = {document.id}"]
    meta = {key: value for key, value in document.meta.items() if key != TOKENS_KEY}
    lines += [f"# {key} = {value}" for key, value in meta.items()]
    lines += [f"# {APPLICABLE_COLUMNS} = TOKEN NE-COARSE-LIT NEL-LIT MISC"]
    for word, tag, ref, word_flags in zip(words, tags, refs, flags, strict=True):
        lines.append("\t".join([word, tag, *"_____", ref, "_", "|".join(word_flags) or "_"]))
    return "\n".join([*lines, "", ""])


def _tokens(document: Document, options: FlatWriteOptions, notes: Notes) -> list[Token]:
    """Return the tokens; those of the source are cut only if they contain parts of two mentions."""
    if options.tokens != "cut" or source_tokens(document) is None:
        return split_tokens(document, options, notes)
    tokens = split_tokens(document, options, notes, cut=False)
    starts = [entity.start for entity in document.entities]
    ends = [entity.end for entity in document.entities]
    return [
        piece
        for token in tokens
        for piece in (
            cut_at_mentions([token], document)
            if bisect_left(starts, token.end) - bisect_right(ends, token.start) > 1
            else [token]
        )
    ]


def _add_partial_flags(
    flags: Sequence[tuple[str, ...]], mentions: Iterable[AlignedMention], tokens: Sequence[Token]
) -> list[tuple[str, ...]]:
    """Return the flags, with `Partial-m:n` for each token that is only partly in a mention."""
    added = list(flags)
    for entity, first, end in mentions:
        for index in {first, end - 1}:
            token = tokens[index]
            inside = Token(max(token.start, entity.start), min(token.end, entity.end))
            if inside != token:
                partial = f"Partial-{inside.start - token.start}:{inside.end - token.start}"
                added[index] = (partial, *added[index])
    return added


def _ref_cells(
    mentions: Iterable[AlignedMention], length: int, notes: Notes, place: str
) -> list[str]:
    """Return one NEL cell per token; `length` is the number of tokens."""
    cells = ["_"] * length
    for entity, first, end in mentions:
        fits = entity.ref not in NO_REF and not _WHITE_SPACE.search(entity.ref or "")
        notes.add("refs dropped", place, entity.ref is not None and not fits)
        if entity.ref and fits:
            cells[first:end] = [entity.ref] * (end - first)
    return cells
