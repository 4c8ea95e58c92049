"""brat standoff: a text file `NAME.txt` and an annotation file `NAME.ann` in the same folder.

Source: https://brat.nlplab.org/standoff.html. A document is a `.txt` file with its `.ann` file. The
reader accepts one such pair, or a folder with subfolders. The document id is the path of the pair
relative to the folder, without suffix. Offsets count all code points of the text, including line
ends.

Line types that are read:

- `T`: mentions;
- `R`: relations from the first argument (`Arg1`) to the second (`Arg2`);
- `E`: one relation per argument, from the trigger to the argument; the label is the role;
- `A` and `M`: attributes; an attribute without a value gets the value "true";
- `N`: the `ref` of a mention, as `DB:ID`; refs of any other form are percent-encoded and written
  with the database `local`;
- `*` (Equiv): all mentions in the line get the same `ref`;
- `#`: a note of the type `AnnotatorNotes` becomes the attribute `AnnotatorNotes`; notes of the type
  `Aloi` are described below; all other notes are left out and counted.

If the surface of a mention differs from the text at the offsets of the mention, the reader uses the
offsets and counts the mention. Links to folders are followed.

brat rejects a mention that contains a line end, so such a mention is written as one fragment per
line. The reader joins fragments with only white space between them. All other mentions with several
fragments are discontinuous: the attribute `fragments` (`0 4;9 15`, from the start of the mention)
keeps their fragments, which the writer writes again.

The format represents everything in a document. The writer adds notes of the type `Aloi` for data
that has no line type in brat: mention ids that brat does not allow, relation ids, scores, metadata,
attributes with white space, and line ends at the edges of a mention. The writer raises `DataError`
for labels with white space and for document ids that are too long for a file name; other ids are
percent-encoded where file names require it, and decoded when read. It writes
`annotation.conf` with the types of the documents, unless the folder already contains this file.

Read options:

- `fragments`: the treatment of discontinuous mentions: whole (default; the span from the first
  character to the last), first (only the first fragment), or error
"""

from aloi.corpus.formats.brat.reader import ReadOptions, read
from aloi.corpus.formats.brat.writer import WriteOptions, write
from aloi.corpus.formats.shared.capabilities import EVERYTHING

CAPABILITIES = EVERYTHING

__all__ = ["CAPABILITIES", "ReadOptions", "WriteOptions", "read", "write"]
