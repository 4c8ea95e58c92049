"""hipe: the TSV format of the HIPE campaigns on historical newspapers, with one token per line.

Source: HIPE-2020 and HIPE-2022 (https://hipe-eval.github.io/HIPE-2022,
https://github.com/hipe-eval/HIPE-2022-data). A file has ten columns separated by tabs, and
a first line with the column names. Tags are in IOB2, or in IOBES in some submissions; cells are not
quoted. `O` means `_` in columns that do not apply.

`# …document_id = …` opens a document. The lines `# key = value` before the first token, above or
below the line with the id, are the metadata; such lines after the first token are left out and
counted. NEL ids become the `ref` of mentions; `_` and NIL mean that there is no ref. The reader
rebuilds the text from the tokens and the flags in MISC: no space after a token with NoSpaceAfter, a
line end after a token with EndOfLine, and a space after all other tokens. `Partial-m:n` limits a
mention to the characters m to n (exclusive) of its token. All other flags are left out
and counted. The reader keeps the tokens in the metadata (`tokens`); the writer uses them, and marks
mentions inside tokens as `Partial`.

The format represents flat mentions with labels and refs, and metadata with one-line values. The
text between two tokens can only be empty, a space or a line end. The writer counts the documents
with a rebuilt text that differs from the original text, and drops refs that contain white space.
The writer raises `DataError` for labels with white space, and for document ids that contain line
breaks or begin or end with white space.

Read options:

- `layer`: the columns to read: coarse (default), fine, metonymic (the coarse metonymic column), or
  nested (only the inner mentions, without refs)
- `scheme`: the tag scheme: detect (default: bilou if a tag begins with S, E, L or U, otherwise
  iob2), iob1, iob2 or bilou (which includes IOBES)
- `repair`: the treatment of tags that break the scheme: error (default), conlleval (mentions begin
  and end at such tags, as in the program conlleval), or discard (mentions that contain such tags
  are left out)
- `gold`: a HIPE file with the same tokens, such as the gold of a HIPE submission. Text, metadata
  and flags are taken from this file, and so are documents if no line contains a document id. A
  token may be quoted, with its quotes doubled.

Write options (mentions are written to the coarse columns):

- `tokens`: the treatment of mentions not aligned with tokens: cut (default; tokens are split at the
  edges of mentions), expand, error or drop
- `lang`: the spaCy language whose tokenizer splits texts without tokens of their own (default: the
  rules of `tokens.tokenize`)
- `keep`: which of nested mentions to write: outermost (default) or innermost
"""

from aloi.corpus.formats.hipe.options import (
    CAPABILITIES,
    COLUMN_NAMES,
    ReadOptions,
    WriteOptions,
)
from aloi.corpus.formats.hipe.reader import read
from aloi.corpus.formats.hipe.writer import write

__all__ = ["CAPABILITIES", "COLUMN_NAMES", "ReadOptions", "WriteOptions", "read", "write"]
